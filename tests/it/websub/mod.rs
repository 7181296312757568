//! Our own hub as its subscribers see it: the real daemon, and subscribers that behave well, badly, or not at all.
//!
//! The numbers in names are those of websub.rocks, whose checks these repeat, more strictly; `h_` are the faults that a hub has to
//! live with.

mod asking;
mod delivering;
mod flood;
mod many;
mod subscriber;
mod upheaval;
mod verifying;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::HeaderMap;
use sha2::Sha256;

use crate::harness::{Daemon, Site, client};

use subscriber::{Call, Subscriber};

/// A topic, and its path at the daemon.
const ATOM: (&str, &str) = ("https://blog.example.com/feeds/feed.atom", "feed.atom");
const DAY: i64 = 86_400;

/// What the hub answered.
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

/// A site with a post, and its daemon, whose clock can be moved.
struct Hub {
    site: Site,
    daemon: Daemon,
    posts: u32,
}

impl Hub {
    fn start() -> Self {
        Self::start_with("")
    }

    /// With `more` in its config.
    fn start_with(more: &str) -> Self {
        let site = Site::new();
        site.config(more);
        site.post("01-01-old", "前からある記事", "本文");
        Self::of(site)
    }

    /// The daemon of a site.
    fn of(site: Site) -> Self {
        site.write("clocks", "0 0");
        let daemon = start(&site);
        Self { site, daemon, posts: 0 }
    }

    /// Moves the clock so far from the true time.
    fn clock(&self, seconds: i64) {
        self.site.write("clocks.new", format!("{seconds} 0"));
        std::fs::rename(self.site.file("clocks.new"), self.site.file("clocks")).unwrap();
    }

    /// Sends the hub a form.
    fn ask(&self, form: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded(form);
        self.post(&[("content-type", "application/x-www-form-urlencoded")], body)
    }

    fn post(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Answer {
        self.send("POST", headers, body)
    }

    fn send(&self, method: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let url = format!("{}/feeds/hub", self.daemon.public());
            let mut request = client().request(method.parse().unwrap(), url).body(body);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let response = request.send().await.unwrap();
            Answer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                text: response.text().await.unwrap(),
            }
        })
    }

    /// Asks to be subscribed to the site's feed, with `more` parameters; that is accepted.
    fn subscribe(&self, callback: &str, more: &[(&str, &str)]) {
        self.ask_for("subscribe", callback, more);
    }

    fn ask_for(&self, mode: &str, callback: &str, more: &[(&str, &str)]) {
        let form = [("hub.mode", mode), ("hub.topic", ATOM.0), ("hub.callback", callback)];
        let form: Vec<_> = form.iter().chain(more).copied().collect();
        let answer = self.ask(&form);
        assert_eq!(answer.status, 202, "{}", answer.text);
    }

    /// Waits until so many requests have taken effect.
    fn settled(&mut self, count: usize) {
        for _ in 0..count {
            self.daemon.line(|line| matches!(line["message"].as_str(), Some("subscribed" | "unsubscribed")));
        }
    }

    /// Subscribes, and is asked whether it meant it.
    fn subscribed(&mut self, subscriber: &Subscriber, target: &str, more: &[(&str, &str)]) -> Call {
        self.subscribe(&subscriber.url(target), more);
        let call = subscriber.asked();
        self.settled(1);
        call
    }

    /// Publishes one more post, and returns the feed.
    fn publish(&mut self) -> String {
        self.posts += 1;
        self.site.post(&format!("02-01-{}", self.posts), &format!("記事{}", self.posts), "本文");
        self.daemon.rescan();
        self.daemon.get(ATOM.1)
    }

    /// What `tidings hub subscriptions` lists.
    fn subscriptions(&self) -> Vec<serde_json::Value> {
        let listed = self.site.ok(&["hub", "subscriptions", "--format", "json"]).stdout;
        serde_json::from_str(&listed).unwrap()
    }
}

/// A daemon that may call loopback, and whose clock is in a file.
fn start(site: &Site) -> Daemon {
    let clocks = site.file("clocks");
    Daemon::start_with(site, &[("TIDINGS_CALLBACKS", "127.0.0.0/8"), ("TIDINGS_CLOCK", clocks.to_str().unwrap())])
}

fn form_urlencoded(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// `X-Hub-Signature` of a body.
fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}
