//! Single files below the output directory.
//!
//! In: the directory and a path below it. Out: what stands there, or the bytes, whole or not at all.
//! Never: follows a symbolic link below the directory.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::time::SystemTime;

/// What stands where a document belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing.
    Free,
    /// A file.
    File(Stamp),
    /// Something that is never overwritten, in words.
    Blocked(String),
}

/// By what a file is known again without being read: whoever writes to it, or puts another in its place, changes this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// In bytes.
    pub(super) len: u64,
    modified: Option<SystemTime>,
    identity: Option<(u64, u64)>,
}

impl Stamp {
    pub(super) fn of(found: &fs::Metadata) -> Self {
        Self { len: found.len(), modified: found.modified().ok(), identity: identity(found) }
    }
}

/// Device and inode.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn identity(found: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((found.dev(), found.ino()))
}

/// The system does not tell.
#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// Looks at `path` and at every directory on the way to it.
pub(super) fn place(dir: &Path, path: &str) -> io::Result<Place> {
    let mut at = dir.to_owned();
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        at.push(name);
        if names.peek().is_none() {
            break;
        }
        let Some(found) = found(&at)? else { return Ok(Place::Free) };
        if !found.is_dir() {
            return Ok(blocked(&at, found.file_type()));
        }
    }
    leaf(&at)
}

/// What stands at the end of a way on which every directory was looked at.
pub(super) fn leaf(at: &Path) -> io::Result<Place> {
    Ok(match found(at)? {
        None => Place::Free,
        Some(found) if found.is_file() => Place::File(Stamp::of(&found)),
        Some(found) => blocked(at, found.file_type()),
    })
}

fn found(at: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(at) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

fn blocked(at: &Path, kind: fs::FileType) -> Place {
    Place::Blocked(format!("{} is {}", at.display(), in_words(kind)))
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

/// Whether what was opened is what has the name, as far as the system tells: not the target of a link that took its place
/// in between.
fn is_same(named: &fs::Metadata, opened: &fs::Metadata) -> bool {
    named.is_file() && opened.is_file() && identity(named) == identity(opened)
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

/// Makes the bytes of a file last.
pub(super) fn sync(file: &Path) -> io::Result<()> {
    // Some systems sync only what may be written.
    File::options().write(true).open(file)?.sync_all()
}

/// Makes renamings and removals in `dir` last. A directory that is gone needs nothing.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    forgive_missing(File::open(dir).and_then(|dir| dir.sync_all()))
}

/// Removes a file, if it is there.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    forgive_missing(fs::remove_file(file))
}

/// Removes an empty directory, if it is there.
pub(super) fn remove_dir(dir: &Path) -> io::Result<()> {
    forgive_missing(fs::remove_dir(dir))
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
    fn a_stamp_tells_an_edited_and_a_replaced_file() {
        let dir = tempfile::tempdir().unwrap();
        let (file, other) = (dir.path().join("file"), dir.path().join("other"));
        let stamp = || Stamp::of(&fs::metadata(&file).unwrap());
        fs::write(&file, "12345").unwrap();
        let written = stamp();
        assert_eq!(stamp(), written);
        let at = File::open(&file).unwrap().metadata().unwrap().modified().unwrap();
        let set = |file: &Path, at| File::options().write(true).open(file).unwrap().set_modified(at).unwrap();
        set(&file, at + std::time::Duration::from_nanos(1));
        assert_ne!(stamp(), written);
        set(&file, at);
        assert_eq!(stamp(), written);
        fs::write(&other, "12345").unwrap();
        set(&other, at);
        fs::rename(&other, &file).unwrap();
        assert_ne!(stamp(), written);
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
    fn places_are_told_apart_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tags")).unwrap();
        fs::write(dir.path().join("tags/a"), "abc").unwrap();
        std::os::unix::fs::symlink(dir.path().join("tags"), dir.path().join("link")).unwrap();
        let words = |path: &str| match place(dir.path(), path).unwrap() {
            Place::Blocked(words) => words.rsplit('/').next().unwrap().to_owned(),
            Place::File(stamp) => format!("{} bytes", stamp.len),
            Place::Free => "free".to_owned(),
        };
        assert_eq!(words("tags/a"), "3 bytes");
        assert_eq!(words("tags/b"), "free");
        assert_eq!(words("none/b"), "free");
        assert_eq!(words("tags"), "tags is a folder");
        assert_eq!(words("link"), "link is a symbolic link");
        assert_eq!(words("link/a"), "link is a symbolic link");
        assert_eq!(words("tags/a/b"), "a is a file where a folder is needed");
    }
}
