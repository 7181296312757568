//! Slugs as Zola makes them.

/// How a text becomes part of a path: `slugify.paths`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Slugify {
    /// Transliterated to ASCII, in lower case, with hyphens: 日本 → `ri-ben`.
    #[default]
    On,
    /// Without what file systems forbid.
    Safe,
    /// As it is.
    Off,
}

impl Slugify {
    /// The strategy of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "on" => Some(Self::On),
            "safe" => Some(Self::Safe),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    pub(super) fn apply(self, text: &str) -> String {
        match self {
            Self::On => slug::slugify(text),
            Self::Safe => text.trim_end_matches([' ', '.']).replace(is_forbidden, ""),
            Self::Off => text.to_owned(),
        }
    }
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_slugs_as_in_zola() {
        for (text, on, safe) in [
            ("日本", "ri-ben", "日本"),
            ("Hello & World", "hello-world", "Hello & World"),
            ("What? <b>: a/b.. ", "what-b-a-b", "What b ab"),
            ("Übung_1", "ubung-1", "Übung_1"),
        ] {
            assert_eq!((Slugify::On.apply(text).as_str(), Slugify::Safe.apply(text).as_str()), (on, safe));
            assert_eq!(Slugify::Off.apply(text), text);
        }
    }
}
