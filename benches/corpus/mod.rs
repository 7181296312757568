//! A blog of any size, made from a seed.
//!
//! In: a [`Corpus`]. Out: its files, the same bytes for the same options on every machine, in whatever order they are made.
//! Never: reads a clock, or a file.

#![expect(clippy::disallowed_methods, reason = "a program for development writes files of its own")]

mod front_matter;
mod prose;
#[path = "../../tests/fuzz/random.rs"]
mod random;
mod terms;
mod words;

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, FixedOffset, TimeDelta};
use rayon::prelude::*;

use self::front_matter::FrontMatter;
use self::random::Random;
use self::terms::Terms;

/// What a blog is to be like.
#[derive(Debug, Clone)]
pub(crate) struct Corpus {
    /// How many posts it has.
    pub(crate) posts: usize,
    /// Another seed, other words.
    pub(crate) seed: u64,
    /// Whose conventions it follows.
    pub(crate) layout: Layout,
    /// Whether there is a directory for each year.
    pub(crate) by_year: bool,
    /// How many posts of a hundred hold Liquid; none in Hugo's layout.
    pub(crate) liquid: usize,
    /// About how many bytes a post has.
    pub(crate) bytes: usize,
}

/// How a blog's files are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Layout {
    /// `_config.yml`, `_posts/YYYY-MM-DD-slug.md`
    Jekyll,
    /// `hugo.toml`, `content/posts/slug.md`
    Hugo,
}

/// The first instant at which a post may be dated. All are in the past, so that each is live.
const FIRST: &str = "2009-01-01T00:00:00+09:00";
/// From the first post to the last.
const YEARS: i64 = 15;

/// How long the posts of a blog are spread over.
const SPAN: i64 = YEARS * 365 * 24 * 60 * 60;

impl Corpus {
    /// Writes the blog's files below `dir`, which need not be there.
    ///
    /// # Errors
    ///
    /// If one of them cannot be written.
    pub(crate) fn write(&self, dir: &Path) -> io::Result<()> {
        for (path, text) in self.settings() {
            let file = dir.join(path);
            fs::create_dir_all(file.parent().unwrap_or(dir))?;
            fs::write(file, text)?;
        }
        for path in self.directories() {
            fs::create_dir_all(dir.join(path))?;
        }
        let terms = Terms::new();
        (0..self.posts).into_par_iter().try_for_each_init(String::new, |text, number| {
            let path = self.post(number, &terms, text);
            fs::write(dir.join(path), &text)
        })
    }

    /// Makes a post into `text`, and says where it belongs. Posts are numbered from the oldest.
    fn post(&self, number: usize, terms: &Terms, text: &mut String) -> String {
        let random = &mut Random::new(self.seed, "post", number as u64);
        let date = self.date(number, random);
        let front = FrontMatter::new(random, date, terms);
        text.clear();
        front.write(text);
        let has_liquid = self.layout == Layout::Jekyll && random.below(100) < self.liquid;
        prose::body(random, front.language, self.bytes, has_liquid, text);
        let year = if self.by_year { front.date.format("%Y/").to_string() } else { String::new() };
        let name = format!("{}-{number:06}.md", front.slug);
        match self.layout {
            Layout::Jekyll => format!("_posts/{year}{}-{name}", front.date.format("%Y-%m-%d")),
            Layout::Hugo => format!("content/posts/{year}{name}"),
        }
    }

    /// Dates go up with the numbers, and no two posts share one, up to some millions of posts.
    fn date(&self, number: usize, random: &mut Random) -> DateTime<FixedOffset> {
        let first: DateTime<FixedOffset> = FIRST.parse().expect("the constant is a date");
        let step = (SPAN / i64::try_from(self.posts).unwrap_or(SPAN)).max(1);
        let within = random.below(usize::try_from(step).unwrap_or(1));
        let seconds = step * i64::try_from(number).unwrap_or(0) + i64::try_from(within).unwrap_or(0);
        first + TimeDelta::seconds(seconds)
    }

    fn directories(&self) -> Vec<String> {
        let posts = match self.layout {
            Layout::Jekyll => "_posts",
            Layout::Hugo => "content/posts",
        };
        let years = (0..YEARS).map(|year| format!("{posts}/{}", 2009 + year));
        if self.by_year { years.collect() } else { vec![posts.to_owned()] }
    }

    /// What a generator wants to know of the site.
    fn settings(&self) -> Vec<(&'static str, &'static str)> {
        match self.layout {
            Layout::Jekyll => vec![("_config.yml", CONFIG_YML), ("_includes/note.html", NOTE)],
            Layout::Hugo => vec![("hugo.toml", HUGO_TOML)],
        }
    }
}

const CONFIG_YML: &str = "\
title: 測るためのブログ
description: Posts that nobody wrote
url: https://blog.example.com
lang: ja
timezone: Asia/Tokyo
author: 編集部
permalink: pretty
markdown: kramdown
";

const NOTE: &str = "<aside class=\"note\">{{ include.text }} ({{ site.title }})</aside>\n";

const HUGO_TOML: &str = "\
title = '測るためのブログ'
baseURL = 'https://blog.example.com/'
locale = 'ja'
timeZone = 'Asia/Tokyo'
";
