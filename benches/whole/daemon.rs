//! A daemon, and what its log says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::place::Place;

/// Longer than anything that is measured takes: a scan of a million posts on a slow disk.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// Between two looks at whether a feed is served.
const LOOK: Duration = Duration::from_millis(1);

/// A running `tidings serve`; killed when dropped without [`Daemon::stop`].
pub(crate) struct Daemon {
    child: Child,
    started: Instant,
    /// Of its log, and when they came.
    lines: Receiver<(Instant, Value)>,
}

/// The end of a scan.
pub(crate) struct Scanned {
    /// When the log told.
    pub(crate) at: Instant,
    /// Documents whose bytes changed.
    pub(crate) written: u64,
}

impl Daemon {
    /// Starts it with a configuration file.
    pub(crate) fn start(place: &Place, config: &Path) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut command = Command::new(&place.program);
        command.args(["serve", "--log-format", "json", "-c"]).arg(config);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let log = BufReader::new(child.stderr.take().context("the log is a pipe")?);
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, started, lines })
    }

    /// Waits until it serves this document; how long after its start that was, in seconds.
    pub(crate) fn first_feed(&mut self, path: &str) -> anyhow::Result<f64> {
        let (_, line) = self.line(|line| line["listener"] == "public")?;
        let address = line["address"].as_str().context("a listener has an address")?.to_owned();
        while self.started.elapsed() < PATIENCE {
            if is_served(&address, path)? {
                return Ok(self.started.elapsed().as_secs_f64());
            }
            std::thread::sleep(LOOK);
        }
        bail!("{path} is not served")
    }

    /// Waits for the end of a scan.
    pub(crate) fn scanned(&mut self) -> anyhow::Result<Scanned> {
        let (at, line) = self.line(|line| line.get("scan.ms").is_some())?;
        let written = line.get("documents.written").and_then(Value::as_u64);
        Ok(Scanned { at, written: written.with_context(|| format!("a scan failed: {line}"))? })
    }

    /// Asks for a scan that is to find something new, or nothing; how long it was until that had ended, in seconds.
    pub(crate) fn rescan(&mut self, is_new: bool) -> anyhow::Result<f64> {
        let start = Instant::now();
        self.signal(Signal::SIGHUP)?;
        let Scanned { at, written } = self.scanned()?;
        ensure!((written > 0) == is_new, "{written} documents were written");
        Ok(at.duration_since(start).as_secs_f64())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = Pid::from_raw(i32::try_from(self.child.id())?);
        kill(id, signal).context("the daemon takes signals")
    }

    /// The largest that it was, where the system tells.
    pub(crate) fn peak_mib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
    }

    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.signal(Signal::SIGTERM)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the daemon ended with {status}");
        Ok(())
    }

    fn line(&mut self, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<(Instant, Value)> {
        let deadline = Instant::now() + PATIENCE;
        let mut last = Value::Null;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (at, line) =
                self.lines.recv_timeout(left).with_context(|| format!("the log says no more than: {last}"))?;
            if wanted(&line) {
                return Ok((at, line));
            }
            last = line;
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended already, unless something went wrong.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_served(address: &str, path: &str) -> anyhow::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: blog.example.com\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}
