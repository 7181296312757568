//! Where a stranger wants to be called.
//!
//! In: `hub.callback`. Out: a callback, or why it is none. Never: an address that is not public, as far as the URL shows it; names
//! are looked at when they are called.

use url::Url;

use super::Refusal;
use crate::deliveries::addresses::Policy;
use crate::posts::html::normal_escapes;
use crate::store::hub::Callback;

/// In bytes: what every client and server on the way takes.
const LONGEST: usize = 2_048;

/// Checks a callback.
pub(super) fn check(text: &str) -> Result<Callback, Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::bad("hub.callback is longer than 2048 bytes."));
    }
    let url: Url = normal_escapes(text).parse().map_err(|_| Refusal::bad("hub.callback is no absolute URL."))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::bad("hub.callback has to be http or https."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::bad("hub.callback must not hold a user or a password."));
    }
    if url.fragment().is_some() {
        return Err(Refusal::bad("hub.callback must not have a fragment."));
    }
    let refused = url.host().is_none_or(|host| Policy::Stranger.check_host(&host).is_err());
    if refused {
        return Err(Refusal::bad("hub.callback is not on the public internet."));
    }
    Callback::new(url).ok_or(Refusal::bad("hub.callback has no host."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_callback_keeps_its_query_as_it_is() {
        for text in [
            "https://a.example/cb?id=1&id=2&hub.topic=x&hub.mode=%26",
            "http://a.example:8080/cb?",
            "https://a.example/%E3%81%82?a%20b",
        ] {
            assert_eq!(check(text).unwrap().url().as_str(), text);
        }
        assert_eq!(check("https://A.example/%7ecb").unwrap().url().as_str(), "https://a.example/~cb");
    }

    #[test]
    fn h_3_what_is_not_public_is_refused_at_once_in_every_spelling() {
        for text in [
            "http://127.0.0.1/cb",
            "http://10.0.0.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://%31%32%37.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[64:ff9b::a00:1]/",
            "http://[2002:7f00:1::]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://0.0.0.0/",
            "http://192.168.1.1./",
        ] {
            assert!(check(text).unwrap_err().text.contains("public"), "{text}");
        }
        assert!(check("http://1.1.1.1/").is_ok());
    }

    #[test]
    fn what_is_no_callback_is_refused() {
        let long = format!("https://a.example/{}", "x".repeat(LONGEST));
        for text in [
            "",
            "/cb",
            "ftp://a.example/",
            "javascript:alert(1)",
            "https://user@a.example/",
            "https://:secret@a.example/",
            "https://a.example/#x",
            "https://",
            &long,
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check(&long[..LONGEST]).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_a_callback_or_refused(text in "(https?://)?\\PC{0,40}") {
            if let Ok(callback) = check(&text) {
                prop_assert!(!callback.host().is_empty());
                prop_assert!(check(callback.url().as_str()).is_ok(), "what was kept once is taken again");
            }
        }
    }
}
