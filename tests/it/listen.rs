//! `listen`: what it makes of messages, and what it can be told to answer.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::harness::{SECRET, Site};

/// A running `tidings listen`. Killed when dropped.
struct Listener {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Listener {
    fn start(site: &Site, args: &[&str]) -> Self {
        Self::knowing(SECRET, site, args)
    }

    /// That verifies with this key.
    fn knowing(key: &str, site: &Site, args: &[&str]) -> Self {
        let mut command = site.command(&[&["listen", "127.0.0.1:0", "--format", "json"], args].concat());
        let mut child = command.env("TIDINGS_SECRET", key).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let greeting: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let url = greeting["listening"].as_str().unwrap().to_owned();
        Self { child, lines, url }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `endpoints test` says of a listener that was started so.
fn tested(args: &[&str]) -> (Value, Value) {
    let site = Site::new();
    let mut listener = Listener::start(&site, args);
    // The shortest that there is: one of the answers is none.
    let hook =
        format!("webhooks: [{{name: hook, url: \"{}\", secret: {{env: HOOK_SECRET}}, timeout: 1s}}]\n", listener.url);
    site.config(&hook);
    let said = site.run(&["endpoints", "test", "hook", "--format", "json"]).stdout;
    (serde_json::from_str(&said).unwrap(), listener.next())
}

#[test]
fn listen_verifies_what_tidings_signs_and_refuses_the_rest() {
    let site = Site::new();
    let mut command = site.command(&["listen", "127.0.0.1:0"]);
    let mut child = command.env("TIDINGS_SECRET", SECRET).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let greeting = lines.next().unwrap();
    let url = greeting.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    site.config(&format!("webhooks: [{{name: hook, url: \"{url}\", secret: {{env: HOOK_SECRET}}}}]\n"));
    site.ok(&["endpoints", "test", "hook"]);
    assert!(lines.next().unwrap().starts_with("verified msg_"));
    assert!(lines.by_ref().any(|line| line.contains("\"type\": \"ping\"")));

    site.write("other", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    site.config(&format!("webhooks: [{{name: hook, url: \"{url}\", secret: {{file: other}}}}]\n"));
    assert_eq!(site.run(&["endpoints", "test", "hook"]).status, 3);
    assert!(lines.any(|line| line.starts_with("refused msg_") && line.contains("no signature fits")));
    child.kill().unwrap();
    child.wait().unwrap();

    let done = site.run(&["listen"]);
    assert_eq!(done.status, 2, "{}", done.said());
    assert!(done.stderr.contains("TIDINGS_SECRET is not set"), "{}", done.stderr);
}

#[test]
fn listen_needs_no_more_than_the_public_key() {
    let site = Site::new();
    let public = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let mut listener = Listener::knowing(public, &site, &[]);
    site.write("key", "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
    site.config(&format!("webhooks: [{{name: hook, url: \"{}\", secret: {{file: key}}}}]\n", listener.url));
    site.ok(&["endpoints", "test", "hook"]);
    assert_eq!(listener.next()["signature"], "verified");
    site.config(&format!("webhooks: [{{name: hook, url: \"{}\", secret: {{env: HOOK_SECRET}}}}]\n", listener.url));
    assert_eq!(site.run(&["endpoints", "test", "hook"]).status, 3);
    assert_eq!(listener.next()["signature"], "refused");
}

#[test]
fn listen_answers_as_it_is_told() {
    for (answer, status, error) in [
        ("500", Value::from(500), Value::from("status")),
        ("410", 410.into(), "status".into()),
        ("redirect", 302.into(), "redirect".into()),
        ("close", Value::Null, "closed".into()),
        ("200", 200.into(), Value::Null),
    ] {
        let (tested, received) = tested(&["--answer", answer]);
        assert_eq!((&tested["status"], &tested["error"]), (&status, &error), "{answer}: {tested}");
        assert_eq!((&received["signature"], &received["answered"]), (&"verified".into(), &answer.into()));
        assert_eq!((&received["type"], &received["id"]), (&"ping".into(), &tested["id"]));
    }
    let done = Site::bare().run(&["listen", "--answer", "never"]);
    assert_eq!(done.status, 2, "{}", done.said());
}

#[test]
fn listen_hangs_and_drips() {
    let (hung, _) = tested(&["--answer", "hang"]);
    assert_eq!((&hung["status"], &hung["error"]), (&Value::Null, &"timeout".into()), "{hung}");
    let (dripped, _) = tested(&["--answer", "drip"]);
    assert_eq!((&dripped["status"], &dripped["error"]), (&200.into(), &Value::Null), "the status line decides");
    assert!(dripped["note"].as_str().unwrap().contains("did not end in time"), "{dripped}");
}

#[test]
fn listen_knows_repeats_and_takes_messages_again_after_a_while() {
    let site = Site::new();
    site.post("01-01-old", "前からある記事", "本文");
    let mut listener = Listener::start(&site, &["--answer", "503", "--times", "1", "--retry-after", "7200"]);
    site.config(&format!("webhooks: [{{name: hook, url: \"{}\", secret: {{env: HOOK_SECRET}}}}]\n", listener.url));
    site.ok(&["scan"]);
    site.post("01-02-new", "新しい記事", "本文");
    site.ok(&["scan"]);
    let first = listener.next();
    assert_eq!(
        (&first["times"], &first["answered"], &first["title"]),
        (&1.into(), &"503".into(), &"新しい記事".into())
    );
    let list = site.ok(&["endpoints", "list"]).stdout;
    assert!(list.contains("asked to be left alone until"), "{list}");

    site.ok(&["endpoints", "enable", "hook"]);
    site.ok(&["scan"]);
    let again = listener.next();
    assert_eq!((&again["times"], &again["answered"], &again["id"]), (&2.into(), &"204".into(), &first["id"]));
}

#[test]
fn listen_takes_unsigned_messages_if_it_is_told_to() {
    let site = Site::bare();
    let mut listener = Listener::start(&site, &["--unsigned"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let send = |body: &'static str| {
        let request = crate::harness::client().post(&listener.url).body(body);
        runtime.block_on(async { request.send().await.unwrap().status().as_u16() })
    };
    assert_eq!(send(r#"{"text": "こんにちは"}"#), 204);
    let received = listener.next();
    assert_eq!((&received["signature"], &received["body"]["text"]), (&"unsigned".into(), &"こんにちは".into()));
}
