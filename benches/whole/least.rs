//! What a build takes at the least, whoever writes it: reading all posts, turning the bodies that feeds show into HTML, and
//! writing what comes out. And what it takes if the crates that Tidings is built on do all that a crate can do of it.
//!
//! Nothing here looks at a date, knows a dialect, makes a link absolute, or chooses what a feed shows: what a build takes
//! beyond this, it takes for those.

use std::collections::HashSet;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use pulldown_cmark::html::push_html;
use pulldown_cmark::{Options, Parser};
use rayon::prelude::*;

use crate::measure::settle;
use crate::place::Place;

/// What a build read and wrote.
pub(crate) struct Least {
    posts: Vec<PathBuf>,
    /// How many bodies the feeds show.
    pub(crate) shown: usize,
    /// What was written, by place below the output directory.
    documents: Vec<(PathBuf, Document)>,
}

struct Document {
    bytes: Vec<u8>,
    /// What it holds, if it is a feed.
    channel: Option<rss::Channel>,
}

/// How much of a build is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The Markdown parser and its own writer.
    Parser,
    /// That, front matter by the YAML reader, and feeds by the crate for RSS.
    Crates,
}

impl Least {
    /// Of the build that wrote `build-out`, in one format.
    pub(crate) fn of(place: &Place) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        collect(&place.path("build-out"), Path::new(""), &mut files)?;
        let (mut documents, mut shown) = (Vec::new(), HashSet::new());
        for (path, bytes) in files {
            let is_feed = path.extension().is_some_and(|extension| extension == "rss");
            let channel = is_feed.then(|| rss::Channel::read_from(&bytes[..])).transpose();
            let channel = channel.with_context(|| path.display().to_string())?;
            let items = channel.iter().flat_map(|channel| &channel.items);
            shown.extend(items.filter_map(|item| item.link.clone()));
            documents.push((path, Document { bytes, channel }));
        }
        Ok(Self { posts: place.posts_named()?, shown: shown.len(), documents })
    }

    /// Does all of it on all cores; how many seconds that took.
    pub(crate) fn run(&self, place: &Place, by: By) -> anyhow::Result<f64> {
        place.set_aside("least-out")?;
        settle()?;
        let started = Instant::now();
        let read = |(number, path): (usize, &PathBuf)| {
            let text = fs::read_to_string(path)?;
            let (front_matter, body) = text.split_once("\n---\n").context("a post has front matter")?;
            if by == By::Crates {
                black_box(serde_yaml::from_str::<serde_yaml::Value>(front_matter)?);
            }
            // Bodies are alike, so that it does not matter which of them the feeds show.
            Ok(if number < self.shown { html(body) } else { body.len() })
        };
        black_box(self.posts.par_iter().enumerate().map(read).collect::<anyhow::Result<Vec<usize>>>()?);
        let out = place.path("least-out");
        self.documents.par_iter().try_for_each(|(path, document)| {
            let path = out.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&out))?;
            match document.channel.as_ref().filter(|_| by == By::Crates) {
                Some(channel) => fs::write(path, channel.pretty_write_to(Vec::new(), b' ', 2)?)?,
                None => fs::write(path, &document.bytes)?,
            }
            anyhow::Ok(())
        })?;
        Ok(started.elapsed().as_secs_f64())
    }
}

/// The length of what the parser and its own writer make of a body.
fn html(body: &str) -> usize {
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_DEFINITION_LIST;
    let mut html = String::with_capacity(body.len() + body.len() / 4);
    push_html(&mut html, Parser::new_ext(body, options));
    html.len()
}

/// The files below `root`.
fn collect(root: &Path, below: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => collect(root, &path, files)?,
            false => files.push((path, fs::read(entry.path())?)),
        }
    }
    Ok(())
}
