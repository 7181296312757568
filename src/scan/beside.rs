//! What a site has beside its posts, read from the source, with a record of what was asked: while the answers are the same,
//! so are the site's rules.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use super::refresh::is_settled;
use crate::events::self_and_above;
use crate::problems::{Code, Problem, Severity};
use crate::sites::{Files, SettingsError};
use crate::sources::Source;
use crate::sources::Stamp;

/// Larger settings are an accident.
const MAX_BYTES: u64 = 4 << 20;

/// The source's files, as a site's rules see them.
pub(super) struct Beside<'a> {
    source: &'a Source,
    now: SystemTime,
    record: RefCell<Record>,
}

/// What was asked, and what the answers were; `None` for what could not be read.
#[derive(Debug, Default)]
pub(super) struct Record {
    texts: BTreeMap<String, Text>,
    lists: BTreeMap<String, Option<Vec<String>>>,
    picks: Vec<Picked>,
    directories: BTreeMap<String, bool>,
}

#[derive(Debug)]
struct Picked {
    dir: String,
    passes: fn(&str) -> bool,
    list: Option<Vec<String>>,
}

#[derive(Debug)]
struct Text {
    stamp: Option<Stamp>,
    /// Whether the stamp vouches for the content.
    settled: bool,
    text: Option<Option<Arc<str>>>,
}

impl<'a> Beside<'a> {
    pub(super) fn new(source: &'a Source, now: SystemTime) -> Self {
        Self { source, now, record: RefCell::default() }
    }

    pub(super) fn into_record(self) -> Record {
        self.record.into_inner()
    }
}

impl Files for Beside<'_> {
    fn text(&self, path: &str) -> Result<Option<Arc<str>>, SettingsError> {
        // Looked at before it is read: a change in between shows itself the next time.
        let stamp = self.source.stamp(path);
        let text = read(self.source, path, stamp);
        // What could not be read may have been passed over, and a disk that is back leaves no mark on the file.
        let settled = text.is_ok() && stamp.is_none_or(|stamp| is_settled(&stamp, self.now));
        let known = text.as_ref().ok().cloned();
        self.record.borrow_mut().texts.insert(path.to_owned(), Text { stamp, settled, text: known });
        text.map_err(|error| unreadable(path, &error))
    }

    fn below(&self, dir: &str) -> Result<Vec<String>, SettingsError> {
        let list = self.source.below(dir);
        self.record.borrow_mut().lists.insert(dir.to_owned(), list.as_ref().ok().cloned());
        list.map_err(|error| unreadable(dir, &error))
    }

    fn picked(&self, dir: &str, passes: fn(&str) -> bool) -> Result<Vec<String>, SettingsError> {
        let list = self.source.picked(dir, passes);
        self.record.borrow_mut().picks.push(Picked { dir: dir.to_owned(), passes, list: list.as_ref().ok().cloned() });
        list.map_err(|error| unreadable(dir, &error))
    }

    fn is_directory(&self, path: &str) -> bool {
        let is = self.source.has_directory(path);
        self.record.borrow_mut().directories.insert(path.to_owned(), is);
        is
    }
}

impl Record {
    /// Whether every question would be answered as before.
    pub(super) fn still_holds(&self, source: &Source) -> bool {
        self.texts.iter().all(|(path, text)| text.still_holds(source, path))
            && self.lists.iter().all(|(dir, list)| source.below(dir).ok() == *list)
            && self.picks.iter().all(|picked| picked.still_holds(source))
            && self.directories.iter().all(|(path, was)| source.has_directory(path) == *was)
    }

    /// Where another answer may come from.
    pub(super) fn looked_into(&self) -> LookedInto {
        let whole: BTreeSet<String> = self.lists.keys().cloned().collect();
        let picked: BTreeSet<String> = self.picks.iter().map(|picked| picked.dir.clone()).collect();
        let asked = self.texts.keys().chain(self.directories.keys()).chain(&whole).chain(&picked);
        let single = asked.flat_map(|path| self_and_above(path).skip(1).map(str::to_owned)).collect();
        LookedInto { single, whole, picked }
    }
}

/// Directories that a site's rules look into for something else than posts.
#[derive(Debug, Default)]
pub(super) struct LookedInto {
    /// These alone.
    single: BTreeSet<String>,
    /// These and all below them.
    whole: BTreeSet<String>,
    /// These and all below them that hold no programs.
    picked: BTreeSet<String>,
}

impl LookedInto {
    /// Whether what is in this directory may decide about the rules.
    pub(super) fn contains(&self, dir: &str) -> bool {
        let is_program = |name: &str| name.starts_with('.') || name == "node_modules";
        let is_picked = |top: &str| self.picked.contains(top);
        self.single.contains(dir)
            || self_and_above(dir).any(|dir| self.whole.contains(dir))
            || (self_and_above(dir).chain([""]).any(is_picked) && !dir.split('/').any(is_program))
    }
}

impl Record {
    /// Whether an answer may be another one after the file at `path` has changed, come or gone.
    pub(super) fn concerns(&self, path: &str) -> bool {
        let meets = |dir: &str| dir.is_empty() || is_at_or_below(path, dir) || is_at_or_below(dir, path);
        self.texts.keys().any(|text| is_at_or_below(text, path))
            || self.lists.keys().any(|dir| meets(dir))
            || self.directories.keys().any(|dir| is_at_or_below(dir, path))
            || self.picks.iter().any(|picked| (picked.passes)(path) && meets(&picked.dir))
    }
}

fn is_at_or_below(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Picked {
    fn still_holds(&self, source: &Source) -> bool {
        source.picked(&self.dir, self.passes).ok() == self.list
    }
}

impl Text {
    fn still_holds(&self, source: &Source, path: &str) -> bool {
        let stamp = source.stamp(path);
        stamp == self.stamp && (self.settled || read(source, path, stamp).ok() == self.text)
    }
}

fn read(source: &Source, path: &str, stamp: Option<Stamp>) -> io::Result<Option<Arc<str>>> {
    if stamp.is_none() {
        return Ok(None);
    }
    let bytes = source.read(path, MAX_BYTES)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("it has more than {MAX_BYTES} bytes")));
    }
    String::from_utf8(bytes).map(|text| Some(text.into())).map_err(io::Error::other)
}

/// Settings that are there and cannot be read are an error: without them every URL would be another one.
fn unreadable(path: &str, error: &io::Error) -> SettingsError {
    SettingsError(Box::new(Problem {
        code: Code::Config,
        severity: Severity::Error,
        path: path.to_owned(),
        place: None,
        message: format!("the site's settings cannot be read: {error}"),
        effect: "nothing was done".to_owned(),
        remedy: "make them readable for the user that Tidings runs as, as UTF-8".to_owned(),
    }))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files that are read")]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_record_holds_until_an_answer_changes() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| fs::write(dir.path().join(path), text).unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        fs::create_dir(dir.path().join("pages")).unwrap();
        write("a", "1");
        let source = Source::directory(dir.path()).unwrap();
        let record = |age: Duration| {
            let beside = Beside::new(&source, SystemTime::now() + age);
            assert_eq!(beside.text("a").unwrap().as_deref(), fs::read_to_string(dir.path().join("a")).ok().as_deref());
            assert_eq!(beside.text("b").unwrap(), None);
            assert!(beside.is_directory("data") && !beside.is_directory("posts"));
            beside.below("data").unwrap();
            beside.picked("pages", |path| path.ends_with("/index")).unwrap();
            beside.into_record()
        };
        let first = record(Duration::from_secs(9));
        for concerned in ["b", "data", "data/x", "pages/index", "posts"] {
            assert!(first.concerns(concerned), "{concerned}");
        }
        for other in ["c", "posts/x.md", "pages/x", "datax"] {
            assert!(!first.concerns(other), "{other}");
        }
        let changes: [&dyn Fn(); 5] = [
            &|| write("a", "22"),
            &|| fs::remove_file(dir.path().join("a")).unwrap(),
            &|| write("data/x", ""),
            &|| write("pages/index", ""),
            &|| fs::create_dir(dir.path().join("posts")).unwrap(),
        ];
        for change in changes {
            let before = record(Duration::from_secs(9));
            write("pages/x", "");
            assert!(before.still_holds(&source));
            fs::remove_file(dir.path().join("pages/x")).unwrap();
            change();
            assert!(!before.still_holds(&source));
        }
    }

    #[test]
    fn a_record_knows_where_its_answers_came_from() {
        let dir = tempfile::tempdir().unwrap();
        let source = Source::directory(dir.path()).unwrap();
        let beside = Beside::new(&source, SystemTime::now());
        beside.text("config/site/a.toml").unwrap();
        beside.below("_data").unwrap();
        beside.picked("content", |_| true).unwrap();
        let looked = beside.into_record().looked_into();
        for dir in ["config", "config/site", "_data", "_data/.a/b", "content", "content/a/b"] {
            assert!(looked.contains(dir), "{dir}");
        }
        for dir in ["config/site/b", "_datas", "content/.git", "content/a/node_modules/x", "static"] {
            assert!(!looked.contains(dir), "{dir}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_could_not_be_read_is_asked_for_again() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        let closed = dir.path().join("data");
        fs::create_dir(&closed).unwrap();
        fs::write(dir.path().join("a"), [0xFF]).unwrap();
        let mode = |mode| fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o000);
        let source = Source::directory(dir.path()).unwrap();
        let beside = Beside::new(&source, SystemTime::now() + Duration::from_secs(9));
        assert!(beside.text("a").is_err());
        // An administrator reads everything.
        let is_closed = beside.below("data").is_err();
        let record = beside.into_record();
        assert!(record.still_holds(&source), "nothing has changed");
        mode(0o700);
        assert_eq!(record.still_holds(&source), !is_closed);
    }

    #[test]
    fn a_file_that_was_just_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "1").unwrap();
        let source = Source::directory(dir.path()).unwrap();
        let beside = Beside::new(&source, SystemTime::now());
        beside.text("a").unwrap();
        let record = beside.into_record();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, "2").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert!(!record.still_holds(&source));
    }
}
