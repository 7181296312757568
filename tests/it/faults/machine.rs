//! What the machine says: how much memory a process took, and how long the machine itself kept everybody waiting.

use std::io::{Seek as _, Write as _};
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

/// The most memory that a process has had so far, in bytes.
pub(super) fn peak(process: u32) -> usize {
    kilobytes(process, "VmHWM:") << 10
}

/// The memory that a process has now, in bytes; its peak counts from here.
pub(super) fn resident(process: u32) -> usize {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
    kilobytes(process, "VmRSS:") << 10
}

fn kilobytes(process: u32, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Naps and writes that took longer than they should: when, and by how much.
static STALLS: Mutex<Vec<(Instant, Duration)>> = Mutex::new(Vec::new());
const NAP: Duration = Duration::from_millis(50);

/// How long this machine kept everybody waiting between two moments: what a nap and a written byte took too long. A test that
/// judges how prompt somebody was takes it off.
pub(super) fn stalled(from: Instant, to: Instant) -> Duration {
    let stalls = STALLS.lock().unwrap();
    stalls.iter().filter(|(at, late)| *at + *late >= from && *at <= to).map(|(_, late)| *late).sum()
}

/// Has an eye on the machine from now on.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::thread::spawn(|| {
            let mut file = tempfile::tempfile().unwrap();
            loop {
                let began = Instant::now();
                std::thread::sleep(NAP);
                file.rewind().and_then(|()| file.write_all(b"x")).and_then(|()| file.sync_data()).unwrap();
                let late = began.elapsed().saturating_sub(NAP);
                if late > NAP {
                    STALLS.lock().unwrap().push((began, late));
                }
            }
        });
    });
}
