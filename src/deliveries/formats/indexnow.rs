//! What search engines are told: pages that are new, changed or gone (indexnow.org, "Submit set of URLs").
//!
//! In: an event's data, and the key that proves whose pages they are. Out: a JSON body; what refusals mean. Never: a secret:
//! the key is public.

use serde::Deserialize;
use url::Url;

/// A body's media type.
pub(super) const CONTENT_TYPE: &str = "application/json; charset=utf-8";

#[derive(Deserialize)]
#[serde(untagged)]
enum Data {
    Pages {
        urls: Vec<String>,
    },
    /// A test message: the site's own page stands for all.
    Test {
        site: String,
    },
}

/// `{"host": …, "key": …, "keyLocation": …, "urlList": […]}`. `data` is JSON text.
pub(super) fn body(data: &str, host: &str, key: &str, key_location: &Url) -> String {
    let urls = match serde_json::from_str(data) {
        Ok(Data::Pages { urls }) => urls,
        Ok(Data::Test { site }) => vec![site],
        Err(_) => Vec::new(),
    };
    serde_json::json!({"host": host, "key": key, "keyLocation": key_location, "urlList": urls}).to_string()
}

/// What to do about an answer that is no success, if that is known.
pub(super) fn advice(status: u16) -> Option<&'static str> {
    match status {
        403 => Some("the key was not found: its file has to be where indexnow.key_location says, with the key in it"),
        422 => Some("the key does not speak for these pages: its file has to be on their host, and not below them"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(data: &str) -> serde_json::Value {
        let location = "https://x.example/01234567.txt".parse().unwrap();
        serde_json::from_str(&body(data, "x.example", "01234567", &location)).unwrap()
    }

    #[test]
    fn a_body_has_the_host_the_key_and_the_pages() {
        let expected = serde_json::json!({
            "host": "x.example",
            "key": "01234567",
            "keyLocation": "https://x.example/01234567.txt",
            "urlList": ["https://x.example/a", "https://x.example/b"],
        });
        assert_eq!(pages(r#"{"urls": ["https://x.example/a", "https://x.example/b"]}"#), expected);
    }

    #[test]
    fn a_test_message_names_the_site() {
        assert_eq!(pages(r#"{"site": "https://x.example/"}"#)["urlList"], serde_json::json!(["https://x.example/"]));
    }

    #[test]
    fn refusals_that_need_a_hand_have_their_remedy() {
        for (status, word) in [(403, "not found"), (422, "not below them")] {
            assert!(advice(status).unwrap().contains(word));
        }
        assert_eq!(advice(429), None);
    }
}
