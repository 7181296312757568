//! What a WebSub hub of somebody else's is told: that one topic has changed (WebSub, section 6, leaves the form open; this is
//! what all public hubs take).
//!
//! In: an event's data. Out: a form. Never: two topics in one, because some hubs take the first ten and forget the rest.

use serde::Deserialize;
use url::form_urlencoded::Serializer;

/// A body's media type.
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// The topic; in a test message the site, which a hub may well refuse.
#[derive(Deserialize)]
struct Data {
    #[serde(alias = "site")]
    topic: String,
}

/// `hub.mode=publish` with the topic under both names: older hubs look for `hub.url`, newer ones for `hub.topic`. `data` is
/// JSON text.
pub(super) fn body(data: &str) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("hub.mode", "publish");
    if let Ok(Data { topic }) = serde_json::from_str(data) {
        form.append_pair("hub.url", &topic).append_pair("hub.topic", &topic);
    }
    form.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_topic_stands_under_both_names() {
        assert_eq!(
            body(r#"{"topic": "https://x.example/a+b/フィード.atom?c=d&e"}"#),
            "hub.mode=publish\
             &hub.url=https%3A%2F%2Fx.example%2Fa%2Bb%2F%E3%83%95%E3%82%A3%E3%83%BC%E3%83%89.atom%3Fc%3Dd%26e\
             &hub.topic=https%3A%2F%2Fx.example%2Fa%2Bb%2F%E3%83%95%E3%82%A3%E3%83%BC%E3%83%89.atom%3Fc%3Dd%26e"
        );
    }

    proptest! {
        #[test]
        fn a_hub_reads_the_topic_that_was_written(topic in ".*") {
            let form = body(&serde_json::json!({ "topic": topic }).to_string());
            let fields: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            let expected = [("hub.mode", "publish"), ("hub.url", &topic), ("hub.topic", &topic)];
            prop_assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
    }

    #[test]
    fn a_test_message_names_the_site() {
        let form = body(r#"{"site": "https://x.example/"}"#);
        assert!(form.ends_with("&hub.topic=https%3A%2F%2Fx.example%2F"), "{form}");
    }
}
