//! URL references made absolute (RFC 3986, section 5).
//!
//! In: what an author wrote in `href`, `src` or `srcset`. Out: absolute, percent-encoded URLs whose scheme a reader may
//! follow. Never: `javascript:` and its like, in whatever spelling; the URL parser takes out the tabs and controls first.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::{Position, Url};

/// The schemes that links in a feed may have.
pub(super) const SCHEMES: &[&str] = &[
    "acct",
    "bitcoin",
    "callto",
    "ed2k",
    "feed",
    "ftp",
    "ftps",
    "gemini",
    "geo",
    "git",
    "gopher",
    "http",
    "https",
    "irc",
    "ircs",
    "magnet",
    "mailto",
    "matrix",
    "news",
    "nntp",
    "openpgp4fpr",
    "sftp",
    "sip",
    "sips",
    "sms",
    "ssh",
    "svn",
    "tel",
    "urn",
    "webcal",
    "xmpp",
];

/// What the parser leaves as it is, as browsers do, and RFC 3986 allows in no path, query or fragment. Two that are not
/// allowed everywhere stay: a `%` with no digits behind it, with which servers have their own ways, and a second `#`, with
/// which pages have theirs (`https://matrix.to/#/#room:example.org`); both are let pass by feed validators.
const REFUSED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A URL as other programs may read it: what RFC 3986 (3.3 to 3.5) does not allow in it is percent-encoded.
#[must_use]
pub fn uri(url: &Url) -> String {
    let mut out = String::with_capacity(url.as_str().len());
    out.push_str(&url[..Position::BeforePath]);
    out.extend(utf8_percent_encode(&url[Position::BeforePath..], REFUSED));
    out
}

/// Resolves a URL reference against `base`; `None` for schemes that have no place in a feed (`javascript:` and the like)
/// and for what is no URL at all.
#[must_use]
pub fn absolute(reference: &str, base: &str) -> Option<String> {
    Base::new(base).link(reference)
}

/// The URL that references are relative to, parsed once.
#[derive(Debug, Clone)]
pub(in crate::posts) struct Base(Option<Url>);

impl Base {
    /// Where `base` is no URL, only absolute references resolve.
    pub(in crate::posts) fn new(base: &str) -> Self {
        Self(Url::parse(base).ok())
    }

    /// For a link.
    pub(in crate::posts) fn link(&self, reference: &str) -> Option<String> {
        let parsed = || self.resolve(reference).filter(|url| SCHEMES.contains(&url.scheme())).map(|url| uri(&url));
        self.plain(reference).or_else(parsed)
    }

    /// For a picture: from the web, or in the text itself.
    pub(in crate::posts) fn image(&self, reference: &str) -> Option<String> {
        let parsed = || {
            let url = self.resolve(reference).filter(|_| !reference.trim().is_empty())?;
            (is_web(&url) || is_image_data(url.as_str())).then(|| uri(&url))
        };
        self.plain(reference).or_else(parsed)
    }

    /// For what else is fetched.
    pub(super) fn media(&self, reference: &str) -> Option<String> {
        self.resolve(reference).filter(|url| is_web(url) && !reference.trim().is_empty()).map(|url| uri(&url))
    }

    /// For a `srcset` attribute (HTML Living Standard, 4.8.4.2.1); candidates that do not resolve are left out.
    pub(super) fn srcset(&self, candidates: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = candidates;
        while let Some((url, descriptors)) = next_candidate(&mut rest) {
            let Some(url) = self.image(url) else { continue };
            if !out.is_empty() {
                out.push_str(", ");
            }
            out.push_str(&url);
            for descriptor in descriptors.split_ascii_whitespace() {
                out.push(' ');
                out.push_str(descriptor);
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// What a reference resolves to that need not be parsed, as most: a URL of the web, or a path from the root of one's own
    /// site, without a character that would be encoded or a segment that begins with a dot.
    fn plain(&self, reference: &str) -> Option<String> {
        if reference.starts_with('/') {
            let base = self.0.as_ref().filter(|base| is_web(base) && has_plain_host(base))?;
            let is_path = !reference.starts_with("//") && is_plain(reference);
            return is_path.then(|| [&base[..Position::BeforePath], reference].concat());
        }
        let rest = reference.strip_prefix("https://").or_else(|| reference.strip_prefix("http://"))?;
        let (host, path) = rest.split_at(rest.find('/')?);
        (is_name(host) && is_plain(path)).then(|| reference.to_owned())
    }

    fn resolve(&self, reference: &str) -> Option<Url> {
        let url = match &self.0 {
            Some(base) => base.join(reference),
            None => Url::parse(reference),
        };
        url.ok().filter(has_plain_host)
    }
}

/// Whether parsing leaves a path with its query and fragment as it is.
fn is_plain(path: &str) -> bool {
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~/?&=+,;:@!$*()#.".contains(&byte);
    path.bytes().all(is_kept) && !path.contains("/.")
}

/// Whether parsing leaves a host as it is: a name in lower case, and neither the number nor the encoding of another.
fn is_name(host: &str) -> bool {
    let is_kept = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let last = host.rsplit('.').next().unwrap_or_default();
    host.bytes().all(is_kept)
        && last.starts_with(|c: char| c.is_ascii_lowercase())
        && !host.starts_with('.')
        && !host.contains("..")
        && !host.contains("xn--")
}

/// Whether its host is one to RFC 3986 (3.2.2), too: browsers put up with `http://a"b/` and `http://${host}/`.
fn has_plain_host(url: &Url) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&byte);
    url.host_str().is_none_or(|host| host.bytes().all(is_plain))
}

/// Whether a `data:` URL holds a picture.
pub(super) fn is_image_data(url: &str) -> bool {
    url.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("data:image/"))
}

/// Whether a value is a `data:` URL that holds anything but a picture.
pub(super) fn is_other_data(value: &str) -> bool {
    value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) && !is_image_data(value)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Takes the next URL and its descriptors. A comma ends a candidate only behind the URL, never within it.
fn next_candidate<'a>(rest: &mut &'a str) -> Option<(&'a str, &'a str)> {
    let text = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
    let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    let (url, after) = text.split_at(end);
    let bare = url.trim_end_matches(',');
    if bare.is_empty() {
        return None;
    }
    if bare.len() < url.len() {
        *rest = after;
        return Some((bare, ""));
    }
    let end = descriptors_end(after);
    *rest = &after[end..];
    Some((url, &after[..end]))
}

/// The first comma outside parentheses.
fn descriptors_end(text: &str) -> usize {
    let mut inside = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => inside = true,
            b')' => inside = false,
            b',' if !inside => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://example.com/blog/2025/post.html?page=1";

    #[test]
    fn references_resolve_against_the_post() {
        for (reference, url) in [
            ("pic.png", "https://example.com/blog/2025/pic.png"),
            ("/x/", "https://example.com/x/"),
            ("../y", "https://example.com/blog/y"),
            ("//cdn.example/z", "https://cdn.example/z"),
            ("#fn:1", "https://example.com/blog/2025/post.html?page=1#fn:1"),
            ("?q", "https://example.com/blog/2025/post.html?q"),
            ("", BASE),
            ("日本 語", "https://example.com/blog/2025/%E6%97%A5%E6%9C%AC%20%E8%AA%9E"),
            ("https://日本.example/", "https://xn--wgv71a.example/"),
            ("mailto:a@b.example", "mailto:a@b.example"),
        ] {
            assert_eq!(absolute(reference, BASE).as_deref(), Some(url), "{reference}");
        }
    }

    #[test]
    fn what_browsers_put_up_with_is_encoded() {
        for (reference, url) in [
            ("a|b[c]^`{}\"", "https://example.com/blog/2025/a%7Cb%5Bc%5D%5E%60%7B%7D%22"),
            ("?a[]=\\|^`{}\"", "https://example.com/blog/2025/post.html?a%5B%5D=%5C%7C%5E%60%7B%7D%22"),
            ("#[a]#b\\|^`{}\"", "https://example.com/blog/2025/post.html?page=1#%5Ba%5D#b%5C%7C%5E%60%7B%7D%22"),
            ("mailto:a b@c.example?subject=[x]", "mailto:a%20b@c.example?subject=%5Bx%5D"),
            ("http://[::1]/%5B100%", "http://[::1]/%5B100%"),
            ("/;/?:@&=+$,-_.!~*'()#;/?:@", "https://example.com/;/?:@&=+$,-_.!~*%27()#;/?:@"),
        ] {
            assert_eq!(absolute(reference, BASE).as_deref(), Some(url), "{reference}");
        }
        let base = Base::new("https://e.com/");
        let picture = base.image("data:image/svg+xml,<svg id=\"a\">");
        assert_eq!(picture.as_deref(), Some("data:image/svg+xml,%3Csvg%20id=%22a%22%3E"));
        assert_eq!(
            base.srcset("a[1] 1x, b|c 2x").as_deref(),
            Some("https://e.com/a%5B1%5D 1x, https://e.com/b%7Cc 2x")
        );
    }

    #[test]
    fn a_host_that_is_none_to_other_programs_is_refused() {
        for reference in ["http://e.\"/", "//${host}/x", "https://e-}}.example/", "http://a`b/"] {
            assert_eq!(absolute(reference, BASE), None, "{reference}");
        }
    }

    #[test]
    fn schemes_that_run_code_are_refused_in_every_spelling() {
        for reference in [
            "javascript:a",
            " JaVaScript:a",
            "java\nscript:a",
            "\u{1}javascript:a",
            "vbscript:a",
            "data:text/html,a",
            "blob:a",
            "file:///etc",
        ] {
            assert_eq!(absolute(reference, BASE), None, "{reference}");
            assert_eq!(Base::new(BASE).image(reference), None, "{reference}");
        }
    }

    #[test]
    fn pictures_may_be_data() {
        let base = Base::new(BASE);
        assert_eq!(base.image("data:image/png;base64,AA==").as_deref(), Some("data:image/png;base64,AA=="));
        assert_eq!(base.link("data:image/png;base64,AA=="), None);
        assert_eq!(base.image(""), None);
    }

    #[test]
    fn without_a_base_only_absolute_urls_resolve() {
        assert_eq!(absolute("/x", "nonsense"), None);
        assert_eq!(absolute("http://a/", "nonsense").as_deref(), Some("http://a/"));
    }

    #[test]
    fn srcset_keeps_commas_inside_urls() {
        let base = Base::new("https://e.com/a/");
        for (candidates, expected) in [
            ("x.png", Some("https://e.com/a/x.png")),
            ("x.png 1x,y.png 2x", Some("https://e.com/a/x.png 1x, https://e.com/a/y.png 2x")),
            ("w_1,h_2/x.png 300w , /y.png  2x", Some("https://e.com/a/w_1,h_2/x.png 300w, https://e.com/y.png 2x")),
            (",, x.png, y.png,,", Some("https://e.com/a/x.png, https://e.com/a/y.png")),
            ("data:image/png;base64,AA 1x, x.png 2x", Some("data:image/png;base64,AA 1x, https://e.com/a/x.png 2x")),
            ("x.png (a,b) 1x, y", Some("https://e.com/a/x.png (a,b) 1x, https://e.com/a/y")),
            ("javascript:a 1x", None),
            (" , ", None),
        ] {
            assert_eq!(base.srcset(candidates).as_deref(), expected, "{candidates}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_every_address_is_one_and_stays(reference in "(https?:|mailto:|//|/|[?])?[ -~é日]{0,30}") {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b";/?:@&=+$.-_!~*'()%,#[]".contains(&byte);
            if let Some(url) = absolute(&reference, BASE) {
                proptest::prop_assert!(url.bytes().all(is_allowed), "{url}");
                proptest::prop_assert_eq!(absolute(&url, BASE), Some(url));
            }
        }

        #[test]
        fn what_need_not_be_parsed_is_what_the_parser_makes_of_it(
            reference in "(https?://([a-z0-9]{1,3}[-.]{0,2}){1,3}|https?://xn--[a-z]{1,3}|/)?/([-A-Za-z0-9_~/?&=+,;:@!$*()#.%']{1,3}){0,5}",
            base in "https?://([a-z]@)?[a-z{$]{1,2}(:80|:443|:8)?/[a-z/]{0,4}|mailto:a@b",
        ) {
            let base = Base::new(&base);
            if let Some(plain) = base.plain(&reference) {
                proptest::prop_assert_eq!(Some(plain), base.resolve(&reference).map(|url| uri(&url)), "{}", reference);
            }
        }
    }
}
