//! A watch of real directories. Nothing sleeps: what does not come in time fails the test.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// A directory that is watched, but for `_site` and what Tidings writes in `feeds`.
struct Watched {
    dir: TempDir,
    watch: Watch,
}

fn area(path: PathBuf) -> Area {
    let feeds = path.join("feeds");
    Area::new(path, Arc::new(|dir| dir != "_site"), Arc::new(|file| file.ends_with(".md")), vec![feeds])
}

fn only(paths: &[&str]) -> Touched {
    Touched::Only(paths.iter().map(|path| (*path).to_owned()).collect())
}

impl Watched {
    async fn with(paths: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for path in paths {
            write(&dir.path().join(path));
        }
        let watch = Watch::start(area(dir.path().to_owned()));
        let watched = Self { dir, watch };
        assert_eq!(watched.next().await, Touched::Anything, "what was before is not known");
        watched
    }

    fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    async fn next(&self) -> Touched {
        timeout(PATIENCE, self.watch.next()).await.expect("nothing was noticed")
    }

    /// What is touched until `mark` is, which comes last.
    async fn until(&self, mark: &str) -> Touched {
        write(&self.file(mark));
        let mut all = Touched::nothing();
        loop {
            let more = self.next().await;
            let is_last = matches!(&more, Touched::Only(paths) if paths.contains(mark)) || more == Touched::Anything;
            all.add(more);
            if is_last {
                return all;
            }
        }
    }
}

fn write(file: &Path) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, "x").unwrap();
}

#[tokio::test]
async fn a_saved_file_and_no_other_is_touched() {
    let watched = Watched::with(&["_posts/a.md", "_posts/b.md", "_site/a.html", ".git/HEAD"]).await;
    fs::read(watched.file("_posts/b.md")).unwrap();
    for ours in ["feeds/feed.atom", "_site/a.html", ".git/index", "_posts/.a.md.swp", "_posts/4913"] {
        write(&watched.file(ours));
    }
    assert_eq!(watched.until("_posts/a.md").await, only(&["_posts/a.md"]));
    fs::write(watched.file("_posts/tmp.123"), "x").unwrap();
    fs::rename(watched.file("_posts/tmp.123"), watched.file("_posts/b.md")).unwrap();
    fs::remove_file(watched.file("_posts/a.md")).unwrap();
    assert_eq!(watched.until("mark").await, only(&["_posts/a.md", "_posts/b.md", "_posts/tmp.123", "mark"]));
}

#[tokio::test]
async fn a_directory_that_comes_is_watched_with_all_below() {
    let watched = Watched::with(&["a.md"]).await;
    write(&watched.file("new/deep/er/a.md"));
    let first = watched.until("mark-1").await;
    assert!(matches!(&first, Touched::Only(paths) if paths.contains("new")), "{first:?}");
    assert_eq!(watched.until("new/deep/er/b.md").await, only(&["new/deep/er/b.md"]));

    fs::rename(watched.file("new"), watched.file("other")).unwrap();
    assert_eq!(watched.until("mark-2").await, only(&["new", "other", "mark-2"]));
    assert_eq!(watched.until("other/deep/er/a.md").await, only(&["other/deep/er/a.md"]));
    // Who was there before has left nothing behind.
    write(&watched.file("new/deep/a.md"));
    let again = watched.until("mark-3").await;
    assert!(matches!(&again, Touched::Only(paths) if paths.contains("new")), "{again:?}");
    assert_eq!(watched.until("new/deep/b.md").await, only(&["new/deep/b.md"]));
}

#[tokio::test]
async fn a_log_that_is_never_closed_is_no_matter() {
    use std::io::Write as _;
    let watched = Watched::with(&["a.md"]).await;
    let mut log = fs::File::create(watched.file("tidings.log")).unwrap();
    watched.until("mark").await;
    writeln!(log, "scanned").unwrap();
    assert_eq!(watched.until("a.md").await, only(&["a.md"]));
    let mut post = fs::File::create(watched.file("b.md")).unwrap();
    writeln!(post, "half").unwrap();
    assert!(timeout(burst::LONGEST * 2, watched.watch.next()).await.is_err());
    drop(post);
    assert_eq!(watched.next().await, only(&["b.md"]));
}

#[tokio::test]
async fn while_git_is_at_work_nothing_is_looked_at() {
    let watched = Watched::with(&["a.md", "b.md", ".git/HEAD"]).await;
    write(&watched.file(".git/index.lock"));
    write(&watched.file("a.md"));
    // Longer than a tree has to be at rest: Git's own end, not that, is waited for.
    assert!(timeout(burst::LONGEST * 2, watched.watch.next()).await.is_err());
    write(&watched.file("b.md"));
    fs::remove_file(watched.file(".git/index.lock")).unwrap();
    assert_eq!(watched.next().await, only(&["a.md", "b.md"]));
}

#[tokio::test]
async fn other_rules_watch_other_directories() {
    let watched = Watched::with(&["a.md", "_site/a.md"]).await;
    watched.watch.follow(Area::new(watched.dir.path().to_owned(), Arc::new(|_| true), Arc::new(|_| true), Vec::new()));
    assert_eq!(watched.next().await, Touched::Anything);
    assert_eq!(watched.until("_site/a.md").await, only(&["_site/a.md"]));
}

#[tokio::test]
async fn a_root_that_goes_comes_back() {
    let watched = Watched::with(&["a.md"]).await;
    let aside = watched.dir.path().with_extension("aside");
    fs::rename(watched.dir.path(), &aside).unwrap();
    assert_eq!(watched.next().await, Touched::Anything);
    assert_eq!(watched.watch.taken(), Touched::Anything, "nobody watches");
    fs::rename(&aside, watched.dir.path()).unwrap();
    assert_eq!(watched.next().await, Touched::Anything);
    assert_eq!(watched.until("a.md").await, only(&["a.md"]));
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_is_switched_is_followed() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| dir.path().join(path);
    for release in ["releases/1/a.md", "releases/2/a.md"] {
        write(&at(release));
    }
    symlink("releases/1", at("current")).unwrap();
    let watch = Watch::start(area(at("current")));
    let next = async || timeout(PATIENCE, watch.next()).await.expect("nothing was noticed");
    assert_eq!(next().await, Touched::Anything);
    symlink("releases/2", at("next")).unwrap();
    fs::rename(at("next"), at("current")).unwrap();
    assert_eq!(next().await, Touched::Anything);
    // The switch is one word, or two: the end of the old watch and the begin of the new one.
    write(&at("releases/2/a.md"));
    while next().await == Touched::Anything {}
    write(&at("releases/1/a.md"));
    write(&at("releases/2/b.md"));
    assert_eq!(next().await, only(&["b.md"]));
}

#[cfg(unix)]
#[tokio::test]
async fn where_files_have_several_names_any_may_be_meant() {
    use std::os::unix::fs::symlink;
    let watched = Watched::with(&["a.md", "_site/store/b.md", "_site/c.md"]).await;
    symlink("_site/store", watched.file("linked")).unwrap();
    assert_eq!(watched.next().await, Touched::Anything);
    write(&watched.file("_site/store/b.md"));
    assert_eq!(watched.next().await, Touched::Anything);
    symlink("_site/c.md", watched.file("c.md")).unwrap();
    assert_eq!(watched.next().await, Touched::Anything);
    write(&watched.file("_site/c.md"));
    assert_eq!(watched.next().await, Touched::Anything);
}
