//! The real daemon on free ports.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Instant;

use serde_json::Value;

use super::{PATIENCE, Site};

/// A running `tidings serve`. Stopped when dropped; then it must end well.
pub(crate) struct Daemon {
    child: Option<Child>,
    lines: Receiver<Value>,
    seen: Vec<Value>,
    /// How far the log was looked through for attempts, by endpoint.
    looked: HashMap<String, usize>,
    public: String,
    admin: String,
}

impl Daemon {
    /// Starts it and waits for the end of its first scan.
    pub(crate) fn start(site: &Site) -> Self {
        Self::start_with(site, &[])
    }

    /// As [`Daemon::start`], with more variables in its environment.
    pub(crate) fn start_with(site: &Site, environment: &[(&str, &str)]) -> Self {
        let mut daemon = Self::spawn_serving(site, environment);
        daemon.addresses();
        daemon.scanned();
        daemon
    }

    /// As [`Daemon::start_with`], with nothing waited for.
    pub(crate) fn spawn_serving(site: &Site, environment: &[(&str, &str)]) -> Self {
        let mut command = site.command(&["serve", "--log-format", "json", "-v"]);
        command.envs(environment.iter().copied());
        Self::spawn(command)
    }

    /// Starts it with a failpoint, at which it dies.
    pub(crate) fn start_to_die(site: &Site, failpoint: &str) -> Self {
        let mut command = site.command(&["serve", "--log-format", "json", "-v"]);
        command.env("TIDINGS_FAILPOINT", failpoint);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        Self {
            child: Some(child),
            lines,
            seen: Vec::new(),
            looked: HashMap::new(),
            public: String::new(),
            admin: String::new(),
        }
    }

    fn addresses(&mut self) {
        for name in ["public", "admin"] {
            let line = self.line(|line| line["listener"] == name);
            let url = format!("http://{}", line["address"].as_str().unwrap());
            *(if name == "public" { &mut self.public } else { &mut self.admin }) = url;
        }
    }

    /// The next attempt at an endpoint that is on record and was not looked at yet, as the log has it.
    pub(crate) fn attempted(&mut self, endpoint: &str) -> Value {
        let is_it = |line: &Value| line["endpoint"] == endpoint && line.get("took_ms").is_some();
        let from = self.looked.get(endpoint).copied().unwrap_or_default();
        let found = self.seen[from..].iter().position(is_it).map(|place| from + place);
        let place = found.unwrap_or_else(|| {
            self.line(is_it);
            self.seen.len() - 1
        });
        self.looked.insert(endpoint.to_owned(), place + 1);
        self.seen[place].clone()
    }

    /// Waits for a line of the log that is yet to come.
    pub(crate) fn line(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("the line did not come; the log so far: {:#?}", self.seen)
                }
            }
        }
    }

    /// Waits for the end of a scan, good or bad.
    pub(crate) fn scanned(&mut self) -> Value {
        self.line(|line| line.get("scan.ms").is_some())
    }

    /// Asks for a scan and waits for its end.
    pub(crate) fn rescan(&mut self) -> Value {
        self.signal("HUP");
        self.scanned()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Sends it a signal by its own process id.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Kills it, without a word.
    pub(crate) fn kill(self) {
        self.signal("KILL");
        self.dies();
    }

    /// Waits for it to die at its failpoint.
    pub(crate) fn dies(mut self) {
        use std::os::unix::process::ExitStatusExt as _;
        let status = self.wait();
        assert!(status.signal().is_some(), "it ended with {status}: {:#?}", self.rest());
    }

    /// Stops it; it must end well.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        self.end();
    }

    /// Waits for it to end, and returns how, with all that it said.
    pub(crate) fn outcome(mut self) -> (ExitStatus, Vec<Value>) {
        let status = self.wait();
        // To the last line: the log ends with the process.
        self.seen.extend(self.lines.iter());
        (status, std::mem::take(&mut self.seen))
    }

    /// Waits for it to end well after a signal.
    pub(crate) fn ended(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let status = self.wait();
        assert!(status.success(), "the daemon ended with {status}: {:#?}", self.rest());
    }

    fn wait(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let id = child.id().to_string();
        let (sender, ended) = mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait().unwrap()));
        ended.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
            panic!("the daemon does not end: {:#?}", self.rest())
        })
    }

    fn rest(&mut self) -> &[Value] {
        self.seen.extend(self.lines.try_iter());
        &self.seen
    }

    /// The address of the public listener.
    pub(crate) fn public(&self) -> &str {
        &self.public
    }

    /// The address of the admin listener.
    pub(crate) fn admin(&self) -> &str {
        &self.admin
    }

    /// The body of a public document.
    pub(crate) fn get(&self, path: &str) -> String {
        fetch(&format!("{}/{path}", self.public)).1
    }
}

/// Fetches a URL: status and body.
pub(crate) fn fetch(url: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = client().get(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    })
}

/// A client that needs no certificates: all of the tests' servers are plain HTTP.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.child.is_none() {
            return;
        }
        if std::thread::panicking() {
            let _ = self.child.take().unwrap().kill();
        } else {
            self.signal("TERM");
            self.end();
        }
    }
}
