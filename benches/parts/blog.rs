//! A blog of the corpus, read as a scan reads it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tidings::catalog::{Catalog, Given, Naming};
use tidings::config::{Config, ConfigFile, Generator, Surroundings};
use tidings::feeds::compose::{compose, entry};
use tidings::feeds::plan::{Planned, plan};
use tidings::feeds::{Entry, Feed};
use tidings::posts::liquid::Value;
use tidings::posts::{self, Post, Source as Text};
use tidings::sites::{Files, Outcome, Pages, Rules, SettingsError, Site};

use crate::corpus::{Corpus, Layout};

/// Enough for twenty posts in many feeds.
const POSTS: usize = 400;
/// Larger posts are not read, in bytes.
pub(crate) const MAX_POST: u64 = 2 << 20;

/// A blog on the disk, and all that is known of it.
pub(crate) struct Blog {
    pub(crate) dir: TempDir,
    /// Paths and texts, the oldest first.
    pub(crate) files: Vec<(String, String)>,
    site: Arc<Site>,
    pub(crate) config: Config,
}

impl Blog {
    /// A Jekyll blog; of a hundred posts so many hold Liquid.
    pub(crate) fn new(liquid: usize) -> Self {
        let dir = tempfile::tempdir().expect("there is room for a directory");
        let corpus = Corpus { posts: POSTS, seed: 1, layout: Layout::Jekyll, by_year: false, liquid, bytes: 12_000 };
        corpus.write(dir.path()).expect("there is room for the blog");
        let opened =
            Site::open(Some(Generator::Jekyll), &Settings { root: dir.path() }).expect("the settings are sound");
        let file = ConfigFile::parse("tidings.yaml", dir.path(), String::new()).expect("an empty file is sound");
        let around = Surroundings { out: None, env: None };
        let config = file.check(&opened.defaults, &around).expect("the defaults are sound");
        let files = read(dir.path());
        Self { dir, files, site: opened.site, config }
    }

    /// What stands in one file.
    pub(crate) fn post(&self, path: &str, text: &str) -> Post {
        let rules = self.rules();
        match self.site.read(path, text.as_bytes(), &rules).outcome {
            Outcome::Post(post) => *post,
            outcome => panic!("every file of the corpus is a post, {path} is {outcome:?}"),
        }
    }

    /// A post's text after its template was run, and as HTML.
    pub(crate) fn rendered(&self, post: &Post, text: &str) -> posts::Rendered {
        let source = match post.template {
            true => self.site.expand(post, text, &self.rules(), &Alone).source,
            false => Text::of(post, text),
        };
        posts::render(post, &source)
    }

    /// What a template makes of a text.
    pub(crate) fn expanded(&self, post: &Post, text: &str) -> usize {
        self.site.expand(post, text, &self.rules(), &Alone).source.body.len()
    }

    pub(crate) fn posts(&self) -> Vec<Arc<Post>> {
        self.files.iter().map(|(path, text)| Arc::new(self.post(path, text))).collect()
    }

    /// The site's own feed.
    pub(crate) fn feed(&self) -> Feed {
        let given = Given::default();
        let naming = Naming::new(&self.config.feeds, &given);
        let catalog = Catalog::new(self.posts(), &self.config.site, &naming);
        let plan = plan(&catalog, &self.config);
        let planned = &plan.feeds[0];
        let entries = planned.posts.iter().map(|&at| Arc::new(self.entry(&catalog.posts[at], planned)));
        let entries: Vec<Arc<Entry>> = entries.collect();
        let newest = entries.iter().map(|entry| entry.updated).max();
        Feed { entries, ..compose(planned, newest, &catalog, &self.config) }
    }

    fn entry(&self, post: &Post, planned: &Planned) -> Entry {
        let text = self.files.iter().find(|(path, _)| *path == post.path).map_or("", |(_, text)| text);
        entry(post, &post.id, post.published, Some(&self.rendered(post, text)), planned, &self.config)
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            site: &self.config.site,
            permalink: &self.config.source.permalink,
            max_post_bytes: MAX_POST,
            prints: true,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads files of its own")]
fn read(root: &Path) -> Vec<(String, String)> {
    let dir = fs::read_dir(root.join("_posts")).expect("the blog is there");
    let mut files: Vec<_> = dir
        .map(|entry| {
            let path = entry.expect("the blog is there").path();
            let text = fs::read_to_string(&path).expect("the blog is there");
            (format!("_posts/{}", path.file_name().unwrap_or_default().display()), text)
        })
        .collect();
    files.sort_unstable();
    files
}

/// The files beside the posts.
struct Settings<'a> {
    root: &'a Path,
}

impl Files for Settings<'_> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads files of its own")]
    fn text(&self, path: &str) -> Result<Option<Arc<str>>, SettingsError> {
        Ok(fs::read_to_string(self.root.join(path)).ok().map(Arc::from))
    }

    fn below(&self, dir: &str) -> Result<Vec<String>, SettingsError> {
        Ok(if dir == "_includes" { vec!["_includes/note.html".to_owned()] } else { Vec::new() })
    }

    fn picked(&self, _dir: &str, _passes: fn(&str) -> bool) -> Result<Vec<String>, SettingsError> {
        Ok(Vec::new())
    }

    fn is_directory(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }
}

/// A post without others beside it.
struct Alone;

impl Pages for Alone {
    fn text(&self, _path: &str) -> Option<Arc<str>> {
        None
    }

    fn url(&self, _path: &str) -> Option<String> {
        None
    }

    fn named(&self, _stem: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn posts(&self) -> &[Arc<Post>] {
        &[]
    }

    fn kept(&self, _name: &'static str, make: &dyn Fn() -> Value) -> Value {
        make()
    }
}
