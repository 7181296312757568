//! The block of YAML, TOML or JSON at the head of a post.
//!
//! In: the text of a file. Out: where the block ends, and its values. Never: what a key means.
//!
//! Values keep the text of their scalars (`1.10`, `2025-01-01`, `yes`) and whether they were quoted, because dates
//! and terms depend on it.

mod json;
mod plain;
mod read;
mod split;
mod toml;
mod value;

use std::ops::Range;

pub(crate) use read::too_deep;
use split::split;
pub(crate) use split::{UNCLOSED, UNCLOSED_TOML};
pub use value::{Map, Scalar, Value};

/// The most that a block may have, in bytes. Front matter has hundreds; a YAML reader takes half a second for a megabyte.
const MAX_LEN: usize = 128 * 1024;

/// What [`Error::message`] says of a block that has more.
pub(crate) const TOO_LONG: &str = "it has more than 128 KiB";

/// Why a front matter block cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What the reader says, without its position.
    pub message: String,
    /// Byte offset in the file.
    pub at: usize,
    /// What it was read as.
    pub syntax: Syntax,
}

/// What values are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// Between `---`.
    Yaml,
    /// Between `+++`.
    Toml,
    /// In braces.
    Json,
}

impl Syntax {
    /// That of a file of this name; YAML unless it ends in `.toml` or `.json`.
    #[must_use]
    pub fn of_file(path: &str) -> Self {
        match path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).as_deref() {
            Some("toml") => Self::Toml,
            Some("json") => Self::Json,
            _ => Self::Yaml,
        }
    }

    /// Reads a whole file that is written so.
    ///
    /// # Errors
    ///
    /// Those of [`parse`], [`parse_toml`] and [`parse_json`].
    pub fn read(self, text: &str) -> Result<Map, Error> {
        match self {
            Self::Yaml => parse(text, 0..text.len()),
            Self::Toml => parse_toml(text, 0..text.len()),
            Self::Json => parse_json(text, 0..text.len()),
        }
    }
}

/// Reads the front matter of `file`, and where its body starts; without front matter, an empty mapping and 0.
///
/// # Errors
///
/// Those of [`parse`], and a block that is never closed.
pub fn read(file: &str) -> Result<(Map, usize), Error> {
    let split = split(file)?;
    let map = split.yaml.map_or(Ok(Map::default()), |yaml| parse(file, yaml))?;
    Ok((map, split.body_start))
}

/// The same where front matter may be YAML (`---`), TOML (`+++`) or JSON (`{`), as Hugo has it.
///
/// # Errors
///
/// Those of [`read()`], [`parse_toml`] and [`parse_json`].
pub fn read_any(file: &str) -> Result<(Map, usize), Error> {
    if let Some(toml) = split::toml(file)? {
        return Ok((parse_toml(file, toml.block)?, toml.body_start));
    }
    if split::opens_object(file) {
        let (map, len) = json::read(file, 0)?;
        return Ok((map, len + split::blank_lines_after(&file[len..])));
    }
    read(file)
}

/// Reads TOML 1.1 at `range` of `file`.
///
/// # Errors
///
/// If it is not TOML, or too long; a key that stands twice is one, too.
pub fn parse_toml(file: &str, range: Range<usize>) -> Result<Map, Error> {
    check_len(&range, Syntax::Toml)?;
    toml::read(file.get(range.clone()).unwrap_or_default(), range.start)
}

/// Reads the JSON object at `range` of `file`. Of a key that stands twice, the last wins.
///
/// # Errors
///
/// If it is not JSON, or no object, or if something follows it.
pub fn parse_json(file: &str, range: Range<usize>) -> Result<Map, Error> {
    let text = file.get(range.clone()).unwrap_or_default();
    let (map, len) = json::read(text, range.start)?;
    let rest = text[len..].trim_start();
    if rest.is_empty() {
        return Ok(map);
    }
    let (message, at) = ("something follows the object".to_owned(), range.start + text.len() - rest.len());
    Err(Error { message, at, syntax: Syntax::Json })
}

/// Reads the first YAML document at `range` of `file`; nothing at all is an empty mapping.
///
/// Of a key that stands twice, the last wins. Tags are dropped (`! 'text'` is text), merge keys (`<<`) are followed.
/// What aliases expand to is bounded by a small multiple of the block's own length, nesting by 128 levels.
///
/// # Errors
///
/// If it is not YAML, too long, not a mapping, or asks for Ruby objects.
pub fn parse(file: &str, range: Range<usize>) -> Result<Map, Error> {
    check_len(&range, Syntax::Yaml)?;
    let start = range.start;
    let yaml = file.get(range).unwrap_or_default();
    match read::document(yaml, start)? {
        Value::Map(map) => Ok(map),
        Value::Null => Ok(Map::default()),
        Value::Scalar(_) | Value::List(_) => {
            let blank = yaml.len() - yaml.trim_start().len();
            let message = "this is not a list of `key: value` lines".to_owned();
            Err(Error { message, at: start + blank, syntax: Syntax::Yaml })
        }
    }
}

/// Reads the first YAML document of `text`, whatever it is, by the rules of [`parse`].
///
/// # Errors
///
/// If it is not YAML, or asks for Ruby objects.
pub fn parse_any(text: &str) -> Result<Value, Error> {
    read::document(text, 0)
}

fn check_len(block: &Range<usize>, syntax: Syntax) -> Result<(), Error> {
    match block.len() > MAX_LEN {
        true => Err(Error { message: TOO_LONG.to_owned(), at: block.start, syntax }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(yaml: &str) -> Map {
        parse(yaml, 0..yaml.len()).unwrap()
    }

    fn scalar(yaml: &str) -> Scalar {
        match map(yaml).get("k").unwrap() {
            Value::Scalar(scalar) => scalar.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn fault(yaml: &str) -> Error {
        parse(yaml, 0..yaml.len()).unwrap_err()
    }

    #[test]
    fn scalars_keep_their_text_quotes_and_place() {
        for (yaml, text, quoted, at) in [
            ("k: 1.10", "1.10", false, Some(3)),
            ("k: 2025-01-01", "2025-01-01", false, Some(3)),
            ("a: 日本\nk: yes", "yes", false, Some(13)),
            ("k: True", "True", false, Some(3)),
            ("k: 0x1F", "0x1F", false, Some(3)),
            ("k: '1.10'", "1.10", true, Some(4)),
            ("k: \"2025\"", "2025", true, Some(4)),
            ("k: \"a\\tb\"", "a\tb", true, None),
            ("k: |\n  a\n  b\n", "a\nb\n", true, None),
            ("k: !!str 2025-01-01", "2025-01-01", true, Some(9)),
            ("k: ! 'It''s'", "It's", true, None),
            ("k: ! 12", "12", true, Some(5)),
            ("k: !mine 12", "12", false, Some(9)),
        ] {
            let expected = Scalar { text: text.into(), quoted, at };
            assert_eq!(scalar(yaml), expected, "{yaml}");
            let with_number = format!("{yaml}\nz: 5");
            assert_eq!(scalar(&with_number), expected, "{with_number}");
        }
    }

    #[test]
    fn front_matter_may_be_of_three_kinds() {
        let read = |file: &str| {
            let (map, body) = read_any(file).unwrap();
            (map.get("k").and_then(Value::as_text).unwrap_or_default().to_owned(), file[body..].to_owned())
        };
        for file in
            ["---\nk: v\n---\n\nx", "+++\nk = 'v'\n+++\nx", "{\"k\": \"v\"}\n\nx", "\n+++ \r\nk='v'\r\n+++\r\nx"]
        {
            assert_eq!(read(file), ("v".to_owned(), "x".to_owned()), "{file}");
        }
        for file in ["{% x %}", "{{< x >}}", "x", "{x}"] {
            assert_eq!(read(file), (String::new(), file.to_owned()));
        }
        assert_eq!(read_any("+++\nk = 1\n").unwrap_err().message, UNCLOSED_TOML);
        assert_eq!(parse_json("{\"a\": 1} x", 0..10).unwrap_err().at, 9);
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_wins() {
        let map = map("k: 1\nz: 2\nk: three\n");
        assert_eq!(map.get("k").and_then(Value::as_text), Some("three"));
        assert_eq!(map.iter().map(|(k, _)| k).collect::<Vec<_>>(), ["k", "z"]);
    }

    #[test]
    fn aliases_and_merge_keys_are_followed() {
        let map = map("base: &b {x: 1, y: [2, ~]}\nk: *b\nm:\n  <<: *b\n  x: 9\n");
        assert_eq!(map.get("k"), map.get("base"));
        let Some(Value::Map(merged)) = map.get("m") else { panic!() };
        assert_eq!(merged.get("x").and_then(Value::as_text), Some("9"));
        assert!(matches!(merged.get("y"), Some(Value::List(items)) if items.len() == 2));
    }

    #[test]
    fn nothing_is_an_empty_mapping_and_only_the_first_document_counts() {
        assert_eq!(map(""), Map::default());
        assert_eq!(map("# just a comment\n"), Map::default());
        assert_eq!(map("a: 1\n--- x\nb: 2\n").iter().count(), 1);
    }

    #[test]
    fn errors_say_where_they_are() {
        let error = fault("x: 1\ntitle: a: b\n");
        assert_eq!(error.message, "mapping values are not allowed in this context");
        assert_eq!(error.at, 13);
        assert!(fault("a:\n\tb: 1\n").message.contains("found character that cannot start any token"));
        assert!(fault("k: !ruby/object:Gem {a: 1}").message.contains("!ruby/object:Gem"));
        assert_eq!(fault("\n- a\n").at, 1);
        assert!(fault("just text").message.contains("key: value"));
        assert!(fault("k: *nowhere").message.contains("unknown anchor"));
    }

    #[test]
    fn what_is_never_closed_is_shown_where_it_opens() {
        assert_eq!(fault("日本: 1\ntitle: \"a\ndate: 2\n").at, 10 + 7);
        assert_eq!(fault("title: 'a\n").at, 7);
        assert_eq!(fault("a: 題\ntags: [b, c\ndate: 2\n").at, 7 + 6);
        assert_eq!(fault("a: {b: 1\n").at, 3);
    }

    #[test]
    fn positions_count_from_the_start_of_the_file() {
        let file = "---\nk: a: b\n---\n";
        assert_eq!(parse(file, 4..12).unwrap_err().at, 8);
        let file = "---\nk: 15\nnull: ~\n---\n";
        let map = parse(file, 4..18).unwrap();
        assert_eq!(map.span("k"), Some(7..9));
        assert_eq!(map.span("null"), Some(10..14));
        assert_eq!(map.without_places().span("k"), None);
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut yaml = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let refs = vec![format!("*a{}", level - 1); 9].join(", ");
            yaml += &format!("a{level}: &a{level} [{refs}]\n");
        }
        assert!(fault(&yaml).message.contains("aliases"));
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert_eq!(fault(&format!("k: {}", "[".repeat(100_000))).at, 3 + 1000);
        assert!(fault(&format!("k: {}{}", "[".repeat(500), "]".repeat(500))).message.contains("recursion"));
    }

    #[test]
    fn many_keys_take_linear_time() {
        let yaml: String = (0..9_000).map(|n| format!("k{n}: {n}\n")).collect();
        assert_eq!(map(&yaml).iter().count(), 9_000);
    }

    #[test]
    fn a_block_has_at_most_128_kib() {
        for (open, close, syntax) in [("---\n#", "\n---\n", Syntax::Yaml), ("+++\n#", "\n+++\n", Syntax::Toml)] {
            let read = |len: usize| read_any(&format!("{open}{}{close}", "x".repeat(len - 2)));
            assert!(read(MAX_LEN).is_ok());
            assert_eq!(read(MAX_LEN + 1), Err(Error { message: TOO_LONG.into(), at: 4, syntax }));
        }
        let large: String = "- a\n".repeat(MAX_LEN);
        assert!(parse_any(&large).is_ok(), "data files may be larger");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(file in "(---\n)?[ -~\n\t\r:é'\"&*!<|>{}\\[\\],#-]{0,200}(\n---\n.*)?") {
            let _ = (read(&file), parse(&file, 0..file.len()));
        }

        #[test]
        fn what_is_written_is_read(text in "[a-zA-Z0-9 ':.é日-]{1,40}") {
            let yaml = format!("k: '{}'", text.replace('\'', "''"));
            proptest::prop_assert_eq!(scalar(&yaml).text, text);
        }
    }
}
