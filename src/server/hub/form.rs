//! A request's body: a form (section 5.1).
//!
//! In: bytes. Out: the parameters that a hub knows, in UTF-8. Never: two values for one of them, or a word about the others,
//! which are to be ignored.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::Refusal;

const KNOWN: [&str; 6] =
    ["hub.mode", "hub.topic", "hub.callback", "hub.lease_seconds", "hub.secret", "hub.verify_token"];

/// The parameters of a request that are not empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form(HashMap<&'static str, String>);

/// Whether a `Content-Type` is that of a form. What it says of the charset counts for nothing: escapes are UTF-8.
pub(super) fn is_form(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

impl Form {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let body = std::str::from_utf8(body).map_err(|_| NOT_UTF8)?;
        let mut form = HashMap::new();
        for pair in body.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // What cannot be read as a name is none that a hub knows.
            let Ok(name) = decode(name) else { continue };
            let Some(known) = KNOWN.into_iter().find(|known| *known == name) else { continue };
            let value = decode(value)?;
            if form.get(known).is_some_and(|earlier| *earlier != value) {
                return Err(Refusal::bad("A parameter is given twice, with different values."));
            }
            form.insert(known, value);
        }
        form.retain(|_, value| !value.is_empty());
        Ok(Self(form))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

const NOT_UTF8: Refusal = Refusal::bad("The parameters have to be UTF-8.");

fn decode(text: &str) -> Result<String, Refusal> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| NOT_UTF8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded::Serializer;

    use super::*;

    fn parse(body: &str) -> Result<Form, Refusal> {
        Form::parse(body.as_bytes())
    }

    #[test]
    fn what_a_hub_knows_is_read_and_the_rest_ignored() {
        let form =
            parse("hub.mode=subscribe&foo=bar&hub.secret=a+b%2Bc&hub.foo=%ff&%ff=1&hub.lease_seconds=&x").unwrap();
        assert_eq!(form.get("hub.mode"), Some("subscribe"));
        assert_eq!(form.get("hub.secret"), Some("a b+c"));
        assert_eq!(form.get("hub.lease_seconds"), None, "empty is not there");
    }

    #[test]
    fn what_is_ambiguous_or_not_utf_8_is_refused() {
        assert!(parse("hub.mode=subscribe&hub.mode=unsubscribe").is_err());
        assert!(parse("hub.mode=subscribe&hub.mode=subscribe").is_ok());
        assert!(parse("hub.secret=%ff").is_err());
        assert!(Form::parse(b"hub.secret=\xff").is_err());
    }

    #[test]
    fn a_form_is_one_in_any_spelling() {
        for (text, is) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", true),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(is_form(text), is, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Form::parse(&body);
        }

        #[test]
        fn any_value_comes_through(value in any::<String>()) {
            let body = Serializer::new(String::new()).append_pair("x", &value).append_pair("hub.secret", &value).finish();
            let form = parse(&body).unwrap();
            prop_assert_eq!(form.get("hub.secret").unwrap_or_default(), value);
        }
    }
}
