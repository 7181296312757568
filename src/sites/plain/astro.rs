//! Astro: Markdown in content collections.
//!
//! In: `astro.config.*`. Out: where an entry lies in its collection, under which id. Never: JavaScript, in which a site says
//! where its entries are shown.

use crate::config::SiteDefaults;
use crate::problems::{Code, Problem, Severity};
use crate::sites::{Files, SettingsError, files, slug};

use super::javascript::text_behind;

/// In the order they are looked for.
pub(in crate::sites) const SETTINGS_FILES: [&str; 5] =
    ["astro.config.mjs", "astro.config.js", "astro.config.ts", "astro.config.mts", "astro.config.cjs"];

/// A collection's entries under its own name, which is what most sites do.
const PERMALINK: &str = "/{dir}/{name}/";

/// Where collections are, the longest first.
const ROOTS: [&str; 5] = ["src/content/", "src/data/", PAGES, "content/", "src/"];

/// Files that are routes themselves.
const PAGES: &str = "src/pages/";

/// What the config says of the site, what it leaves open, and where it is.
pub(super) fn read(files: &dyn Files) -> Result<(SiteDefaults, Problem, Option<String>), SettingsError> {
    let found = files::first(&SETTINGS_FILES, files)?;
    let (path, script) = found.as_ref().map_or((None, ""), |(path, text)| (Some(*path), &**text));
    let base = text_behind(script, "base").filter(|base| !base.starts_with('.') && !base.contains(':'));
    let base = base.unwrap_or_default().trim_matches('/');
    let url = text_behind(script, "site").filter(|url| url.starts_with("http"));
    let url = url.map(|url| format!("{}/{base}", url.trim_end_matches('/')));
    let defaults = SiteDefaults { url, permalink: Some(PERMALINK.to_owned()), ..SiteDefaults::default() };
    Ok((defaults, doubt(path.unwrap_or(SETTINGS_FILES[0])), path.map(str::to_owned)))
}

fn doubt(path: &str) -> Problem {
    Problem {
        code: Code::Permalink,
        severity: Severity::Warning,
        path: path.to_owned(),
        place: None,
        message: "where an Astro site shows its posts is in its own code, which is not run".to_owned(),
        effect: format!("the URLs of posts are taken to be `{PERMALINK}`"),
        remedy: "set `source.permalink` in tidings.yaml to what the site does, as `/blog/{slug}/`".to_owned(),
    }
}

/// The path of an entry from where collections are.
pub(super) fn inside(path: &str) -> &str {
    ROOTS.iter().find_map(|root| path.strip_prefix(root)).unwrap_or(path)
}

/// Parts of a path as they are in an entry's id; a file that is a route itself keeps its name.
pub(super) fn id(path: &str, parts: &str) -> String {
    if path.starts_with(PAGES) {
        return parts.to_owned();
    }
    parts.split('/').map(slug::github).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::testing;

    #[test]
    fn the_config_may_name_the_sites_address() {
        let url = |script| read(&testing::files([("astro.config.ts", script)])).unwrap().0.url;
        assert_eq!(
            url("export default { site: 'https://e.example/', base: '/b' }").as_deref(),
            Some("https://e.example/b")
        );
        assert_eq!(url("export default { site: SITE }"), None);
    }

    #[test]
    fn ids_are_slugs() {
        assert_eq!(inside("src/content/blog/Hello World.md"), "blog/Hello World.md");
        assert_eq!(id("src/content/x.md", "blog/Hello, Wörld_1.5 日本"), "blog/hello-wörld_15-日本");
        assert_eq!(id("src/pages/Blog/A.md", "Blog/A"), "Blog/A");
    }
}
