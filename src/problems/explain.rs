//! What each code means, at length: one Markdown file a code, beside this one.
//!
//! A file opens with `# T001: title`; a text and an example that raises the code follow. `tests/it/explain.rs` runs the examples.

use super::Code;

impl Code {
    /// The code of this name, in upper or lower case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// What it is called, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        let heading = self.explanation().lines().next().unwrap_or_default();
        heading.split_once(": ").map_or(heading, |(_, title)| title)
    }

    /// What it means, why it matters, an example and how to mend it, as Markdown.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Unreadable => include_str!("explain/T001.md"),
            Self::NotUtf8 => include_str!("explain/T002.md"),
            Self::TooLarge => include_str!("explain/T003.md"),
            Self::FrontMatter => include_str!("explain/T004.md"),
            Self::Date => include_str!("explain/T005.md"),
            Self::Field => include_str!("explain/T006.md"),
            Self::Permalink => include_str!("explain/T007.md"),
            Self::DuplicateUrl => include_str!("explain/T008.md"),
            Self::ForbiddenCharacter => include_str!("explain/T009.md"),
            Self::Template => include_str!("explain/T010.md"),
            Self::Undated => include_str!("explain/T011.md"),
            Self::Occupied => include_str!("explain/T012.md"),
            Self::Repaired => include_str!("explain/T013.md"),
            Self::LastGoodLost => include_str!("explain/T014.md"),
            Self::DuplicateId => include_str!("explain/T015.md"),
            Self::Config => include_str!("explain/T016.md"),
            Self::TermPath => include_str!("explain/T017.md"),
            Self::NoPosts => include_str!("explain/T018.md"),
            Self::Untold => include_str!("explain/T019.md"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_explanation_is_that_of_its_code() {
        for code in Code::ALL {
            let text = code.explanation();
            assert!(text.starts_with(&format!("# {code}: {}\n\n", code.title())), "{code}: {text}");
            assert!(text.contains("\n## Example\n") && text.ends_with("\n"), "{code}");
            let too_wide = text.lines().find(|line| line.chars().count() > 100);
            assert_eq!(too_wide, None, "{code} is read in a terminal");
        }
    }

    #[test]
    fn a_code_is_found_by_its_name() {
        assert_eq!(Code::from_name("T012"), Some(Code::Occupied));
        assert_eq!(Code::from_name(" t001 "), Some(Code::Unreadable));
        assert_eq!(Code::from_name("T1"), None);
    }
}
