//! Where files that are no posts end up: pages, documents of collections, files that are copied as they are.

use chrono::DateTime;

use crate::posts::front_matter::{self, Map, Value};
use crate::sites::{Rules, links};

use super::permalink::{self, Parts};
use super::settings::Settings;

impl Settings {
    /// The URL of the file at `path`; `None` if Jekyll makes nothing of it.
    pub(in crate::sites) fn page_url(&self, path: &str, text: &str, rules: &Rules<'_>) -> Option<String> {
        let url = match self.collection_of(path) {
            Some((label, collection, inside)) => self.document(label, collection, inside, text)?,
            None => self.page(path, text)?,
        };
        Some(format!("{}{}", links::base(&rules.site.url), links::normal(&url)))
    }

    fn page(&self, path: &str, text: &str) -> Option<String> {
        let dirs = path.match_indices('/').map(|(at, _)| &path[..at]);
        let is_seen = self.sees(path, false) && dirs.into_iter().all(|dir| self.sees(dir, true));
        if !is_seen {
            return None;
        }
        let Some(front) = front_of(text) else { return Some(format!("/{path}")) };
        let defaults = self.defaults.for_path(path, "pages");
        let own = front.get("permalink").or_else(|| defaults.get("permalink")).and_then(Value::as_text);
        let (stem, extension) = self.output(path);
        let (dir, name) = stem.rsplit_once('/').map_or(("", stem), |(dir, name)| (dir, name));
        let dir = if dir.is_empty() { String::new() } else { format!("/{dir}") };
        if let Some(own) = own {
            let own = own
                .replace(":path", dir.trim_start_matches('/'))
                .replace(":basename", name)
                .replace(":output_ext", extension);
            return Some(format!("/{}", own.trim_start_matches('/')));
        }
        Some(match (name, extension, self.suffix()) {
            ("index", ".html", _) => format!("{dir}/"),
            (name, ".html", end @ ("/" | "")) => format!("{dir}/{name}{end}"),
            (name, extension, _) => format!("{dir}/{name}{extension}"),
        })
    }

    /// How paths end, by the site's own `permalink`.
    fn suffix(&self) -> &'static str {
        permalink::suffix(self.config.get("permalink").and_then(Value::as_text).unwrap_or("date"))
    }

    /// The collection that a file is in, and its path there.
    fn collection_of<'a>(&'a self, path: &'a str) -> Option<(&'a str, Option<&'a Map>, &'a str)> {
        let (dir, inside) = self.inside_collections(path).strip_prefix('_')?.split_once('/')?;
        match self.config.get("collections")? {
            Value::Map(all) => {
                let (label, settings) = all.iter().find(|(label, _)| *label == dir)?;
                Some((label, settings.as_map(), inside))
            }
            Value::List(all) => {
                all.iter().filter_map(Value::as_text).find(|label| *label == dir).map(|label| (label, None, inside))
            }
            Value::Null | Value::Scalar(_) => None,
        }
    }

    fn document(&self, label: &str, collection: Option<&Map>, inside: &str, text: &str) -> Option<String> {
        let is_written = collection.and_then(|settings| settings.get("output")).is_some_and(Value::is_truthy);
        if !is_written {
            return None;
        }
        let Some(front) = front_of(text) else { return Some(format!("/{label}/{inside}")) };
        let (stem, extension) = self.output(inside);
        let template = front.get("permalink").or_else(|| collection?.get("permalink")).and_then(Value::as_text);
        let template = template.map_or_else(|| format!("/:collection/:path{}", self.suffix()), str::to_owned);
        let name = stem.rsplit('/').next().unwrap_or(stem);
        let slug = front.get("slug").and_then(Value::as_text).unwrap_or(name);
        let published = DateTime::default();
        let parts = Parts { published, categories: &[], slug, stem: name, collection: label, path: stem, extension };
        permalink::expand(&template, &parts).ok()
    }

    /// A file's path without its extension, and the extension of what it becomes.
    fn output<'a>(&self, path: &'a str) -> (&'a str, &'a str) {
        let name = path.rfind('/').map_or(0, |at| at + 1);
        let dot = path[name..].rfind('.').map_or(path.len(), |dot| name + dot);
        let (stem, extension) = path.split_at(dot);
        let is_markdown = self.markdown_extensions.iter().any(|known| extension.strip_prefix('.') == Some(known));
        (stem, if is_markdown { ".html" } else { extension })
    }
}

/// The front matter of a page; `None` for a file that is copied as it is.
fn front_of(text: &str) -> Option<Map> {
    let (front, start) = front_matter::read(text).ok()?;
    (start > 0).then_some(front)
}

#[cfg(test)]
mod tests {
    use super::super::settings;
    use super::*;
    use crate::sites::testing;

    fn url(config: &str, path: &str, text: &str) -> Option<String> {
        let (settings, ..) = settings::read(&testing::files([("_config.yml", config)]), &[]).unwrap();
        let site = crate::sites::tests::site("https://example.com/b/");
        let rules = Rules { site: &site, permalink: "", max_post_bytes: 1 << 20, prints: true };
        let url = settings.page_url(path, text, &rules)?;
        Some(url.strip_prefix("https://example.com/b").unwrap().to_owned())
    }

    #[test]
    fn pages_go_where_the_sites_style_puts_them() {
        let page = "---\ntitle: x\n---\n";
        for (config, path, expected) in [
            ("", "about.md", "/about.html"),
            ("", "docs/index.md", "/docs/"),
            ("permalink: pretty", "docs/a b.md", "/docs/a%20b/"),
            ("permalink: /:title", "about.html", "/about"),
            ("", "feed.xml", "/feed.xml"),
        ] {
            assert_eq!(url(config, path, page).as_deref(), Some(expected), "{config} {path}");
        }
        assert_eq!(url("", "a.md", "---\npermalink: /x/:basename/\n---\n").as_deref(), Some("/x/a/"));
        assert_eq!(url("", "img/a.png", "").as_deref(), Some("/img/a.png"));
        assert_eq!(url("exclude: [old]", "old/a.md", page), None);
        assert_eq!(url("", "_drafts/a.md", page), None);
    }

    #[test]
    fn documents_go_where_their_collection_says() {
        let page = "---\ntitle: x\n---\n";
        assert_eq!(url("collections: {docs: {output: true}}", "_docs/a/b.md", page).as_deref(), Some("/docs/a/b.html"));
        let with = "permalink: pretty\ncollections: {docs: {output: true, permalink: '/:collection/x/:name/'}}";
        assert_eq!(url(with, "_docs/a/b.md", page).as_deref(), Some("/docs/x/b/"));
        assert_eq!(url("collections: [docs]", "_docs/a.md", page), None);
    }
}
