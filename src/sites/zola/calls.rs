//! Shortcodes as they are written: `{{ name(arg="text", n=1) }}`.
//!
//! In: the text behind the braces. Out: name and arguments. Never: what a shortcode does.

/// Longer calls are taken for text.
const MAX_LEN: usize = 4096;

/// A shortcode with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    /// Texts, numbers and booleans as they are written; lists are left out.
    pub(super) args: Vec<(&'a str, &'a str)>,
}

impl<'a> Call<'a> {
    /// The call that `text` starts with and the `closer` behind it, and how long both are.
    pub(super) fn parse(text: &'a str, closer: &str) -> Option<(Self, usize)> {
        let mut end = text.len().min(MAX_LEN);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut cursor = Cursor { rest: &text[..end] };
        let name = cursor.name()?;
        cursor.skip("(")?;
        let mut args = Vec::new();
        while !cursor.rest.trim_ascii_start().starts_with(')') {
            let key = cursor.name()?;
            cursor.skip("=")?;
            args.extend(cursor.value()?.map(|value| (key, value)));
            if cursor.skip(",").is_none() {
                break;
            }
        }
        cursor.skip(")")?;
        cursor.skip(closer)?;
        Some((Self { name, args }, end - cursor.rest.len()))
    }

    /// The argument of this name.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.args.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// The first of these that is there.
    pub(super) fn first(&self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|key| self.get(key))
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Past white space and `token`.
    fn skip(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.trim_ascii_start().strip_prefix(token)?;
        Some(())
    }

    fn name(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_ascii_start();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = self.take(self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len()));
        Some(name).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
    }

    /// One value; `Some(None)` for a list.
    fn value(&mut self) -> Option<Option<&'a str>> {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.chars().next()? {
            '"' | '\'' | '`' => self.quoted().map(Some),
            '[' => self.list().map(|()| None),
            _ => {
                let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
                let bare = self.take(self.rest.find(|c| !is_bare(c)).unwrap_or(self.rest.len()));
                let is_value = matches!(bare, "true" | "false") || bare.parse::<f64>().is_ok();
                is_value.then_some(Some(bare))
            }
        }
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let quote = self.rest.chars().next()?;
        let inside = &self.rest[1..];
        let end = inside.find(quote)?;
        self.rest = &inside[end + 1..];
        Some(&inside[..end])
    }

    /// Past a list and the lists in it.
    fn list(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.rest = self.rest.trim_ascii_start();
            match self.rest.chars().next()? {
                '"' | '\'' | '`' => drop(self.quoted()?),
                c @ ('[' | ']' | ',' | '-' | '.' | 'a'..='z' | '0'..='9') => {
                    self.rest = &self.rest[1..];
                    match c {
                        '[' => depth += 1,
                        ']' => depth -= 1,
                        _ => {}
                    }
                }
                _ => return None,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(String, usize)> {
        Call::parse(text, "}}").map(|(call, len)| {
            let args: String = call.args.iter().map(|(key, value)| format!(" {key}={value}")).collect();
            (format!("{}{args}", call.name), len)
        })
    }

    #[test]
    fn calls_have_a_name_and_arguments() {
        for (text, expected) in [
            (" youtube() }} x", "youtube"),
            ("a( id = \"x y\", n=-1.5,\n b=true , c='d', e=`f`,) }}", "a id=x y n=-1.5 b=true c=d e=f"),
            ("a(l=[\"]\", [1, 'x']], m=2)}}", "a m=2"),
        ] {
            let (call, len) = parsed(text).unwrap();
            assert_eq!((call.as_str(), &text[len - 2..len]), (expected, "}}"), "{text}");
        }
    }

    #[test]
    fn what_is_no_call_is_text() {
        for text in [
            "a }}",
            "a(1)}}",
            "a(b=c)}}",
            "a.b()}}",
            "1a()}}",
            "a(b=\"x)}}",
            "a()",
            "a() %}",
            "()}}",
            "",
            "a(l=[)}}",
            "a(l=])}}",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[a-c]\\([a=\"'`\\[\\],.é 0-9)]{0,40}\\) ?\\}?\\}?") {
            let _ = parsed(&text);
        }
    }
}
