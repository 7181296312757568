//! `tidings.yaml` as a file: read, parsed, and able to say where a setting stands.

use std::fmt;
use std::path::{Path, PathBuf};

use super::raw::RawConfig;
use crate::posts::front_matter::{self, Map, Value};
use crate::problems::{Code, Place, Problem, Severity};

/// The name that is looked for in the site's directory.
pub const FILE_NAME: &str = "tidings.yaml";

/// The most that it may have, in bytes; a YAML reader takes half a second for a megabyte.
const MAX_LEN: usize = 128 * 1024;

/// A config file, parsed but not checked. Its `Debug` has nothing of the text: a URL in it may be a secret.
#[derive(Clone, Default)]
pub struct ConfigFile {
    /// For messages: the path as the user gave it.
    pub name: String,
    /// What relative paths in it are relative to, absolute.
    pub dir: PathBuf,
    pub(super) raw: RawConfig,
    text: String,
    map: Map,
}

/// A step on the way to a setting.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile").field("name", &self.name).field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl ConfigFile {
    /// Reads `explicit`, or `tidings.yaml` in `dir`; without either, the defaults.
    ///
    /// # Errors
    ///
    /// If `dir` is no directory, the file cannot be read or parsed, or holds a key or a type that it cannot hold.
    pub fn load(dir: &Path, explicit: Option<&Path>) -> Result<Self, Problem> {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        if !dir.is_dir() {
            let name = dir.display().to_string();
            return Err(problem(
                &name,
                None,
                "there is no such directory",
                "give the directory that holds the site: `tidings serve DIR`",
            ));
        }
        let path = explicit.map_or_else(|| dir.join(FILE_NAME), Path::to_owned);
        let name = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&name, &dir, text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && explicit.is_none() => {
                Ok(Self { name, dir, ..Self::default() })
            }
            Err(error) => {
                Err(problem(&name, None, &format!("it cannot be read: {error}"), "check the path and its permissions"))
            }
        }
    }

    /// Whether both say the same of the same directory.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.text == other.text && self.dir == other.dir
    }

    /// Parses the text of a config file.
    ///
    /// # Errors
    ///
    /// If it is too long, does not parse, or holds a key or a type that it cannot hold.
    pub fn parse(name: &str, dir: &Path, text: String) -> Result<Self, Problem> {
        if text.len() > MAX_LEN {
            return Err(problem(name, None, "it has more than 128 KiB", "delete what is no setting of Tidings"));
        }
        if let Some(at) = front_matter::too_deep(&text) {
            let place = Place::of(&text, at, 1);
            return Err(problem(name, Some(place), "it is nested too deeply", "close the brackets before this one"));
        }
        let raw = match serde_yaml::from_str::<Option<RawConfig>>(&text) {
            Ok(raw) => raw.unwrap_or_default(),
            Err(error) => return Err(parse_problem(name, &text, &error)),
        };
        let map = front_matter::parse(&text, 0..text.len()).unwrap_or_default();
        Ok(Self { name: name.to_owned(), dir: dir.to_owned(), raw, text, map })
    }

    /// A problem with the setting at `steps`, pointing at its value where that is a scalar of this file.
    pub(super) fn problem(&self, steps: &[Step<'_>], message: &str, remedy: &str) -> Problem {
        let mut value = None;
        let mut here = Some(Position::Map(&self.map));
        for step in steps {
            value = here.and_then(|at| at.step(*step)).or(value);
            here = value.map(Position::Value);
        }
        let place = value.and_then(first_scalar).map(|(at, len)| place(&self.text, at, len));
        problem(&self.name, place, message, remedy)
    }
}

#[derive(Clone, Copy)]
enum Position<'a> {
    Map(&'a Map),
    Value(&'a Value),
}

impl<'a> Position<'a> {
    fn step(self, step: Step<'_>) -> Option<&'a Value> {
        match (self, step) {
            (Self::Map(map) | Self::Value(Value::Map(map)), Step::Key(key)) => map.get(key),
            (Self::Value(Value::List(items)), Step::Index(index)) => items.get(index),
            _ => None,
        }
    }
}

fn first_scalar(value: &Value) -> Option<(usize, usize)> {
    match value {
        Value::Null => None,
        Value::Scalar(scalar) => scalar.at.map(|at| (at, scalar.text.len())),
        Value::List(items) => items.iter().find_map(first_scalar),
        Value::Map(map) => map.iter().find_map(|(_, value)| first_scalar(value)),
    }
}

/// A place in a config file. What stands there is not shown where it may be a secret: among the webhooks, whose URLs are
/// secrets too, in the trigger, and on a line that speaks of one.
fn place(text: &str, start: usize, len: usize) -> Place {
    let mut place = Place::of(text, start, len);
    let section = text.lines().take(place.line).filter(|line| !line.starts_with([' ', '#', '-', '\t'])).last();
    let line = place.source.to_ascii_lowercase();
    let among_secrets = section.is_some_and(|key| key.contains("webhooks") || key.contains("trigger"));
    if among_secrets || ["secret", "token", "webhooks", "trigger", "@"].iter().any(|word| line.contains(word)) {
        place.source.clear();
        place.len = 1;
    }
    place
}

/// A setting that cannot be used.
pub(super) fn problem(name: &str, place: Option<Place>, message: &str, remedy: &str) -> Problem {
    Problem {
        code: Code::Config,
        severity: Severity::Error,
        path: name.to_owned(),
        place,
        message: message.to_owned(),
        effect: "nothing was done".to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn parse_problem(name: &str, text: &str, error: &serde_yaml::Error) -> Problem {
    let place = error.location().map(|location| place(text, location.index(), 1));
    let message = error.to_string();
    // serde_yaml ends its messages with the position, which the place has already.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let remedy = nearest_name(message).map(|nearest| format!("did you mean `{nearest}`?"));
    problem(name, place, message, remedy.as_deref().unwrap_or_else(|| usual_remedy(message)))
}

/// What is most often wrong where the YAML parser says this. It quotes nothing, since the value may be a secret.
fn usual_remedy(message: &str) -> &'static str {
    if message.contains("cannot start any token") {
        "indent with spaces instead of tabs, and put a value that begins with `@`, `%` or a backquote in quotes"
    } else if message.contains("mapping values are not allowed") {
        "put a value that holds a colon and a space in quotes, and indent keys of one section alike"
    } else if message.contains("duplicate field") {
        "name each key once: put what stands under the second below the first"
    } else {
        "see the configuration reference, docs/configuration.md"
    }
}

/// Of a message such as ``unknown field `feed`, expected one of `site`, `feeds` ``, the expected name nearest to the
/// unknown one.
fn nearest_name(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("unknown ")?;
    let mut names = rest.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    nearest(unknown, names)
}

/// The candidate that a misspelling most likely stands for.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, Problem> {
        ConfigFile::parse("tidings.yaml", Path::new("/site"), text.to_owned())
    }

    #[test]
    fn a_problem_points_at_the_value() {
        let file = parse("site:\n  url: x\n  timezone: Mars\n").unwrap();
        let place = file.problem(&[Step::Key("site"), Step::Key("timezone")], "m", "r").place.unwrap();
        assert_eq!((place.line, place.column, place.len, place.source.as_str()), (3, 13, 4, "  timezone: Mars"));
        let absent = file.problem(&[Step::Key("site"), Step::Key("title")], "m", "r").place.unwrap();
        assert_eq!(absent.line, 2, "what is not there is said of its section");
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        for text in [
            "webhooks:\n  - {name: a, url: https://h/hunter2, secrt: hunter2}\n",
            "webhooks: [{name: a, url: https://h/hunter2, secret: hunter2}]\n",
            "server:\n  admin_token: hunter2\n",
            "trigger:\n  github: hunter2\n",
            "trigger: {gitea: hunter2}\n",
            "store: {url: \"postgres://me:hunter2@db/x\", x: 1}\n",
            "{\"webhooks\": [{url: https://h/hunter2}]}\n",
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.place.is_some(), "{text}");
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_without_a_name_of_ours() {
        let sections = "site source output feeds server store webhooks websub indexnow trigger guard";
        let sections = sections.split(' ').map(|key| format!("{key}: 3\n"));
        let inside = [
            "- a\n",
            "webhooks: [3]\n",
            "webhooks: [{name: a, where: 3}]\n",
            "webhooks: [{name: a, template: 3}]\n",
            "site: {author: 3}\n",
            "feeds: {custom: [3]}\n",
            "feeds: {paths: 3}\n",
            "feeds: {archive: 3}\n",
            "feeds: {podcast: 3}\n",
            "trigger: {github: 3}\n",
        ];
        for text in sections.chain(inside.map(str::to_owned)) {
            let message = parse(&text).unwrap_err().message;
            let is_ours = |word: &str| ["struct", "enum", "variant"].contains(&word) || word.starts_with("Raw");
            assert!(!message.split([' ', '`', ',', '.']).any(is_ours), "{text}: {message}");
        }
    }

    #[test]
    fn an_empty_file_and_empty_sections_are_the_defaults() {
        for text in ["", "# nothing\n", "site:\nfeeds:\nwebhooks:\n"] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_reference_and_the_readme_hold_keys_that_exist() {
        let first = |text: &str| parse(text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap()).unwrap();
        assert_eq!(first(include_str!("../../README.md")).raw.webhooks.unwrap().len(), 1);
        let file = first(include_str!("../../docs/configuration.md"));
        let feeds = file.raw.feeds.unwrap();
        assert!(feeds.paths.given.tag.is_some() && feeds.podcast.is_some() && feeds.custom[0].podcast.is_some());
    }

    #[test]
    fn every_example_of_a_webhook_holds_keys_that_exist() {
        let examples: Vec<_> = include_str!("../../docs/webhooks.md").split("```yaml\n").skip(1).collect();
        assert!(examples.len() >= 8);
        for example in examples {
            let file = parse(example.split("```").next().unwrap()).unwrap();
            assert_eq!(file.raw.webhooks.unwrap().len(), 1, "{example}");
        }
    }

    #[test]
    fn a_file_has_at_most_128_kib() {
        assert!(parse(&"#".repeat(MAX_LEN)).is_ok());
        assert_eq!(parse(&"#".repeat(MAX_LEN + 1)).unwrap_err().message, "it has more than 128 KiB");
    }

    #[test]
    fn what_people_get_wrong_in_yaml_has_its_remedy() {
        for (text, remedy) in [
            ("feeds:\n\tlimit: 5\n", "instead of tabs"),
            ("site:\n  title: Notes: a blog\n", "in quotes"),
            ("site: {title: a}\nsite: {url: b}\n", "each key once"),
            ("- a\n- [\n", "docs/configuration.md"),
            (&"[".repeat(2000), "close the brackets"),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.remedy.contains(remedy), "{text}: {problem:?}");
        }
    }

    #[test]
    fn the_nearest_name_is_found_in_the_message() {
        assert_eq!(nearest_name("x: unknown field `limt`, expected one of `formats`, `limit`"), Some("limit"));
        assert_eq!(nearest_name("invalid type"), None);
    }
}
