//! What search engines are told: the addresses of pages that are new, changed or gone.
//!
//! In: the changes of a scan, with the addresses that they touch. Out: events of so many addresses as one request may have.
//! Never: an address of another host, which they would refuse together with all others.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use url::Url;

use super::id::message_id;
use super::{Event, Seen, parts};
use crate::config::EventType;

/// Addresses in one event: the most that IndexNow takes in one request.
const AT_ONCE: usize = 10_000;

/// The events that name these pages, each once and in this order, as far as they are on the host of `site`. `changes` is what
/// they follow from.
#[must_use]
pub fn urls_changed<'u>(
    site: &Url,
    changes: &[(EventType, &Seen)],
    urls: impl IntoIterator<Item = &'u str>,
    now: DateTime<Utc>,
) -> Vec<Event> {
    let mut known = HashSet::new();
    let is_ours = |url: &Url| url.host_str() == site.host_str();
    let urls: Vec<&str> = urls
        .into_iter()
        .filter(|url| Url::parse(url).is_ok_and(|url| is_ours(&url)))
        .filter(|url| known.insert(*url))
        .collect();
    let of_all = message_id(changes.iter().flat_map(|(event_type, seen)| parts(site.as_str(), *event_type, seen)));
    let event = |(number, urls): (usize, &[&str])| Event {
        id: message_id([of_all.as_bytes(), b"urls.changed", &number.to_be_bytes()]),
        event_type: EventType::UrlsChanged,
        key: None,
        timestamp: now,
        data: serde_json::json!({"urls": urls}),
        html: None,
        first_id: None,
    };
    urls.chunks(AT_ONCE).enumerate().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::super::remember;
    use super::super::tests::{data, now};
    use super::*;
    use crate::posts::testing::post;

    fn events(urls: &[&str]) -> Vec<Event> {
        let p = post("a", 1);
        let seen = remember(&p, &p.id, None, data(&p, 1), now());
        let site = "https://x.example/blog/".parse().unwrap();
        urls_changed(&site, &[(EventType::PostPublished, &seen)], urls.iter().copied(), now())
    }

    #[test]
    fn pages_of_the_site_are_named_once_and_others_never() {
        let urls =
            ["https://x.example/b", "https://x.example/a", "https://x.example/b", "https://y.example/", "no URL"];
        let found = events(&urls);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].data, serde_json::json!({"urls": ["https://x.example/b", "https://x.example/a"]}));
        assert_eq!(found, events(&urls));
        assert_eq!(events(&["https://y.example/"]), []);
    }

    #[test]
    fn a_request_has_ten_thousand_addresses_at_most() {
        let urls: Vec<String> = (0..=AT_ONCE).map(|number| format!("https://x.example/{number}")).collect();
        let found = events(&urls.iter().map(String::as_str).collect::<Vec<_>>());
        let counts: Vec<_> = found.iter().map(|event| event.data["urls"].as_array().unwrap().len()).collect();
        assert_eq!(counts, [AT_ONCE, 1]);
        assert_ne!(found[0].id, found[1].id);
    }
}
