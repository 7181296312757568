//! What a post is recognised by when its file has another name: its text, and the URLs that its author says it had.
//!
//! In: title, body and front matter. Out: [`TextPrint`], URLs. Never: anything that readers see.

use url::Url;

use crate::posts::front_matter::{Map, Value};
use crate::posts::{TextPrint, html};

use super::links;

/// A shorter body says too little by itself: that of another post may well be the same.
const TELLING: usize = 64;

/// A longer list is an accident.
const MAX_FORMER: usize = 100;

/// Where front matter names former URLs: jekyll-redirect-from's key; Hugo's and Zola's.
const KEYS: [&str; 2] = ["redirect_from", "aliases"];

/// The fingerprint of a body, with the title where it is short. `None` if there is no body.
pub(super) fn text(title: &str, body: &str) -> Option<TextPrint> {
    let body = body.trim();
    let mut hash = blake3::Hasher::new();
    match body.len() {
        0 => return None,
        1..TELLING => drop(hash.update(format!("{}:{title}", title.len()).as_bytes())),
        _ => {}
    }
    hash.update(body.as_bytes());
    let mut print = [0; 16];
    hash.finalize_xof().fill(&mut print);
    Some(TextPrint(print))
}

/// The URLs at which the post at `url` on `site` was before, as its front matter says.
///
/// A path without a slash at its start is one from the site's root to Jekyll and Zola, and one beside the page to Hugo:
/// both are listed, as there can hardly have been a post at either by chance.
pub(super) fn former_urls(own: &Map, site: &Url, url: &str) -> Vec<String> {
    let given = KEYS.into_iter().filter_map(|key| own.get(key)).flat_map(Value::scalars);
    let given = given.map(|scalar| scalar.text.trim()).filter(|path| !path.is_empty()).take(MAX_FORMER);
    let mut urls = Vec::new();
    for path in given {
        if Url::parse(path).is_ok() {
            urls.extend(html::absolute(path, url));
            continue;
        }
        urls.push(format!("{}{}", links::base(site), links::normal(&format!("/{}", path.trim_start_matches('/')))));
        if !path.starts_with('/') {
            urls.extend(html::absolute(path, url.trim_end_matches('/')));
        }
    }
    urls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse;

    const LONG: &str = "A body that is long enough to be told from every other by itself.\n";

    #[test]
    fn blank_ends_and_the_title_of_a_long_text_do_not_matter() {
        let long = format!("{LONG}Second line.\n");
        assert_eq!(text("a", &long), text("b", &format!("\n{long} \n")));
        assert_ne!(text("a", &long), text("a", LONG));
    }

    #[test]
    fn a_short_text_is_known_with_its_title_only_and_none_is_not_known_at_all() {
        assert_eq!(text("a", "short"), text("a", "short\n"));
        assert_ne!(text("a", "short"), text("b", "short"));
        assert_ne!(text("a", "bshort"), text("ab", "short"));
        assert_eq!(text("a", " \n"), None);
    }

    #[test]
    fn former_urls_are_absolute_and_stand_in_a_text_or_a_list() {
        let former = |yaml: &str| {
            let own = parse(yaml, 0..yaml.len()).unwrap();
            former_urls(&own, &"https://example.com/base/".parse().unwrap(), "https://example.com/base/posts/new/")
        };
        assert_eq!(former("redirect_from: /old/日/"), ["https://example.com/base/old/%E6%97%A5/"]);
        let both = former("redirect_from: [/a, ~]\naliases: ['https://other.example/b']");
        assert_eq!(both, ["https://example.com/base/a", "https://other.example/b"]);
        assert_eq!(former("aliases: [old]"), ["https://example.com/base/old", "https://example.com/base/posts/old"]);
        assert!(former("title: x").is_empty());
    }
}
