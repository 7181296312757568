//! The systemd unit is sound, and as closed as `deploy/README.md` says.

use std::os::unix::net::UnixDatagram;
use std::process::Command;

use crate::harness::{Daemon, PATIENCE, Site, program, repository, suite};

/// Out of 10; less is better. What `deploy/README.md` promises.
const MAX_EXPOSURE: &str = "15";

#[test]
fn systemd_takes_the_unit() {
    let Some(analyze) = suite("SYSTEMD") else { return };
    let site = Site::bare();
    let unit = std::fs::read_to_string(repository("deploy/tidings.service")).unwrap();
    let unit = unit.replace("/usr/local/bin/tidings", program());
    site.write("tidings.service", unit);
    let run = |args: &[&str]| {
        let output = Command::new(&analyze).args(args).arg(site.file("tidings.service")).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    let (sound, said) = run(&["verify", "--man=no"]);
    assert!(sound && said.trim().is_empty(), "{said}");
    let (closed, said) = run(&["security", "--offline=true", "--no-pager", "--threshold", MAX_EXPOSURE]);
    assert!(closed, "{said}");
}

#[test]
fn systemd_is_told_of_readiness_life_and_the_end() {
    let site = Site::new();
    let socket = UnixDatagram::bind(site.file("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = || {
        let mut bytes = [0; 256];
        let len = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..len]).trim().to_owned()
    };
    let notify = site.file("notify");
    let environment = [("NOTIFY_SOCKET", notify.to_str().unwrap()), ("WATCHDOG_USEC", "100000")];
    let daemon = Daemon::start_with(&site, &environment);
    let first: Vec<_> = (0..4).map(|_| told()).collect();
    assert!(first.contains(&"READY=1".to_owned()), "{first:?}");
    assert!(first.iter().filter(|line| *line == "WATCHDOG=1").count() >= 2, "{first:?}");
    daemon.signal("HUP");
    let reload: Vec<_> = std::iter::repeat_with(told).filter(|line| !line.starts_with("WATCHDOG")).take(2).collect();
    let (kind, at) = reload[0].split_once('\n').unwrap();
    assert!(kind == "RELOADING=1" && at.strip_prefix("MONOTONIC_USEC=").unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(reload[1], "READY=1");
    daemon.stop();
    let last = std::iter::repeat_with(told).find(|line| !line.starts_with("WATCHDOG"));
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
}
