//! The example receivers in three languages verify what we sign, and refuse what we did not.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::{SECRET, Site, repository, suite};

/// An example receiver that runs; killed when dropped.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .arg("0")
            .env("TIDINGS_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut said).unwrap();
        let url = said.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{said}");
        std::thread::spawn(move || stderr.lines().for_each(drop));
        Self { child, url }
    }

    fn event(&mut self) -> Value {
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn verifies(command: Command) {
    let mut receiver = Running::start(command);
    let site = Site::new();
    let config = |secret: &str| {
        site.config(&format!("webhooks:\n  - {{name: hook, url: \"{}\", secret: {{file: secret}}}}\n", receiver.url));
        site.write("secret", secret);
    };
    config("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let refused = site.run(&["endpoints", "test", "hook"]);
    assert!(refused.status == 3 && refused.stdout.contains("401"), "{}", refused.said());
    config(SECRET);
    let done = site.ok(&["endpoints", "test", "hook"]);
    assert!(done.stdout.contains("204"), "{}", done.stdout);
    let event = receiver.event();
    assert_eq!(event["event"]["type"], "ping", "{event}");
    assert!(event["id"].as_str().unwrap().starts_with("msg_"), "{event}");
}

#[test]
fn the_receiver_in_python() {
    let Some(python) = suite("PYTHON") else { return };
    let mut command = Command::new(python);
    command.arg(repository("examples/receivers/python/receiver.py"));
    verifies(command);
}

#[test]
fn the_receiver_in_node() {
    let Some(node) = suite("NODE") else { return };
    let mut command = Command::new(node);
    command.arg(repository("examples/receivers/node/receiver.mjs"));
    verifies(command);
}

#[test]
fn the_receiver_in_go() {
    let Some(go) = suite("GO") else { return };
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("receiver");
    let built = Command::new(go)
        .args(["build", "-o"])
        .arg(&program)
        .arg("main.go")
        .current_dir(repository("examples/receivers/go"))
        .env("GOFLAGS", "-mod=mod")
        .env("GOCACHE", dir.path().join("cache"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    verifies(Command::new(program));
}
