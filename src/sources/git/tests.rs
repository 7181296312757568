//! Commits of made-up repositories, made by the git program.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;
use crate::sources::Unreadable;

/// A bare repository.
struct Repository {
    dir: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { dir: tempfile::tempdir().unwrap() };
        repository.git(&["init", "-q", "--bare", "-b", "main", "."], b"");
        repository
    }

    fn git(&self, args: &[&str], input: &[u8]) -> String {
        let mut command = Command::new("git");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-C"]).arg(self.dir.path()).args(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{args:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn blob(&self, text: &[u8]) -> String {
        self.git(&["hash-object", "-w", "--stdin"], text)
    }

    /// A tree as it is written, whether git would have made it or not. Of links, the id is that of the target as a blob.
    fn tree(&self, entries: &[(&str, &[u8], &str)]) -> String {
        let id =
            |hex: &str| (0..20).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect::<Vec<_>>();
        let entry = |(mode, name, hex): &(&str, &[u8], &str)| [mode.as_bytes(), b" ", name, b"\0", &id(hex)].concat();
        let bytes: Vec<u8> = entries.iter().flat_map(entry).collect();
        self.git(&["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], &bytes)
    }

    fn commit(&self, tree: &str) {
        let commit = self.git(&["commit-tree", "-m", "x", tree], b"");
        self.git(&["update-ref", "refs/heads/main", &commit], b"");
    }

    /// A commit of these files; a path with ` -> ` is a link.
    fn files(&self, files: &[(&str, &str)]) {
        let mut index = String::new();
        for (path, text) in files {
            let (mode, path, text) = match path.split_once(" -> ") {
                Some((path, target)) => ("120000", path, target),
                None => ("100644", *path, *text),
            };
            index += &format!("{mode} {}\t{path}\n", self.blob(text.as_bytes()));
        }
        self.git(&["read-tree", "--empty"], b"");
        self.git(&["update-index", "--add", "--index-info"], index.as_bytes());
        self.commit(&self.git(&["write-tree"], b""));
    }

    fn source(&self) -> Git {
        Git {
            address: Address::Local(self.dir.path().to_owned()),
            branch: None,
            path: String::new(),
            mirrors: self.dir.path().join("mirrors"),
            max_bytes: 1 << 30,
            timeout: Duration::from_secs(60),
        }
    }

    fn open(&self) -> Commit {
        open(&self.source()).unwrap()
    }
}

fn open(git: &Git) -> Result<Commit, SourceError> {
    Commit::open(git, &|_, _, _| {})
}

fn all(commit: &Commit) -> Snapshot {
    commit.snapshot(&|_| true, &|_| true).unwrap()
}

fn paths(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.files.iter().map(|found| found.path.as_str()).collect()
}

fn refused(snapshot: &Snapshot) -> Vec<(&str, &str)> {
    snapshot.unreadable.iter().map(|unreadable| (unreadable.path.as_str(), unreadable.reason.as_str())).collect()
}

fn only(paths: &[&str]) -> Touched {
    Touched::Only(paths.iter().map(|path| (*path).to_owned()).collect())
}

#[test]
fn the_files_of_a_commit_are_found_and_read() {
    let repository = Repository::new();
    repository.files(&[("a/x.md", "one"), ("a/y.txt", ""), ("b/x.md", ""), ("日.md", "二")]);
    let commit = repository.open();
    let snapshot = commit.snapshot(&|path| path != "b", &|path| path.ends_with(".md")).unwrap();
    assert_eq!(paths(&snapshot), ["a/x.md", "日.md"]);
    assert_eq!(commit.read("a/x.md", 99).unwrap(), b"one");
    assert_eq!(commit.stamp("a/x.md"), Some(snapshot.files[0].stamp));
    assert_eq!((commit.size("日.md"), commit.size("a"), commit.size("c")), (Some(3), None, None));
    assert!(commit.has_directory("a") && commit.has_directory("") && !commit.has_directory("a/x.md"));
    assert_eq!(commit.list("a", &|_| true, &|_| true).unwrap(), ["a/x.md", "a/y.txt"]);
    assert!(commit.list("none", &|_| true, &|_| true).unwrap().is_empty());
    assert!(commit.read("a", 9).is_err() && commit.read("a/x.md/z", 9).is_err());
}

#[test]
fn of_a_file_that_is_too_large_one_byte_too_many_is_given_and_none_is_read() {
    let repository = Repository::new();
    repository.files(&[("x.md", "abcdef")]);
    let commit = repository.open();
    assert_eq!(commit.read("x.md", 3).unwrap(), b"    ");
    assert_eq!(commit.read("x.md", 6).unwrap(), b"abcdef");
}

#[test]
fn a_directory_of_the_repository_is_a_root_of_its_own() {
    let repository = Repository::new();
    repository.files(&[("blog/x.md", "one"), ("blog/out.md -> ../y.md", ""), ("y.md", "")]);
    let commit = open(&Git { path: "blog".to_owned(), ..repository.source() }).unwrap();
    let snapshot = all(&commit);
    assert_eq!(paths(&snapshot), ["x.md"]);
    assert_eq!(refused(&snapshot), [("out.md", "the link leads out of the source")]);
    assert_eq!(commit.stamp("../y.md"), None);
    let error = open(&Git { path: "none".to_owned(), ..repository.source() }).unwrap_err().to_string();
    assert!(error.contains("`none`") && error.contains("source.path"), "{error}");
}

#[test]
fn links_are_followed_as_in_a_directory() {
    let repository = Repository::new();
    repository.files(&[
        ("real/x.md", "one"),
        ("linked -> real", ""),
        ("circle -> .", ""),
        ("y.md -> real/../real/x.md", ""),
        ("up.md -> ../x.md", ""),
        ("root.md -> /etc/passwd", ""),
        ("gone.md -> nowhere", ""),
        ("a.md -> b.md", ""),
        ("b.md -> a.md", ""),
        ("_store/z.md", ""),
        ("shown -> _store", ""),
    ]);
    let commit = repository.open();
    let snapshot = commit.snapshot(&|path| !path.starts_with('_'), &|_| true).unwrap();
    assert_eq!(paths(&snapshot), ["real/x.md", "shown/z.md", "y.md"]);
    let circle = "the link leads in a circle";
    let out = "the link leads out of the source";
    let expected = [
        ("a.md", circle),
        ("b.md", circle),
        ("gone.md", "the link leads to nothing"),
        ("root.md", out),
        ("up.md", out),
    ];
    assert_eq!(refused(&snapshot), expected);
    assert!(snapshot.whole);
    assert_eq!(commit.read("circle/circle/linked/x.md", 9).unwrap(), b"one");
}

#[test]
fn what_no_checkout_would_hold_is_refused_and_the_rest_is_read() {
    let repository = Repository::new();
    let (blob, none) = (repository.blob(b"one"), "0123456789012345678901234567890123456789");
    let posts = repository.tree(&[
        ("100644", b"good.md", &blob),
        ("100644", b"\xff.md", &blob),
        ("100644", b"..", &blob),
        ("40000", b".git", &repository.tree(&[("100644", b"config", &blob)])),
        ("100644", b"/etc/passwd", &blob),
        ("100644", b"Post.md", &blob),
        ("100644", b"post.md", &blob),
        ("100644", b"twice.md", &blob),
        ("100644", b"twice.md", &blob),
        ("160000", b"theme", none),
        ("100644", b"ignored.TXT", &blob),
        ("100644", b"ignored.txt", &blob),
        ("120000", b"nul.md", &repository.blob(b"go\0od.md")),
    ]);
    repository.commit(&repository.tree(&[("40000", b"posts", &posts)]));
    let commit = repository.open();
    let snapshot = commit.snapshot(&|_| true, &|path| path.ends_with(".md")).unwrap();
    assert_eq!(paths(&snapshot), ["posts/Post.md", "posts/good.md"]);
    let mut refused: Vec<_> = refused(&snapshot).into_iter().map(|(path, reason)| (path, &reason[..16])).collect();
    refused.dedup();
    assert_eq!(
        refused,
        [
            ("posts/..", "no file can have"),
            ("posts/.git", "no file can have"),
            ("posts//etc/passwd", "no file can have"),
            ("posts/nul.md", "the link leads t"),
            ("posts/post.md", "another name dif"),
            ("posts/theme", "it is a submodul"),
            ("posts/twice.md", "the tree has two"),
            ("posts/\u{fffd}.md", "its name is not "),
        ]
    );
    assert!(snapshot.whole && snapshot.unreadable.iter().all(|unreadable| !unreadable.remedy.is_empty()));
}

#[test]
fn a_tree_that_is_not_there_hides_what_is_below_it() {
    let repository = Repository::new();
    let blob = repository.blob(b"one");
    let none = "0123456789012345678901234567890123456789";
    repository.commit(&repository.tree(&[("100644", b"x.md", &blob), ("40000", b"y", none), ("40000", b"z", &blob)]));
    let commit = repository.open();
    let snapshot = all(&commit);
    assert_eq!((paths(&snapshot), snapshot.whole), (vec!["x.md"], false));
    assert_eq!(snapshot.unreadable.iter().map(|hidden| hidden.path.as_str()).collect::<Vec<_>>(), ["y", "z"]);
    assert!(commit.objects.is_damaged());
}

#[test]
fn directories_are_walked_down_to_a_bound() {
    let repository = Repository::new();
    let mut tree = repository.tree(&[("100644", b"x.md", &repository.blob(b""))]);
    for _ in 0..=super::super::directory::MAX_DEPTH {
        tree = repository.tree(&[("40000", b"d", &tree), ("100644", b"y.md", &repository.blob(b""))]);
    }
    repository.commit(&tree);
    let snapshot = all(&repository.open());
    assert_eq!(snapshot.files.len(), super::super::directory::MAX_DEPTH + 1);
    assert_eq!((snapshot.unreadable.len(), snapshot.unreadable[0].remedy), (1, Unreadable::FLATTEN));
}

#[test]
fn a_tree_that_stands_for_more_files_than_there_are_ends() {
    let repository = Repository::new();
    let mut tree = repository.tree(&[("100644", b"x.md", &repository.blob(b""))]);
    for _ in 0..10 {
        let names: Vec<Vec<u8>> = (0..10).map(|at| format!("d{at}").into_bytes()).collect();
        let entries: Vec<(&str, &[u8], &str)> = names.iter().map(|name| ("40000", &name[..], tree.as_str())).collect();
        tree = repository.tree(&entries);
    }
    repository.commit(&tree);
    let commit = repository.open();
    let mut walk = Walk::new(&commit.objects, &commit.root, &|_| true, &|_| false);
    walk.left = Some(10_000);
    let snapshot = walk.below("", commit.root.id).unwrap();
    assert!(!snapshot.whole && snapshot.unreadable[0].reason.contains("names in the tree"), "{snapshot:?}");
}

#[test]
fn what_differs_between_two_commits_is_named() {
    let repository = Repository::new();
    repository.files(&[("a/x.md", "one"), ("a/y.md", "one"), ("b/z.md", "one"), ("c.md", "")]);
    let first = repository.open();
    repository.files(&[("a/x.md", "two"), ("a/y.md", "one"), ("d/z.md", "one"), ("c.md/x", "")]);
    let second = first.refreshed(true, &|_, _, _| {}).unwrap();
    assert_eq!(second.touched_since(&first), only(&["a/x.md", "b", "c.md", "d"]));
    assert_eq!(first.touched_since(&second), second.touched_since(&first));
    assert_eq!(second.refreshed(true, &|_, _, _| {}).unwrap().touched_since(&second), Touched::nothing());
    repository.files(&[("a/x.md", "two"), ("a/X.md", "two"), ("d/z.md", "one"), ("c.md/x", "")]);
    let third = second.refreshed(true, &|_, _, _| {}).unwrap();
    assert_eq!(third.touched_since(&second), only(&["a/X.md", "a/x.md", "a/y.md"]), "x.md has a twin now");
}

#[test]
fn where_links_lead_anything_may_differ() {
    let repository = Repository::new();
    repository.files(&[("real/x.md", "one"), ("y.md -> real/x.md", "")]);
    let first = repository.open();
    assert_eq!(paths(&all(&first)), ["real/x.md", "y.md"]);
    repository.files(&[("real/x.md", "two"), ("y.md -> real/x.md", "")]);
    let second = first.refreshed(true, &|_, _, _| {}).unwrap();
    assert_eq!(second.touched_since(&first), Touched::Anything);
    assert_eq!(second.read("y.md", 9).unwrap(), b"two");
}

#[test]
fn a_tree_that_both_commits_have_is_not_read_again() {
    let repository = Repository::new();
    repository.files(&[("a/x.md", "one"), ("b/x.md", "two")]);
    let first = repository.open();
    all(&first);
    let same = repository.git(&["rev-parse", "main:a"], b"");
    repository.files(&[("a/x.md", "one"), ("b/x.md", "three")]);
    std::fs::remove_file(repository.dir.path().join("objects").join(&same[..2]).join(&same[2..])).unwrap();
    let second = first.refreshed(true, &|_, _, _| {}).unwrap();
    assert_eq!(paths(&all(&second)), ["a/x.md", "b/x.md"]);
    assert!(!all(&repository.open()).whole, "it would have to be there otherwise");
}

#[test]
fn what_git_lfs_keeps_elsewhere_has_its_size_there() {
    let repository = Repository::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    repository.files(&[("x.mp3", pointer), ("y.mp3", "short")]);
    let commit = repository.open();
    assert_eq!((commit.size("x.mp3"), commit.size("y.mp3")), (Some(12345), Some(5)));
}

#[test]
fn a_repository_without_a_commit_or_a_branch_says_so() {
    let repository = Repository::new();
    let error = open(&repository.source()).unwrap_err().to_string();
    assert!(error.contains("no commit yet"), "{error}");
    repository.files(&[("x.md", "")]);
    let error = open(&Git { branch: Some("none".to_owned()), ..repository.source() }).unwrap_err().to_string();
    assert!(error.contains("no branch `none`"), "{error}");
    let nowhere = Address::Local(Path::new("/nowhere").to_owned());
    let error = open(&Git { address: nowhere, ..repository.source() }).unwrap_err().to_string();
    assert!(error.contains("/nowhere"), "{error}");
}

#[test]
fn a_repository_whose_ids_are_longer_is_read_too() {
    let repository = Repository { dir: tempfile::tempdir().unwrap() };
    repository.git(&["init", "-q", "--bare", "-b", "main", "--object-format=sha256", "."], b"");
    repository.files(&[("a/x.md", "one")]);
    let commit = repository.open();
    assert_eq!((paths(&all(&commit)), commit.read("a/x.md", 9).unwrap()), (vec!["a/x.md"], b"one".to_vec()));
}
