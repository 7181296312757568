//! The systemd unit is sound, and as closed as `deploy/README.md` says.

use std::process::Command;

use crate::harness::{Site, program, repository, suite};

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
