//! What of a receiver's answer is shown to the operator.
//!
//! In: the first bytes of a body, as they came. Out: one printable line. Never: a secret of ours that the receiver echoes
//! (`Cannot POST /services/…`), a control character, more than [`LIMIT`] bytes.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

/// Bytes of text, at most.
pub(super) const LIMIT: usize = 2048;

/// Shorter texts are words such as `hook` or `true`, which stand in many an answer.
const SHORTEST_SECRET: usize = 8;

/// What ends a word of a header's value or of a signing secret (`whsec_…`).
const WORD_ENDS: [char; 4] = [' ', '\t', ',', '_'];

/// Texts that must not be shown, longest first, so that none is left in pieces by another that it holds.
#[derive(Clone)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Of a webhook's URL (chat services keep their token in the path), and these texts with each word of theirs
    /// (`Bearer …`); each also as it is without percent signs, and user and password as they travel (RFC 7617).
    pub(super) fn new<'a>(url: &'a Url, others: impl IntoIterator<Item = &'a str>) -> Self {
        let whole = [Some(url.path()), url.query(), Some(url.username()), url.password()].into_iter().flatten();
        let segments = url.path_segments().into_iter().flatten();
        let values = url.query().into_iter().flat_map(|query| query.split(['&', '=']));
        let others = others.into_iter().flat_map(|other| std::iter::once(other).chain(other.split(WORD_ENDS)));
        let all = whole.chain(segments).chain(values).chain(others);
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let mut secrets: Vec<_> = all
            .flat_map(|text| [text.to_owned(), decoded(text)])
            .chain([basic(url)])
            .filter(|text| text.len() >= SHORTEST_SECRET)
            .collect();
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self(secrets)
    }

    /// One line that shows `body`; empty if there is nothing to show.
    pub(super) fn excerpt(&self, body: &[u8]) -> String {
        let mut text = escape(body);
        for secret in &self.0 {
            text = text.replace(secret, "[secret]");
        }
        cut(text)
    }
}

fn basic(url: &Url) -> String {
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    let password = url.password().unwrap_or_default();
    STANDARD.encode([&decoded(url.username())[..], b":", &decoded(password)].concat())
}

/// Printable text: white space becomes one space, bytes that are no UTF-8 and invisible characters become escapes.
fn escape(body: &[u8]) -> String {
    let mut text = String::new();
    for chunk in body.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                c if c.is_whitespace() => {
                    if !text.ends_with(' ') && !text.is_empty() {
                        text.push(' ');
                    }
                }
                // Quotes and backslashes are printable; only what `Debug` would not show is escaped.
                '"' | '\'' | '\\' => text.push(c),
                c => text.extend(c.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").expect("writing to a string succeeds");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn cut(mut text: String) -> String {
    if text.len() > LIMIT {
        text.truncate(text.floor_char_boundary(LIMIT - '…'.len_utf8()));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secrets(url: &str, others: &[&str]) -> Secrets {
        Secrets::new(&Url::parse(url).unwrap(), others.iter().copied())
    }

    #[test]
    fn an_excerpt_is_one_printable_line() {
        let none = secrets("http://a.example/", &[]);
        assert_eq!(none.excerpt(b"\r\n <h1>Not  \"found\"</h1>\n\n\\ "), "<h1>Not \"found\"</h1> \\");
        assert_eq!(none.excerpt(b"\x1b[31mred\x00\xff\xfe"), "\\u{1b}[31mred\\0\\xff\\xfe");
        assert_eq!(none.excerpt("あ\u{202e}い".as_bytes()), "あ\\u{202e}い");
        assert_eq!(none.excerpt(b" \n"), "");
    }

    #[test]
    fn what_a_receiver_echoes_of_our_secrets_is_not_shown() {
        let ours =
            secrets("https://me:pass-word-1@a.example/services/T0/XXXX-token?key=abcdefgh12", &["Bearer 12345678"]);
        for echoed in
            ["/services/T0/XXXX-token", "key=abcdefgh12", "abcdefgh12", "Bearer 12345678", "12345678", "pass-word-1"]
        {
            assert_eq!(ours.excerpt(format!("no {echoed}!").as_bytes()), "no [secret]!");
        }
    }

    #[test]
    fn a_secret_is_known_in_the_forms_in_which_it_travels() {
        let ours = secrets("https://user-name:p%C3%A4ss-word@a.example/t%C3%B6ken-1234/x?k=%26query-1234", &[]);
        let basic = STANDARD.encode("user-name:päss-word");
        for echoed in ["t%C3%B6ken-1234", "töken-1234", "&query-1234", "päss-word", "p%C3%A4ss-word", &basic] {
            assert_eq!(ours.excerpt(format!("no {echoed}!").as_bytes()), "no [secret]!", "{echoed}");
        }
        let signing = secrets("https://a.example/", &["whsec_MDEyMzQ1Njc4OWFi"]);
        assert_eq!(signing.excerpt(b"key MDEyMzQ1Njc4OWFi"), "key [secret]", "without what marks it");
    }

    #[test]
    fn short_texts_are_words() {
        assert_eq!(secrets("https://a.example/hook?a=b", &["1"]).excerpt(b"1 /hook?a=b"), "1 /hook?a=b");
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_line_or_the_limit(body in proptest::collection::vec(any::<u8>(), 0..5000)) {
            let text = secrets("http://a.example/path-secret", &[]).excerpt(&body);
            prop_assert!(text.len() <= LIMIT);
            prop_assert!(!text.contains(char::is_control));
        }
    }
}
