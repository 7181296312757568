//! What a site has for its templates: settings, `_data`, `_includes`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::posts::front_matter::{self, Map, Value as Written};
use crate::posts::liquid::Value;
use crate::posts::text;
use crate::problems::{Code, Place, Problem, Severity};
use crate::sites::Files;

use super::{csv, values};

/// All of it together, in bytes: more is an accident, and is left out.
const MAX_BYTES: usize = 64 << 20;

/// Settings, data and includes, read once when the site is opened.
#[derive(Debug, Clone)]
pub(in crate::sites::jekyll) struct Library {
    /// All settings.
    pub(super) config: Value,
    /// What lies in `_data`, by directory and file.
    pub(super) data: Value,
    /// What lies in `_includes`, by path in it.
    pub(super) includes: BTreeMap<String, Arc<str>>,
}

impl Default for Library {
    fn default() -> Self {
        Self { config: Value::map([]), data: Value::map([]), includes: BTreeMap::new() }
    }
}

/// A directory of `_data`, while it is read.
#[derive(Default)]
struct Directory {
    directories: BTreeMap<Arc<str>, Self>,
    values: Vec<(Arc<str>, Value)>,
}

struct Reader<'a> {
    files: &'a dyn Files,
    bytes: usize,
    problems: Vec<Problem>,
}

impl Library {
    /// Reads everything; what cannot be read is left out, with a problem that names it.
    pub(in crate::sites::jekyll) fn read(files: &dyn Files, config: &Map) -> (Self, Vec<Problem>) {
        let mut reader = Reader { files, bytes: 0, problems: Vec::new() };
        let dir = |key, default| {
            let set = config.get(key).and_then(Written::as_text).unwrap_or(default);
            set.trim_start_matches("./").trim_matches('/').to_owned()
        };
        let data = reader.data(&dir("data_dir", "_data"));
        let includes = reader.includes(&dir("includes_dir", "_includes"));
        let config = values::of_yaml(&Written::Map(config.clone()));
        (Self { config, data, includes }, reader.problems)
    }
}

impl Reader<'_> {
    fn data(&mut self, dir: &str) -> Value {
        let mut root = Directory::default();
        for path in self.below(dir) {
            let inside = path.strip_prefix(dir).unwrap_or(&path).trim_start_matches('/');
            let (dirs, name) = inside.rsplit_once('/').unwrap_or(("", inside));
            let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
            if !matches!(extension, "yml" | "yaml" | "json" | "csv" | "tsv") {
                continue;
            }
            let Some(value) = self.text(&path).and_then(|text| self.value(&path, extension, &text)) else { continue };
            let dirs = dirs.split('/').filter(|dir| !dir.is_empty());
            let place = dirs.fold(&mut root, |place, dir| place.directories.entry(key(dir)).or_default());
            place.values.push((key(stem), value));
        }
        root.into_value()
    }

    fn includes(&mut self, dir: &str) -> BTreeMap<String, Arc<str>> {
        let mut all = BTreeMap::new();
        for path in self.below(dir) {
            let inside = path.strip_prefix(dir).unwrap_or(&path).trim_start_matches('/').to_owned();
            // Pictures and the like lie there, too; nothing is lost without them.
            let is_text =
                |path: &str| !matches!(path.rsplit('.').next(), Some("png" | "jpg" | "jpeg" | "gif" | "ico" | "webp"));
            if let Some(text) = is_text(&path).then(|| self.text(&path)).flatten() {
                all.insert(inside, text);
            }
        }
        all
    }

    fn below(&mut self, dir: &str) -> Vec<String> {
        self.files.below(dir).unwrap_or_else(|error| {
            self.problems.push(told(*error.0));
            Vec::new()
        })
    }

    fn text(&mut self, path: &str) -> Option<Arc<str>> {
        let text = match self.files.text(path) {
            Ok(text) => text?,
            Err(error) => {
                self.problems.push(told(*error.0));
                return None;
            }
        };
        self.bytes += text.len();
        if self.bytes > MAX_BYTES {
            self.problem(path, None, format!("data and includes have more than {} MiB together", MAX_BYTES >> 20));
            return None;
        }
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        Some(text::allowed(text).into())
    }

    fn value(&mut self, path: &str, extension: &str, text: &str) -> Option<Value> {
        match extension {
            "csv" => Some(csv::read(text, ',')),
            "tsv" => Some(csv::read(text, '\t')),
            "json" => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(json) => Some(Value::from(&json)),
                Err(error) => {
                    let line_start =
                        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
                    let at = line_start + error.column().saturating_sub(1);
                    self.problem(path, Some(Place::of(text, at, 1)), format!("the data cannot be read: {error}"));
                    None
                }
            },
            _ => match front_matter::parse_any(text) {
                Ok(value) => Some(values::of_yaml(&value)),
                Err(error) => {
                    let message = format!("the data cannot be read: {}", error.message);
                    self.problem(path, Some(Place::of(text, error.at, 1)), message);
                    None
                }
            },
        }
    }

    fn problem(&mut self, path: &str, place: Option<Place>, message: String) {
        let (code, path) = (Code::Config, path.to_owned());
        let (effect, remedy) = (String::new(), String::new());
        let bare = Problem { code, severity: Severity::Warning, path, place, message, effect, remedy };
        self.problems.push(told(bare));
    }
}

impl Directory {
    fn into_value(self) -> Value {
        let directories = self.directories.into_iter().map(|(name, directory)| (name, directory.into_value()));
        Value::map(directories.chain(self.values))
    }
}

/// A problem with one of these files, which is none of the site's.
fn told(problem: Problem) -> Problem {
    Problem {
        code: Code::Config,
        severity: Severity::Warning,
        effect: "templates go without it".to_owned(),
        remedy: "mend the file; it has to be UTF-8".to_owned(),
        ..problem
    }
}

/// The name under which templates know a file.
fn key(name: &str) -> Arc<str> {
    let kept: String =
        name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-') || c.is_whitespace()).collect();
    kept.split_whitespace().collect::<Vec<_>>().join("_").into()
}
