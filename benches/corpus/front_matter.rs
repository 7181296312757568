//! Front matter as the author of a Jekyll blog writes it.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset};

use super::prose::{Language, clause};
use super::random::Random;
use super::terms::Terms;
use super::words::{AUTHORS, NOUNS_EN};

/// What stands at the head of a post, and what its name is made of.
pub(super) struct FrontMatter<'a> {
    pub(super) date: DateTime<FixedOffset>,
    pub(super) slug: String,
    pub(super) language: Language,
    title: String,
    category: &'static str,
    tags: Vec<&'a str>,
    author: &'static str,
    description: String,
}

impl<'a> FrontMatter<'a> {
    pub(super) fn new(random: &mut Random, date: DateTime<FixedOffset>, terms: &'a Terms) -> Self {
        let language = if random.below(10) < 3 { Language::English } else { Language::Japanese };
        let clause = |random: &mut Random| {
            let mut text = String::new();
            clause(random, language, &mut text);
            text
        };
        Self {
            date,
            slug: format!("{}-{}", random.pick(NOUNS_EN), random.pick(NOUNS_EN)),
            language,
            title: clause(random),
            category: terms.category(random),
            tags: terms.tags(random),
            author: random.pick(AUTHORS),
            description: format!("{} / {}", clause(random), clause(random)),
        }
    }

    /// Everything up to the closing line, and an empty one.
    pub(super) fn write(&self, text: &mut String) {
        let Self { title, category, author, description, .. } = self;
        let (date, tags) = (self.date.format("%Y-%m-%d %H:%M:%S %z"), self.tags.join(", "));
        write!(
            text,
            "---\ntitle: \"{title}\"\ndate: {date}\ncategories: [{category}]\ntags: [{tags}]\nauthor: {author}\n\
             description: \"{description}\"\n---\n\n"
        )
        .expect("a string takes whatever is written");
    }
}
