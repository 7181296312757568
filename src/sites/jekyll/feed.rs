//! jekyll-feed's settings: the `feed:` section of `_config.yml`.
//!
//! In: the section as written. Out: [`FeedDefaults`]. Never: an error, because the plugin takes whatever is there.

use crate::config::{CollectionFeed, Content, FeedDefaults, TagFeeds};
use crate::posts::front_matter::{Map, Value};

/// Reads the value of `feed`.
pub(super) fn read(value: Option<&Value>) -> FeedDefaults {
    let Some(feed) = value.and_then(Value::as_map) else { return FeedDefaults::default() };
    let collections = collections(feed.get("collections"));
    let (posts, collections): (Vec<_>, Vec<_>) = collections.into_iter().partition(|feed| feed.label == "posts");
    let posts = posts.into_iter().next().unwrap_or_default();
    let categories = if posts.categories.is_empty() { texts(feed, "categories") } else { posts.categories };
    FeedDefaults {
        path: posts.path.or_else(|| text(feed, "path")),
        limit: text(feed, "posts_limit").and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0),
        content: feed.get("excerpt_only").filter(|only| only.is_truthy()).map(|_| Content::Excerpt),
        categories,
        tags: feed.get("tags").filter(|tags| tags.is_truthy()).map(tags),
        collections,
    }
}

/// A list of names, or a mapping from name to settings.
fn collections(value: Option<&Value>) -> Vec<CollectionFeed> {
    let named = |label: &str| CollectionFeed { label: label.to_owned(), ..CollectionFeed::default() };
    match value {
        Some(list @ Value::List(_)) => list.scalars().into_iter().map(|scalar| named(&scalar.text)).collect(),
        Some(Value::Map(map)) => map.iter().map(|(label, settings)| collection(named(label), settings)).collect(),
        _ => Vec::new(),
    }
}

fn collection(feed: CollectionFeed, settings: &Value) -> CollectionFeed {
    let Some(settings) = settings.as_map() else { return feed };
    CollectionFeed { path: text(settings, "path"), categories: texts(settings, "categories"), ..feed }
}

fn tags(value: &Value) -> TagFeeds {
    let settings = value.as_map();
    let list = |key| settings.filter(|map| map.get(key).is_some_and(Value::is_truthy)).map(|map| texts(map, key));
    TagFeeds {
        path: settings.and_then(|map| text(map, "path")).unwrap_or_else(|| "/feed/by_tag/".to_owned()),
        only: list("only"),
        except: list("except").unwrap_or_default(),
    }
}

fn text(map: &Map, key: &str) -> Option<String> {
    map.get(key).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(map: &Map, key: &str) -> Vec<String> {
    let scalars = map.get(key).map(Value::scalars).unwrap_or_default();
    scalars.into_iter().map(|scalar| scalar.text.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse;

    fn defaults(yaml: &str) -> FeedDefaults {
        let data = parse(yaml, 0..yaml.len()).unwrap();
        read(data.get("feed"))
    }

    #[test]
    fn the_plugins_settings_are_taken_over() {
        let feed = defaults(
            "feed:\n  path: atom.xml\n  posts_limit: 30\n  excerpt_only: true\n  categories: [news, Web Dev]\n  tags:\n    \
             only: [a, b]\n    except: [b]\n    path: /by/\n  collections: [notes]\n",
        );
        let tags = TagFeeds { path: "/by/".into(), only: Some(vec!["a".into(), "b".into()]), except: vec!["b".into()] };
        let notes = CollectionFeed { label: "notes".into(), ..CollectionFeed::default() };
        let expected = FeedDefaults {
            path: Some("atom.xml".into()),
            limit: Some(30),
            content: Some(Content::Excerpt),
            categories: vec!["news".into(), "Web Dev".into()],
            tags: Some(tags),
            collections: vec![notes],
        };
        assert_eq!(feed, expected);
    }

    #[test]
    fn collections_may_have_settings_of_their_own() {
        let feed = defaults("feed: {collections: {posts: {path: /p.xml, categories: [x]}, n: {path: /n.xml}, o: ~}}");
        assert_eq!((feed.path.as_deref(), feed.categories), (Some("/p.xml"), vec!["x".to_owned()]));
        let paths: Vec<_> = feed.collections.iter().map(|feed| (feed.label.as_str(), feed.path.as_deref())).collect();
        assert_eq!(paths, [("n", Some("/n.xml")), ("o", None)]);
    }

    #[test]
    fn what_says_nothing_changes_nothing() {
        for yaml in ["", "feed: true", "feed: {posts_limit: 0, excerpt_only: no, tags: off, collections: 3, path: ''}"]
        {
            assert_eq!(defaults(yaml), FeedDefaults::default(), "{yaml}");
        }
        let all = TagFeeds { path: "/feed/by_tag/".into(), only: None, except: vec![] };
        assert_eq!(defaults("feed: {tags: true}").tags, Some(all));
    }
}
