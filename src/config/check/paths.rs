//! `feeds.paths`: where documents are.

use super::Checker;
use crate::config::feeds::is_plain;
use crate::config::file::Step;
use crate::config::raw::RawPaths;
use crate::config::{Paths, SiteDefaults, Taxonomy, Template};

const REMEDY: &str = "write names joined by `/`, without an extension, such as `feed` or `topics/{slug}`";

impl Checker<'_> {
    pub(super) fn paths(&mut self, raw: RawPaths, defaults: &SiteDefaults) -> Paths {
        if raw.jekyll_feed {
            return jekyll_feed(defaults);
        }
        let (given, usual) = (raw.given, Paths::default());
        let site = self.path("site", given.site, usual.site);
        Paths {
            site_atom: format!("{site}.{}", usual.atom_extension),
            site,
            category: self.template(Taxonomy::Category, given.category, usual.category),
            tag: self.template(Taxonomy::Tag, given.tag, usual.tag),
            author: self.template(Taxonomy::Author, given.author, usual.author),
            index: self.path("index", given.index, usual.index),
            opml: self.path("opml", given.opml, usual.opml),
            atom_extension: usual.atom_extension,
        }
    }

    fn path(&mut self, key: &str, given: Option<String>, usual: String) -> String {
        let path = given.unwrap_or(usual);
        if !is_plain(&path) || path.contains(['{', '}']) {
            let steps = [Step::Key("feeds"), Step::Key("paths"), Step::Key(key)];
            self.error(&steps, &format!("`{path}` is no path of a document"), REMEDY);
        }
        path
    }

    fn template(&mut self, taxonomy: Taxonomy, given: Option<String>, usual: Template) -> Template {
        let Some(written) = given else { return usual };
        let template = ["{slug}", "{name}"].into_iter().find_map(|term| {
            let (before, after) = written.split_once(term)?;
            let rest = format!("{before}x{after}");
            let whole = is_plain(&rest) && !rest.contains(['{', '}']);
            whole.then(|| Template { before: before.to_owned(), raw: term == "{name}", after: after.to_owned() })
        });
        template.unwrap_or_else(|| {
            let key = match taxonomy {
                Taxonomy::Category => "category",
                Taxonomy::Tag => "tag",
                Taxonomy::Author => "author",
            };
            let steps = [Step::Key("feeds"), Step::Key("paths"), Step::Key(key)];
            let message = format!("`{written}` has no place for the term: `{{slug}}`, or `{{name}}` for its spelling");
            self.error(&steps, &message, REMEDY);
            usual
        })
    }
}

/// Where jekyll-feed writes: Atom under `.xml`, terms as they are spelled. Its own pages have names of ours, and leave the
/// site's `index.html` alone.
fn jekyll_feed(defaults: &SiteDefaults) -> Paths {
    let given = defaults.feed.path.as_deref().map(|path| path.trim_matches('/'));
    let is_atom = |path: &&str| path.ends_with(".xml") || path.ends_with(".atom");
    let site_atom = given.filter(|path| is_plain(path)).filter(is_atom).unwrap_or("feed.xml");
    let site = site_atom.rsplit_once('.').map_or(site_atom, |(site, _)| site);
    let template = |before: &str| Template { before: before.to_owned(), raw: true, after: String::new() };
    let tags = defaults.feed.tags.as_ref().map(|tags| tags.path.trim_start_matches('/'));
    let tags = tags.filter(|path| is_plain(path.trim_end_matches('/'))).unwrap_or("feed/by_tag/");
    Paths {
        site: site.to_owned(),
        site_atom: site_atom.to_owned(),
        category: template("feed/"),
        tag: template(tags),
        author: template("feed/by_author/"),
        index: "feeds".to_owned(),
        opml: "feeds".to_owned(),
        atom_extension: "xml",
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigFile, SiteDefaults, Surroundings};
    use crate::problems::Problem;

    fn check(feeds: &str) -> Result<Config, Vec<Problem>> {
        let text = format!("site: {{url: \"https://example.com\", title: \"a\\x01 b\"}}\nfeeds: {feeds}\n");
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = ConfigFile::parse("tidings.yaml", dir, text).unwrap();
        file.check(&SiteDefaults::default(), &Surroundings { out: None, env: None })
    }

    #[test]
    fn a_path_leads_down_and_a_template_has_one_place_for_the_term() {
        for bad in [
            "{site: ../x}",
            "{site: /feed}",
            "{index: 'a//b'}",
            "{opml: '{slug}'}",
            "{tag: tags}",
            "{tag: '../{slug}'}",
        ] {
            let problems = check(&format!("{{paths: {bad}}}")).unwrap_err();
            assert_eq!(problems.len(), 1, "{bad}: {problems:?}");
            assert!(problems[0].place.is_some(), "{bad}");
        }
        for good in ["{site: a/b.c}", "{tag: '{slug}'}", "{author: 'by/{name}/feed'}"] {
            assert!(check(&format!("{{paths: {good}}}")).is_ok(), "{good}");
        }
    }

    #[test]
    fn no_title_has_what_xml_forbids() {
        let config = check("{custom: [{name: x, title: \"a\\x02\"}, {name: y, title: ' '}]}").unwrap();
        let titles: Vec<_> = config.feeds.custom.iter().map(|feed| feed.title.as_str()).collect();
        assert_eq!((config.site.title.as_str(), titles), ("a b", vec!["a", "y"]));
    }
}
