//! Who else is told: hubs of others, and search engines. Each becomes a webhook, so that all of delivery works for them.

use url::Url;

use super::{EventType, MessageFormat, Webhook, Websub};

/// The `indexnow` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexNow {
    /// 8 to 128 letters, digits and hyphens. Everybody may know it.
    pub key: String,
    /// Where pages are reported: http or https.
    pub endpoint: Url,
    /// Where the key lies for search engines to read: on the site's host, and not below any of the site's pages.
    pub key_location: Url,
}

impl Websub {
    /// The webhooks that its hubs come to, in the order given.
    pub(super) fn webhooks(&self) -> impl Iterator<Item = Webhook> {
        let named = self.ping.iter().enumerate().map(|(at, url)| (url, name(url, &self.ping[..at])));
        named.map(|(url, name)| webhook(name, url, MessageFormat::WebSubPing, EventType::FeedUpdated))
    }
}

impl IndexNow {
    /// What its webhook is called.
    pub(super) const NAME: &str = "indexnow";

    /// The file with the key, as the public listener has it.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.txt", self.key)
    }

    /// The webhook that it comes to.
    pub(super) fn webhook(&self) -> Webhook {
        let format = MessageFormat::IndexNow {
            host: host(&self.key_location),
            key: self.key.clone(),
            key_location: self.key_location.clone(),
        };
        webhook(Self::NAME.to_owned(), &self.endpoint, format, EventType::UrlsChanged)
    }
}

/// A hub's name: its host, and its path too if one before it has the same host.
fn name(url: &Url, before: &[Url]) -> String {
    let path = if before.iter().any(|other| host(other) == host(url)) { &url[url::Position::BeforePath..] } else { "" };
    format!("ping:{}{path}", host(url))
}

/// With the port, if it is not the usual one.
fn host(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

fn webhook(name: String, url: &Url, format: MessageFormat, event: EventType) -> Webhook {
    Webhook { format, events: vec![event], concurrency: CONCURRENCY, ..Webhook::new(name, url.clone()) }
}

/// Public services are called more gently than one's own.
const CONCURRENCY: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hub_has_a_name_of_its_own() {
        let ping = ["https://hub.example/", "https://other.example:8443/x", "https://hub.example/second?of=two"];
        let websub = Websub { hub: None, ping: ping.map(|url| url.parse().unwrap()).into() };
        let names: Vec<_> = websub.webhooks().map(|hook| hook.name).collect();
        assert_eq!(names, ["ping:hub.example", "ping:other.example:8443", "ping:hub.example/second?of=two"]);
    }
}
