//! The real program, with a backlog.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use tidings::store::{DeliveryState, Selection};

use super::receiver::{Count, Receiver};
use super::{Args, backlog};

/// Nothing takes longer, unless something is lost.
const PATIENCE: Duration = Duration::from_secs(300);

/// One run of the program, from its start to the last arrival.
pub(crate) struct Run {
    /// Deliveries a second to receivers that answer, from the first arrival to the last.
    pub(crate) rate: f64,
    /// Of the program, a delivery.
    pub(crate) cpu_micros: f64,
    pub(crate) peak_mib: f64,
}

/// Has the program deliver a backlog to so many endpoints, of which the last ones hang.
pub(crate) fn drain(args: &Args, endpoints: usize, hanging: usize) -> anyhow::Result<Run> {
    let mut receiver = Receiver::start()?;
    let site = site(&receiver, endpoints, hanging)?;
    let names: Vec<String> = (0..endpoints).map(|number| format!("hook{number}")).collect();
    let (program, each) = (&args.program, args.deliveries.div_ceil(endpoints));
    ensure!(command(program, site.path(), "scan").status()?.success(), "the first scan failed");
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let store = backlog::open(site.path()).await?;
        backlog::owe(&store, &names, each).await?;
        store.close().await;
        anyhow::Ok(())
    })?;
    let expected = (each * (endpoints - hanging)) as u64;

    let mut daemon = Daemon(command(program, site.path(), "serve").spawn()?);
    let count = wait(&mut receiver, expected)?;
    let (cpu, peak) = daemon.usage()?;
    daemon.stop(hanging == 0)?;

    if hanging == 0 {
        ensure!(count.answered == expected, "{} arrived, {expected} were owed", count.answered);
        let pending = runtime.block_on(async {
            let store = backlog::open(site.path()).await?;
            let selection = Selection { state: Some(DeliveryState::Pending), ..Selection::default() };
            anyhow::Ok(store.deliveries(&selection).await?.len())
        })?;
        ensure!(pending == 0, "{pending} deliveries are still owed");
    }
    let micros = (count.last - count.first) as f64;
    Ok(Run {
        rate: expected as f64 / micros * 1e6,
        cpu_micros: cpu.as_secs_f64() * 1e6 / expected as f64,
        peak_mib: peak,
    })
}

fn wait(receiver: &mut Receiver, expected: u64) -> anyhow::Result<Count> {
    let began = Instant::now();
    loop {
        let count = receiver.count()?;
        if count.answered >= expected {
            return Ok(count);
        }
        ensure!(began.elapsed() < PATIENCE, "{} of {expected} arrived", count.answered);
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A site with one post, and endpoints at the receiver.
fn site(receiver: &Receiver, endpoints: usize, hanging: usize) -> anyhow::Result<TempDir> {
    let site = tempfile::tempdir()?;
    let mut config = "site: {url: 'https://blog.example.com', title: Bench}\nsource: {watch: false}\n\
                      schedule: '0 0 1 1 *'\nserver: {listen: '127.0.0.1:0', admin: '127.0.0.1:0'}\nwebhooks:\n"
        .to_owned();
    let concurrency = if endpoints == 1 { 64 } else { 4 };
    for number in 0..endpoints {
        let path = if number < endpoints - hanging { "hook" } else { "hang" };
        config += &format!(
            "  - {{name: hook{number}, url: 'http://{}/{path}{number}', secret: {{env: SECRET}}, concurrency: {concurrency}}}\n",
            receiver.address
        );
    }
    std::fs::write(site.path().join("tidings.yaml"), config)?;
    std::fs::write(site.path().join("post.md"), "---\ntitle: One\ndate: 2026-01-01\n---\nText\n")?;
    Ok(site)
}

fn command(program: &Path, site: &Path, what: &str) -> Command {
    let mut command = Command::new(program);
    command.args([what, "--quiet"]).arg(site).env("SECRET", backlog::SECRET).stdout(Stdio::null());
    command
}

struct Daemon(Child);

impl Daemon {
    /// Processor time so far, and the most memory so far in MiB.
    fn usage(&self) -> anyhow::Result<(Duration, f64)> {
        let proc = Path::new("/proc").join(self.0.id().to_string());
        let stat = std::fs::read_to_string(proc.join("stat"))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).context("/proc/PID/stat");
        // utime and stime, in hundredths of a second.
        let cpu = Duration::from_millis(10 * (ticks(11)? + ticks(12)?));
        let status = std::fs::read_to_string(proc.join("status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kib: f64 = peak.trim().trim_end_matches("kB").trim().parse()?;
        Ok((cpu, kib / 1024.0))
    }

    fn stop(&mut self, gently: bool) -> anyhow::Result<()> {
        if !gently {
            return Ok(self.0.kill()?);
        }
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.0.id())?);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM)?;
        ensure!(self.0.wait()?.success(), "the daemon did not end well");
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
