//! Conditional requests (RFC 9110, 13).
//!
//! In: the request's headers and a document's validators. Out: whether the client has these bytes already. Never: I/O.

use axum::http::HeaderMap;
use axum::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use chrono::{DateTime, Utc};

use super::coding::Coding;
use crate::store::DocumentState;

/// Whether 304 is the answer: by `If-None-Match` alone if there is one, by `If-Modified-Since` otherwise (13.2.2).
pub(super) fn not_modified(headers: &HeaderMap, state: &DocumentState) -> bool {
    let mut lists = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if lists.peek().is_some() {
        return lists.any(|list| list.to_str().is_ok_and(|list| matches(list, &state.etag)));
    }
    let since = headers.get(IF_MODIFIED_SINCE).and_then(|date| date.to_str().ok());
    let since = since.and_then(|date| httpdate::parse_http_date(date).ok());
    since.is_some_and(|since| is_date_of(state, since.into()))
}

/// Whether a date is the very one that the document was sent with. A later one would do by 13.1.3, but whoever has it made
/// it up, or got it from a clock that was wrong; with 304 such a reader might never see what is new. A needless 200 costs
/// little.
fn is_date_of(state: &DocumentState, date: DateTime<Utc>) -> bool {
    // What is sent has no fractions of a second.
    state.modified.timestamp() == date.timestamp()
}

/// Whether a list of entity tags has one of these bytes, in any coding, strong or weak (8.8.3.2: weak comparison).
fn matches(list: &str, fingerprint: &str) -> bool {
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return false;
        }
        let (tag, after) = tag(rest);
        if rest.starts_with('*') || Coding::any_tag_is(tag, fingerprint) {
            return true;
        }
        rest = after;
    }
}

/// The first tag of a list that does not begin with a separator, without `W/` and quotes, and what follows it. Quotes are
/// not insisted upon: some readers lose them.
fn tag(list: &str) -> (&str, &str) {
    let strong = list.strip_prefix("W/").unwrap_or(list);
    match strong.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => {
            let (tag, after) = strong.split_once(',').unwrap_or((strong, ""));
            (tag.trim_end(), after)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DATE: &str = "Tue, 03 Feb 2026 04:05:06 GMT";

    fn state() -> DocumentState {
        DocumentState { etag: "0a".into(), modified: "2026-02-03T04:05:06Z".parse().unwrap() }
    }

    fn is_304(headers: &[(axum::http::HeaderName, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        not_modified(&headers, &state())
    }

    #[test]
    fn any_tag_of_the_current_bytes_matches() {
        for (list, want) in [
            ("\"0a\"", true),
            ("\"0a-gzip\"", true),
            ("\"0a-br\"", true),
            ("W/\"0a\"", true),
            ("\"other\", W/\"x,y\",\t\"0a\"", true),
            (", ,\"0a\"", true),
            ("*", true),
            ("0a", true),
            ("0a , 0b", true),
            ("\"0b\"", false),
            ("\"0a", true),
            ("\"0b, 0a\"", false),
            ("\"0a-zstd\"", false),
            ("w/\"0a\"", false),
            ("\"*\"", false),
            ("", false),
        ] {
            assert_eq!(is_304(&[(IF_NONE_MATCH, list)]), want, "{list}");
        }
        assert!(is_304(&[(IF_NONE_MATCH, "\"0b\""), (IF_NONE_MATCH, "\"0a\"")]));
    }

    #[test]
    fn dates_count_only_without_tags() {
        for (date, want) in [
            (DATE, true),
            ("Tue, 03 Feb 2026 04:05:07 GMT", false),
            ("Fri, 31 Dec 9999 23:59:59 GMT", false),
            ("Tuesday, 03-Feb-26 04:05:06 GMT", true),
            ("Tue, 03 Feb 2026 04:05:05 GMT", false),
            ("yesterday", false),
            ("0", false),
        ] {
            assert_eq!(is_304(&[(IF_MODIFIED_SINCE, date)]), want, "{date}");
        }
        assert!(!is_304(&[(IF_NONE_MATCH, "\"0b\""), (IF_MODIFIED_SINCE, DATE)]));
        assert!(is_304(&[(IF_NONE_MATCH, "\"0a\""), (IF_MODIFIED_SINCE, "Thu, 01 Jan 1970 00:00:00 GMT")]));
        assert!(!is_304(&[]));
    }

    proptest! {
        #[test]
        fn any_list_is_read_to_its_end(list in "[ -~]{0,60}") {
            matches(&list, "0a");
        }

        #[test]
        fn a_tag_is_found_wherever_it_stands(before in "(W/)?\"[!#-~]{0,8}\"", after in "(W/)?\"[!#-~]{0,8}\"") {
            let list = format!("{before} , \"0a-gzip\",{after}");
            prop_assert!(matches(&list, "0a"));
        }
    }
}
