//! The page that `ref` and `relref` mean.

use crate::posts::Post;
use crate::sites::Pages;

use super::super::settings::Settings;

/// The URL of the page that `given` names for a reader of `post`: a path from the content's top or from the post's directory,
/// with or without extension, or the name of a file that there is once; an anchor goes along.
pub(super) fn resolve(
    settings: &Settings,
    post: &Post,
    given: &str,
    language: Option<&str>,
    pages: &dyn Pages,
) -> Option<String> {
    let (path, anchor) = given.split_once('#').map_or((given, None), |(path, anchor)| (path, Some(anchor)));
    let url = match path.trim() {
        "" => anchor.is_some().then(|| post.url.clone()),
        path if path.contains("://") => Some(path.to_owned()),
        path => page(settings, post, path, language, pages),
    }?;
    Some(anchor.map_or_else(|| url.clone(), |anchor| format!("{url}#{anchor}")))
}

fn page(settings: &Settings, post: &Post, path: &str, language: Option<&str>, pages: &dyn Pages) -> Option<String> {
    let beside = post.path.rsplit_once('/').map_or("", |(dir, _)| dir);
    let above = beside.rsplit_once('/').map_or("", |(dir, _)| dir);
    let near = [beside, above].into_iter().filter(|_| !path.starts_with('/'));
    let dirs = near.chain(settings.roots.iter().map(|root| root.dir.as_str()));
    let own = settings.name(&post.path).map(|name| name.language);
    let language = language.and_then(|key| settings.languages.position(key)).or(own).unwrap_or(0);
    let key = settings.languages.get(language).key.as_str();
    let trimmed = path.trim_matches('/');
    let names: Vec<String> = names(trimmed).iter().flat_map(|name| [with_language(name, key), name.clone()]).collect();
    let found = dirs.flat_map(|dir| names.iter().filter_map(move |name| inside(dir, name)));
    found.into_iter().find_map(|path| pages.url(&path)).or_else(|| once(trimmed, pages))
}

/// The files that a path may mean.
fn names(path: &str) -> Vec<String> {
    const EXTENSIONS: [&str; 4] = [".md", ".markdown", ".html", ".htm"];
    if EXTENSIONS.iter().any(|extension| path.ends_with(extension)) {
        return vec![path.to_owned()];
    }
    let of_page = EXTENSIONS.iter().map(|extension| format!("{path}{extension}"));
    of_page.chain(["index.md", "_index.md", "index.html"].map(|name| format!("{path}/{name}"))).collect()
}

/// `x.md` → `x.fr.md`
fn with_language(name: &str, key: &str) -> String {
    name.rsplit_once('.').map_or_else(|| name.to_owned(), |(stem, extension)| format!("{stem}.{key}.{extension}"))
}

/// A path below a directory; `None` if it leads out of the source.
fn inside(dir: &str, path: &str) -> Option<String> {
    let mut segments: Vec<&str> = Vec::new();
    for segment in dir.split('/').chain(path.split('/')) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()?),
            segment => segments.push(segment),
        }
    }
    Some(segments.join("/"))
}

/// The only post whose file has this name.
fn once(path: &str, pages: &dyn Pages) -> Option<String> {
    let file = path.rsplit('/').next().filter(|_| !path.contains('/'))?;
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    match &pages.named(stem)[..] {
        [(_, url)] => Some(url.clone()),
        _ => None,
    }
}
