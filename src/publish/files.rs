//! Single files below the output directory.
//!
//! In: the directory and a path below it. Out: what stands there, or the bytes, whole or not at all.
//! Never: follows a symbolic link below the directory.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::in_digits;

/// The name under which a document is written before it gets its own. One is enough: the directory has one writer.
pub(super) const TEMPORARY: &str = ".tidings-new.tmp";
/// Used where a folder has that name.
const SPARE: &str = ".tidings-new-2.tmp";

/// What stands where a document belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing.
    Free,
    /// A file of so many bytes.
    File(u64),
    /// Something that is never overwritten, in words.
    Blocked(String),
}

/// Looks at `path` and at every directory on the way to it.
pub(super) fn place(dir: &Path, path: &str) -> io::Result<Place> {
    let mut at = dir.to_owned();
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        at.push(name);
        let found = match fs::symlink_metadata(&at) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place::Free),
            Err(error) => return Err(error),
        };
        let last = names.peek().is_none();
        let kind = found.file_type();
        if last && kind.is_file() {
            return Ok(Place::File(found.len()));
        }
        if last || !kind.is_dir() {
            return Ok(Place::Blocked(format!("{} is {}", at.display(), in_words(kind))));
        }
    }
    Ok(Place::Free)
}

fn in_words(kind: fs::FileType) -> &'static str {
    match kind {
        kind if kind.is_symlink() => "a symbolic link",
        kind if kind.is_dir() => "a folder",
        kind if kind.is_file() => "a file where a folder is needed",
        _ => "no regular file",
    }
}

/// The bytes of the regular file at `path` below `dir`, if it has `len` of them, or else at most `otherwise`.
pub(super) fn read(dir: &Path, path: &str, len: u64, otherwise: u64) -> io::Result<Vec<u8>> {
    let file = open(dir, path)?;
    let found = file.metadata()?.len();
    if found != len && found > otherwise {
        return Err(io::Error::other(format!("it has {found} bytes, which no scan has written")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found).unwrap_or_default());
    // It may grow meanwhile.
    file.take(found + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == found { Ok(bytes) } else { Err(io::Error::other("it changes while it is read")) }
}

/// Opens a regular file that no symbolic link leads to. What is no file is not opened, since a pipe would wait for its
/// other end.
fn open(dir: &Path, path: &str) -> io::Result<File> {
    let at = dir.join(path);
    // A scan gives a file another inode, but hardly twice in a moment.
    for _ in 0..3 {
        match place(dir, path)? {
            Place::File(_) => {}
            Place::Free => return Err(io::ErrorKind::NotFound.into()),
            Place::Blocked(what) => return Err(io::Error::other(what)),
        }
        let file = File::open(&at)?;
        if is_same(&fs::symlink_metadata(&at)?, &file.metadata()?) {
            return Ok(file);
        }
    }
    Err(io::Error::other("it is replaced while it is opened"))
}

/// Whether what was opened is what has the name: not the target of a link that took its place in between.
#[cfg(unix)]
fn is_same(named: &fs::Metadata, opened: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    opened.is_file() && (named.dev(), named.ino()) == (opened.dev(), opened.ino())
}

/// Whether what was opened is what has the name, as far as the system tells.
#[cfg(not(unix))]
fn is_same(named: &fs::Metadata, opened: &fs::Metadata) -> bool {
    named.is_file() && opened.is_file()
}

/// Whether a file holds exactly these bytes. One that cannot be read does not.
pub(super) fn holds(file: &Path, bytes: &[u8]) -> bool {
    let same = || -> io::Result<bool> {
        let mut reader = BufReader::with_capacity(64 << 10, File::open(file)?);
        let mut rest = bytes;
        loop {
            let read = reader.fill_buf()?;
            let len = read.len();
            if len == 0 {
                return Ok(rest.is_empty());
            }
            let Some(left) = rest.strip_prefix(read) else { return Ok(false) };
            rest = left;
            reader.consume(len);
        }
    };
    same().unwrap_or(false)
}

/// The fingerprint of a file's bytes, of which few are in memory at a time.
pub(super) fn fingerprint(file: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut reader = BufReader::with_capacity(64 << 10, File::open(file)?);
    loop {
        let read = reader.fill_buf()?;
        let len = read.len();
        if len == 0 {
            return Ok(in_digits(digest));
        }
        digest.update(read);
        reader.consume(len);
    }
}

/// Gives `file` these bytes: readers see the old ones or the new ones, also after a crash. Makes its directory.
/// The renaming lasts once the directory is synced.
pub(super) fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = file.parent().expect("a document's file is below the output directory");
    fs::create_dir_all(parent)?;
    let temporary = parent.join(if parent.join(TEMPORARY).is_dir() { SPARE } else { TEMPORARY });
    let written = || -> io::Result<()> {
        let mut new = File::create_new(&temporary)?;
        new.write_all(bytes)?;
        new.sync_all()?;
        fs::rename(&temporary, file)
    };
    written().inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// Makes renamings and removals in `dir` last. A directory that is gone needs nothing.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    forgive_missing(File::open(dir).and_then(|dir| dir.sync_all()))
}

/// Removes what a crash left of a document in `dir`. Folders with such names are none of ours.
pub(super) fn remove_leftovers(dir: &Path) -> Result<(), (PathBuf, io::Error)> {
    for name in [TEMPORARY, SPARE] {
        let leftover = dir.join(name);
        if fs::symlink_metadata(&leftover).is_ok_and(|found| !found.is_dir()) {
            remove(&leftover).map_err(|error| (leftover, error))?;
        }
    }
    Ok(())
}

/// Removes a file, if it is there.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    forgive_missing(fs::remove_file(file))
}

fn forgive_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_its_bytes_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        let long = vec![7; 200_000];
        fs::write(&file, &long).unwrap();
        assert!(holds(&file, &long));
        assert!(!holds(&file, &long[1..]));
        assert!(!holds(&file, &[&long[..], b"x"].concat()));
        assert!(!holds(&dir.path().join("none"), b""));
    }

    #[test]
    fn a_file_is_read_if_its_length_is_known_or_modest() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "12345").unwrap();
        let read = |len, otherwise| read(dir.path(), "file", len, otherwise).ok();
        assert_eq!(read(5, 0).unwrap(), b"12345");
        assert_eq!(read(4, 5).unwrap(), b"12345");
        assert_eq!(read(4, 4), None);
    }

    #[test]
    fn what_was_opened_through_a_link_is_not_what_has_the_name() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "secret").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let opened = fs::metadata(&link).unwrap();
        assert!(!is_same(&fs::symlink_metadata(&link).unwrap(), &opened));
        assert!(is_same(&fs::symlink_metadata(&file).unwrap(), &opened));
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("feed.atom/inside")).unwrap();
        assert!(write(&dir.path().join("feed.atom"), b"new").is_err());
        assert!(!dir.path().join(TEMPORARY).exists());
    }

    #[test]
    fn places_are_told_apart_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tags")).unwrap();
        fs::write(dir.path().join("tags/a"), "abc").unwrap();
        std::os::unix::fs::symlink(dir.path().join("tags"), dir.path().join("link")).unwrap();
        let words = |path: &str| match place(dir.path(), path).unwrap() {
            Place::Blocked(words) => words.rsplit('/').next().unwrap().to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(words("tags/a"), "File(3)");
        assert_eq!(words("tags/b"), "Free");
        assert_eq!(words("none/b"), "Free");
        assert_eq!(words("tags"), "tags is a folder");
        assert_eq!(words("link"), "link is a symbolic link");
        assert_eq!(words("link/a"), "link is a symbolic link");
        assert_eq!(words("tags/a/b"), "a is a file where a folder is needed");
    }
}
