//! Front matter defaults (`defaults:` in `_config.yml`).

use globset::{GlobBuilder, GlobMatcher};

use crate::posts::front_matter::{Map, Value};

/// All sets, in the order given.
#[derive(Debug, Clone, Default)]
pub(super) struct Defaults(Vec<Set>);

#[derive(Debug, Clone)]
struct Set {
    path: Scope,
    /// The longer, the stronger.
    path_len: usize,
    /// The collection that it is for; `None`: everything.
    kind: Option<String>,
    values: Map,
}

#[derive(Debug, Clone)]
enum Scope {
    /// Paths that start with this text.
    Prefix(String),
    /// Paths that match this, or lie below one that does.
    Glob(GlobMatcher),
}

impl Defaults {
    /// Reads the value of `defaults`; what is no set is left out.
    pub(super) fn read(value: Option<&Value>, collections_dir: &str) -> Self {
        let sets = match value {
            Some(Value::List(items)) => items.iter().filter_map(|item| Set::read(item, collections_dir)).collect(),
            _ => Vec::new(),
        };
        Self(sets)
    }

    /// What a document of `collection` at `path` (below the collections' directory) starts from.
    pub(super) fn for_path(&self, path: &str, collection: &str) -> Map {
        let mut values = Map::default();
        let mut strongest: Option<&Set> = None;
        let is_for = |set: &&Set| set.kind.as_deref().is_none_or(|kind| kind == collection) && set.path.holds(path);
        for set in self.0.iter().filter(is_for) {
            if strongest.is_none_or(|old| set.beats(old)) {
                values = values.merged(set.values.clone());
                strongest = Some(set);
            } else {
                values = set.values.clone().merged(values);
            }
        }
        values
    }
}

impl Set {
    fn read(item: &Value, collections_dir: &str) -> Option<Self> {
        let set = item.as_map()?;
        let scope = set.get("scope").and_then(Value::as_map);
        let text = |key| scope.and_then(|scope| scope.get(key)).filter(|value| value.is_truthy())?.as_text();
        // Jekyll 2's name for it still counts.
        let kind = text("type").map(|kind| if kind == "post" { "posts" } else { kind });
        let path = text("path").unwrap_or_default().trim_start_matches('/');
        Some(Self {
            path: Scope::read(path, collections_dir)?,
            path_len: path.len(),
            kind: kind.map(str::to_owned),
            // Their places are in another file than the post's.
            values: set.get("values")?.as_map()?.clone().without_places(),
        })
    }

    fn beats(&self, old: &Self) -> bool {
        if self.path_len == old.path_len {
            self.kind.is_some() || old.kind.is_none()
        } else {
            self.path_len > old.path_len
        }
    }
}

impl Scope {
    fn read(path: &str, collections_dir: &str) -> Option<Self> {
        let inside = path.strip_prefix(collections_dir).and_then(|rest| rest.strip_prefix('/'));
        let path = inside.filter(|_| !collections_dir.is_empty()).unwrap_or(path);
        if !path.contains('*') {
            return Some(Self::Prefix(path.to_owned()));
        }
        let glob = GlobBuilder::new(path.trim_end_matches('/')).literal_separator(true).build().ok()?;
        Some(Self::Glob(glob.compile_matcher()))
    }

    fn holds(&self, path: &str) -> bool {
        match self {
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Self::Glob(glob) => {
                let dirs = path.match_indices('/').map(|(at, _)| &path[..at]);
                dirs.chain([path]).any(|part| glob.is_match(part))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::posts::front_matter::parse;

    fn applied(yaml: &str, path: &str) -> Json {
        let map = parse(yaml, 0..yaml.len()).unwrap();
        Value::Map(Defaults::read(map.get("defaults"), "").for_path(path, "posts")).to_json()
    }

    #[test]
    fn the_longer_path_wins_and_mappings_merge() {
        let yaml = "defaults:\n\
            - {scope: {path: _posts/a}, values: {x: 2, m: {b: 2}}}\n\
            - {scope: {path: ''}, values: {x: 1, y: 1, m: {a: 1, b: 1}}}\n";
        assert_eq!(applied(yaml, "_posts/a/1.md"), json!({"x": 2, "y": 1, "m": {"a": 1, "b": 2}}));
        assert_eq!(applied(yaml, "_posts/b.md"), json!({"x": 1, "y": 1, "m": {"a": 1, "b": 1}}));
    }

    #[test]
    fn of_equal_paths_the_later_wins_unless_only_the_other_has_a_type() {
        let with_type = "{scope: {path: '', type: posts}, values: {x: typed}}";
        let without = "{scope: {path: ''}, values: {x: plain}}";
        assert_eq!(applied(&format!("defaults: [{with_type}, {without}]"), "p"), json!({"x": "typed"}));
        assert_eq!(applied(&format!("defaults: [{without}, {with_type}]"), "p"), json!({"x": "typed"}));
        assert_eq!(applied(&format!("defaults: [{without}, {{values: {{x: last}}}}]"), "p"), json!({"x": "last"}));
    }

    #[test]
    fn sets_for_other_things_and_broken_ones_do_not_apply() {
        let yaml = "defaults: [{scope: {type: pages}, values: {x: 1}}, {scope: {type: post}, values: {y: 1}}]";
        assert_eq!(applied(yaml, "_posts/x.md"), json!({"y": 1}));
        let yaml = "defaults: [{scope: {type: pages}, values: {x: 1}}, {scope: {path: other}, values: {x: 2}}, 3, {}, {values: 4}]";
        assert_eq!(applied(yaml, "_posts/x.md"), json!({}));
        assert_eq!(applied("defaults: {values: {x: 1}}", "_posts/x.md"), json!({}));
    }

    #[test]
    fn a_star_stands_for_one_directory() {
        let yaml = "defaults: [{scope: {path: 'section/*/special'}, values: {x: 1}}]";
        assert_eq!(applied(yaml, "section/a/special/_posts/x.md"), json!({"x": 1}));
        assert_eq!(applied(yaml, "section/a/b/special/x.md"), json!({}));
    }
}
