//! The admin API: who may ask it, and how it refuses.

use serde_json::{Value, json};

use crate::harness::{Daemon, SECRET, Site, client};

const TOKEN: &str = "an-admin-token-of-32-characters!";

struct Reply {
    status: u16,
    media_type: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Asks with these headers; a body makes it a POST.
fn ask(url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Reply {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut request = match body {
            Some(body) => client().post(url).body(body.to_owned()),
            None => client().get(url),
        };
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let media_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        Reply {
            status: response.status().as_u16(),
            media_type: media_type.unwrap_or_default(),
            body: response.text().await.unwrap(),
        }
    })
}

fn blog(server: &str) -> Site {
    let site = Site::new();
    site.post("01-01-old", "前からある記事", "本文");
    let hook = "webhooks: [{name: hook, url: \"http://127.0.0.1:1/with-a-token\", secret: {env: HOOK_SECRET}}]\n";
    site.write(
        "tidings.yaml",
        format!(
            "schedule: \"0 0 1 1 *\"\nsource: {{watch: false}}\n\
             server: {{listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\"{server}}}\n{hook}"
        ),
    );
    site
}

fn is_paused(site: &Site) -> bool {
    let hook: Value =
        serde_json::from_str(&site.ok(&["endpoints", "show", "hook", "--format", "json"]).stdout).unwrap();
    hook["paused"] == true
}

#[test]
fn without_a_token_a_web_page_of_another_site_gets_nowhere() {
    let site = blog("");
    let daemon = Daemon::start(&site);
    let pause = format!("{}/api/v1/endpoints/hook/pause", daemon.admin());
    for (headers, status) in [
        (&[][..], 403),
        (&[("content-type", "application/x-www-form-urlencoded")], 403),
        (&[("content-type", "text/plain")], 403),
        (&[("x-tidings", "1"), ("sec-fetch-site", "cross-site")], 403),
        (&[("x-tidings", "1"), ("host", "rebound.example")], 421),
    ] {
        assert_eq!(ask(&pause, headers, Some("")).status, status, "{headers:?}");
    }
    let rebound = ask(&format!("{}/api/v1/deliveries", daemon.admin()), &[("host", "rebound.example:8081")], None);
    assert_eq!(rebound.status, 421, "reading is kept from it, too");
    assert!(!is_paused(&site));

    for headers in [
        &[("x-tidings", "1")][..],
        &[("content-type", "application/json")],
        &[("x-tidings", "1"), ("host", "localhost")],
    ] {
        assert_eq!(ask(&pause, headers, Some("{}")).status, 200, "{headers:?}");
        assert!(is_paused(&site));
        site.ok(&["endpoints", "resume", "hook"]);
    }
}

#[test]
fn with_a_token_nothing_is_answered_without_it() {
    let site = blog(", admin_token: {env: ADMIN_TOKEN}");
    let daemon = Daemon::start_with(&site, &[("ADMIN_TOKEN", TOKEN)]);
    let url = |path: &str| format!("{}/api/v1/{path}", daemon.admin());
    let right = format!("Bearer {TOKEN}");
    for path in ["status", "endpoints", "endpoints/hook", "deliveries", "deliveries/x", "nowhere"] {
        for headers in
            [&[][..], &[("authorization", "Bearer wrong")], &[("authorization", TOKEN)], &[("x-tidings", "1")]]
        {
            let reply = ask(&url(path), headers, None);
            assert_eq!((reply.status, reply.media_type.as_str()), (401, "application/problem+json"), "{path}");
            assert!(!reply.body.contains(TOKEN));
        }
    }
    assert_eq!(ask(&url("endpoints/hook/pause"), &[("x-tidings", "1")], Some("{}")).status, 401);
    assert!(!is_paused(&site));
    // Who bears it may come from anywhere, under any name.
    let headers = [("authorization", right.as_str()), ("host", "tidings.internal")];
    assert_eq!(ask(&url("endpoints/hook/pause"), &headers, Some("")).status, 200);
    assert!(is_paused(&site));

    let list = ["endpoints", "list", "--admin", daemon.admin()];
    let done = site.run(&list);
    assert_eq!(done.status, 3);
    assert!(done.stderr.contains("wants a token"), "{}", done.stderr);
    let output = site.command(&list).env("TIDINGS_ADMIN_TOKEN", TOKEN).output().unwrap();
    assert!(output.status.success());
    let named = site.command(&[&list[..], &["--token-env", "MINE"]].concat()).env("MINE", TOKEN).output().unwrap();
    assert_eq!(named.stdout, output.stdout);
}

#[test]
fn refusals_are_problem_details() {
    let site = blog("");
    let daemon = Daemon::start(&site);
    let url = |path: &str| format!("{}/api/v1/{path}", daemon.admin());
    let ours = [("content-type", "application/json")];
    let long = format!("{{\"id\": \"{}\"}}", "a".repeat(20_000));
    for (path, body, status) in [
        ("nowhere", None, 404),
        ("endpoints/nobody", None, 404),
        ("deliveries/msg_nobody", None, 404),
        ("deliveries?limit=0", None, 400),
        ("deliveries?state=lost", None, 400),
        ("status", Some("{}"), 405),
        ("endpoints/nobody/pause", Some("{}"), 404),
        ("deliveries/retry", Some("{}"), 422),
        ("deliveries/cancel", Some("[]x"), 400),
        ("deliveries/cancel", Some("{\"everything\": true}"), 400),
        ("deliveries/cancel", Some(long.as_str()), 413),
    ] {
        let reply = ask(&url(path), &ours, body);
        assert_eq!((reply.status, reply.media_type.as_str()), (status, "application/problem+json"), "{path}");
        let details = reply.json();
        assert_eq!((&details["type"], &details["status"]), (&"about:blank".into(), &status.into()), "{path}");
        assert!(details["title"].is_string() && details["detail"].is_string(), "{details}");
    }
    let public = ask(&format!("{}/api/v1/status", daemon.public()), &[], None);
    assert_eq!(public.status, 404, "the public listener has none of it");
}

#[test]
fn a_reload_that_is_asked_for_reads_the_config_again() {
    let site = blog("");
    let mut daemon = Daemon::start(&site);
    site.config("webhooks: []\n");
    let reply = ask(&format!("{}/api/v1/reload", daemon.admin()), &[("x-tidings", "1")], Some(""));
    assert_eq!(reply.status, 202);
    let left = daemon.line(|line| line.get("cancelled").is_some());
    assert_eq!(left["endpoint"], "hook");
    daemon.scanned();
}

#[test]
fn no_answer_holds_a_secret() {
    let site = blog(", admin_token: {env: ADMIN_TOKEN}");
    let mut daemon = Daemon::start_with(&site, &[("ADMIN_TOKEN", TOKEN)]);
    site.post("01-02-a", "記事", "本文");
    daemon.rescan();
    daemon.line(|line| line["endpoint"] == "hook");
    let right = format!("Bearer {TOKEN}");
    let headers = [("authorization", right.as_str())];
    let deliveries = ask(&format!("{}/api/v1/deliveries", daemon.admin()), &headers, None).json();
    let show = format!("deliveries/{}", deliveries[0]["event_id"].as_str().unwrap());
    let order = json!({"state": "pending", "dry_run": true}).to_string();
    for (path, body) in [
        ("status", None),
        ("endpoints", None),
        (show.as_str(), None),
        ("endpoints/hook/test", Some("")),
        ("endpoints/hook/enable", Some("")),
        ("deliveries/retry", Some(order.as_str())),
    ] {
        let reply = ask(&format!("{}/api/v1/{path}", daemon.admin()), &headers, body);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        for secret in [TOKEN, SECRET, "with-a-token"] {
            assert!(!reply.body.contains(secret), "{path}: {}", reply.body);
        }
    }
}
