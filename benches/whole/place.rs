//! A blog on the disk, and what the program is told of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::corpus::{Corpus, Layout};
use crate::measure::Task;

/// A directory with a blog in it, and room for what is made of that.
pub(crate) struct Place {
    dir: PathBuf,
    pub(crate) posts: usize,
    /// The program that is measured.
    pub(crate) program: PathBuf,
}

/// Which formats a build writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formats {
    /// RSS, as Hugo.
    One,
    /// RSS, Atom, JSON Feed.
    Three,
}

impl Formats {
    fn list(self) -> &'static str {
        match self {
            Self::One => "[rss]",
            Self::Three => "[rss, atom, json]",
        }
    }

    /// As in "a cold build, …".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "one format",
            Self::Three => "three formats",
        }
    }
}

impl Place {
    /// Makes the directory, and the blog in it.
    pub(crate) fn new(dir: &Path, program: &Path, posts: usize, seed: u64) -> anyhow::Result<Self> {
        let place = Self { dir: dir.to_owned(), posts, program: program.to_owned() };
        let corpus = Corpus { posts, seed, layout: Layout::Jekyll, by_year: false, liquid: 0, bytes: 12_000 };
        corpus.write(&place.site()).with_context(|| format!("a blog of {posts} posts in {}", dir.display()))?;
        Ok(place)
    }

    /// Where the blog is.
    pub(crate) fn site(&self) -> PathBuf {
        self.path("site")
    }

    /// Where the blog's posts are.
    pub(crate) fn posts_dir(&self) -> PathBuf {
        self.path("site/_posts")
    }

    /// The posts' files.
    pub(crate) fn posts_named(&self) -> anyhow::Result<Vec<PathBuf>> {
        let names = fs::read_dir(self.posts_dir())?.map(|entry| Ok(entry?.path()));
        Ok(names.collect::<std::io::Result<_>>()?)
    }

    /// The newest post: it stands in all of its feeds.
    pub(crate) fn newest(&self) -> anyhow::Result<PathBuf> {
        self.posts_named()?.into_iter().max().context("a blog has a post")
    }

    /// Something beside the blog.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A file beside the blog.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(&self.dir))?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Moves something beside the blog out of the way, if it is there.
    ///
    /// Removing it would be cheaper in space, and would slow whoever makes files next: without a journal, ext4 passes over
    /// each inode that was freed in the last minutes.
    pub(crate) fn set_aside(&self, name: &str) -> anyhow::Result<()> {
        let aside = self.path("aside");
        fs::create_dir_all(&aside)?;
        let number = fs::read_dir(&aside)?.count();
        match fs::rename(self.path(name), aside.join(number.to_string())) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context(name.to_owned()),
            _ => Ok(()),
        }
    }

    /// Writes a configuration. `source` is what it says of the source. Nothing is scanned but on request.
    pub(crate) fn config(&self, name: &str, formats: Formats, source: &str) -> anyhow::Result<PathBuf> {
        let text = format!(
            "source: {{{source}}}\n\
             schedule: \"0 0 1 1 *\"\n\
             feeds: {{formats: {}, by: [category, tag]}}\n\
             output: {{dir: {}}}\n\
             server: {{listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\", public_url: \"https://blog.example.com/feeds/\"}}\n\
             store: {{url: \"sqlite:{}\"}}\n",
            formats.list(),
            self.path(&format!("{name}-out")).display(),
            self.path(&format!("{name}-state/tidings.db")).display(),
        );
        self.write(&format!("{name}.yaml"), &text)
    }

    /// Writes a configuration for the blog's directory, and gives the task of building it.
    pub(crate) fn build(&self, name: &str, formats: Formats) -> anyhow::Result<Task> {
        let config = self.config(name, formats, "path: site")?;
        Ok(Task::new(&self.program).args(["-q", "build", "-c"]).arg(config))
    }

    /// Whether the program knows what is said of the source here.
    pub(crate) fn understands(&self, source: &str) -> anyhow::Result<bool> {
        let config = self.write(
            "probe/tidings.yaml",
            &format!("site: {{url: \"https://blog.example.com\"}}\nsource: {{{source}}}\n"),
        )?;
        let mut command = Command::new(&self.program);
        let status = command.arg("check").arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        Ok(status.code() != Some(WRONG_CONFIG))
    }
}

/// This version's program, built as this one is.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tidings");
/// The program's exit status for a configuration that it does not take.
const WRONG_CONFIG: i32 = 2;
