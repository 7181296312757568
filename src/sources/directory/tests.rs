use super::super::Unreadable;
use super::walk::MAX_DEPTH;
use super::*;

fn paths(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.files.iter().map(|found| found.path.as_str()).collect()
}

fn all(dir: &Path) -> Snapshot {
    Directory::open(dir).unwrap().snapshot(&|_| true, &|_| true).unwrap()
}

#[test]
fn finds_what_is_wanted_in_directories_that_may_be_entered() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["a/x.md", "a/y.txt", "b/x.md", "z.md"] {
        fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
        fs::write(dir.path().join(path), "x").unwrap();
    }
    let source = Directory::open(dir.path()).unwrap();
    let snapshot = source.snapshot(&|path| path != "b", &|path| path.ends_with(".md")).unwrap();
    assert_eq!(paths(&snapshot), ["a/x.md", "z.md"]);
    assert!(snapshot.unreadable.is_empty());
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_root_only_and_circles_end() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.md"), "x").unwrap();
    fs::create_dir(dir.path().join("real")).unwrap();
    fs::write(dir.path().join("real/x.md"), "x").unwrap();
    symlink(dir.path().join("real"), dir.path().join("linked")).unwrap();
    symlink(dir.path(), dir.path().join("circle")).unwrap();
    symlink(outside.path(), dir.path().join("out")).unwrap();
    let snapshot = all(dir.path());
    assert_eq!(paths(&snapshot), ["real/x.md"]);
    assert_eq!(snapshot.unreadable.len(), 1, "{snapshot:?}");
    assert_eq!((snapshot.unreadable[0].path.as_str(), snapshot.unreadable[0].remedy), ("out", Unreadable::MOVE_IN));
    assert!(snapshot.whole);
}

#[cfg(unix)]
#[test]
fn what_only_links_lead_to_is_found_once() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("_store/deep")).unwrap();
    fs::write(dir.path().join("_store/deep/x.md"), "x").unwrap();
    symlink(dir.path().join("_store"), dir.path().join("b")).unwrap();
    symlink(dir.path().join("_store"), dir.path().join("a")).unwrap();
    symlink(dir.path().join("_store/deep"), dir.path().join("c")).unwrap();
    symlink(dir.path().join("_store"), dir.path().join("_store/deep/circle")).unwrap();
    let source = Directory::open(dir.path()).unwrap();
    let snapshot = source.snapshot(&|path| !path.starts_with('_'), &|_| true).unwrap();
    assert_eq!(paths(&snapshot), ["a/deep/x.md"]);
    assert!(snapshot.unreadable.is_empty(), "{snapshot:?}");
}

#[cfg(unix)]
#[test]
fn links_that_hold_no_posts_are_no_matter() {
    use std::os::unix::fs::symlink;
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("x.png"), "x").unwrap();
    fs::write(dir.path().join("x.md"), "x").unwrap();
    symlink(outside.path().join("x.png"), dir.path().join("x.png")).unwrap();
    symlink("x.md", dir.path().join("y.md")).unwrap();
    let snapshot = Directory::open(dir.path()).unwrap().snapshot(&|_| true, &|path| path.ends_with(".md")).unwrap();
    assert_eq!(paths(&snapshot), ["x.md", "y.md"]);
    assert!(snapshot.unreadable.is_empty(), "{snapshot:?}");
}

#[cfg(unix)]
#[test]
fn the_tree_is_not_whole_when_a_directory_is_closed() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is closed to root.
    let is_closed = fs::read_dir(&closed).is_err();
    let snapshot = all(dir.path());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((snapshot.whole, snapshot.unreadable.len()), (!is_closed, usize::from(is_closed)));
}

#[test]
fn directories_are_walked_down_to_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let deep = "d/".repeat(MAX_DEPTH + 1);
    fs::create_dir_all(dir.path().join(&deep)).unwrap();
    fs::write(dir.path().join("d/".repeat(MAX_DEPTH)).join("x.md"), "x").unwrap();
    let snapshot = all(dir.path());
    assert_eq!(snapshot.files.len(), 1);
    assert_eq!(snapshot.unreadable[0].path, deep.trim_end_matches('/'));
    assert!(snapshot.whole);
}

#[cfg(unix)]
#[test]
fn a_root_that_is_a_link_is_looked_up_again() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    for release in ["1", "2"] {
        fs::create_dir(dir.path().join(release)).unwrap();
        fs::write(dir.path().join(release).join(format!("{release}.md")), "x").unwrap();
    }
    let current = dir.path().join("current");
    symlink("1", &current).unwrap();
    let source = Directory::open(&current).unwrap();
    fs::remove_file(&current).unwrap();
    symlink("2", &current).unwrap();
    assert_eq!(paths(&source.snapshot(&|_| true, &|_| true).unwrap()), ["1.md"]);
    assert_eq!(paths(&source.refreshed().unwrap().snapshot(&|_| true, &|_| true).unwrap()), ["2.md"]);
    fs::remove_file(&current).unwrap();
    assert!(source.refreshed().is_err());
}

#[cfg(unix)]
#[test]
fn a_dangling_link_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("nowhere", dir.path().join("x.md")).unwrap();
    let snapshot = all(dir.path());
    assert_eq!((snapshot.unreadable[0].path.as_str(), snapshot.unreadable[0].remedy), ("x.md", Unreadable::RELINK));
    assert!(snapshot.whole);
}

#[test]
fn a_stamp_changes_with_the_content() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x.md"), "x").unwrap();
    let before = all(dir.path()).files;
    assert_eq!(all(dir.path()).files, before);
    fs::write(dir.path().join("x.md"), "xy").unwrap();
    assert_ne!(all(dir.path()).files, before);
}

#[test]
fn reads_at_most_one_byte_too_many() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x.md"), "abcdef").unwrap();
    let source = Directory::open(dir.path()).unwrap();
    assert_eq!(source.read("x.md", 3).unwrap(), b"abcd");
    assert_eq!(source.read("x.md", 99).unwrap(), b"abcdef");
}

#[test]
fn a_file_that_was_found_is_read_to_its_end_whatever_its_size_was() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.md");
    fs::write(&file, "abcdef").unwrap();
    let found = all(dir.path()).files.remove(0);
    let source = Directory::open(dir.path()).unwrap();
    for text in ["abcdef", "abcdefg", "abcdefghij", "abc", ""] {
        fs::write(&file, text).unwrap();
        assert_eq!(source.read_found(&found, 99).unwrap(), text.as_bytes());
        for limit in 0..12 {
            assert_eq!(
                source.read_found(&found, limit).unwrap(),
                text.as_bytes()[..text.len().min(limit as usize + 1)]
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn the_size_of_what_is_inside_the_root_is_known() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("x.mp3"), "abc").unwrap();
    fs::write(outside.path().join("y.mp3"), "abc").unwrap();
    std::os::unix::fs::symlink(outside.path().join("y.mp3"), dir.path().join("link.mp3")).unwrap();
    let source = Directory::open(dir.path()).unwrap();
    assert_eq!(source.size("x.mp3"), Some(3));
    let above = format!("../{}/y.mp3", outside.path().file_name().unwrap().to_str().unwrap());
    for other in ["", "none.mp3", "link.mp3", above.as_str(), outside.path().join("y.mp3").to_str().unwrap()] {
        assert_eq!(source.size(other), None, "{other}");
    }
}

#[test]
fn a_missing_root_is_an_error() {
    assert!(Directory::open(Path::new("/nowhere/at/all")).is_err());
}

#[test]
fn a_large_directory_is_found_in_order() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..1000 {
        fs::write(dir.path().join(format!("{n}.md")), "x").unwrap();
    }
    let mut expected: Vec<_> = (0..1000).map(|n| format!("{n}.md")).collect();
    expected.sort();
    assert_eq!(paths(&all(dir.path())), expected);
}

#[cfg(unix)]
#[test]
fn a_look_doubts_what_a_walk_would_not_give() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("a/b")).unwrap();
    fs::write(dir.path().join("a/b/x.md"), "x").unwrap();
    std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
    let source = Directory::open(dir.path()).unwrap();
    let look = |touched: &[&str]| {
        let touched = touched.iter().map(|path| (*path).to_owned()).collect();
        source.look(&touched, &|path| path != "no", &|path| path.ends_with(".md"))
    };
    for path in ["", ".", "/a", "a/", "a//b", "a/../a/b/x.md", "link", "link/b/x.md", &"d/".repeat(MAX_DEPTH + 2)] {
        assert!(look(&["a/b/x.md", path]).is_none(), "{path}");
    }
    assert_eq!(paths(&look(&["a", "a/b", "a/b/x.md", "a/gone.md", "no/x.md"]).unwrap()), ["a/b/x.md"]);
    assert_eq!(paths(&look(&["a/b/x.md/y.md", "gone/x.md"]).unwrap()), [""; 0]);
}
