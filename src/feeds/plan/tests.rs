//! Which feeds there are, for made-up posts.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::catalog::{Given, Naming};
use crate::config::{CollectionFeed, ConfigFile, FeedDefaults, SiteDefaults, Surroundings, TagFeeds};
use crate::posts::Post;
use crate::posts::testing::post;

fn config(feeds: &str, defaults: &SiteDefaults) -> Config {
    let text = format!("site: {{url: \"https://example.com\", title: T, language: en}}\nfeeds: {feeds}\n");
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = ConfigFile::parse("tidings.yaml", dir, text).unwrap();
    file.check(defaults, &Surroundings { out: None, env: None }).unwrap()
}

fn french() -> SiteDefaults {
    let language = |code: &str, title: Option<&str>| SiteLanguage { code: code.into(), title: title.map(Into::into) };
    SiteDefaults { languages: vec![language("fr", Some("Le T")), language("en", None)], ..SiteDefaults::default() }
}

fn planned(posts: Vec<Post>, config: &Config) -> Plan {
    let posts = posts.into_iter().map(Arc::new).collect();
    let catalog = Catalog::new(posts, &config.site, &Naming::new(&config.feeds, &Given::new()));
    plan(&catalog, config)
}

/// Path and number of posts of each feed.
fn shape(plan: &Plan) -> Vec<(&str, usize)> {
    plan.feeds.iter().map(|feed| (feed.place.path.as_str(), feed.posts.len())).collect()
}

fn tagged(path: &str, day: u32, tag: &str) -> Post {
    Post { tags: vec![tag.into()], ..post(path, day) }
}

fn in_category(path: &str, day: u32, category: &str) -> Post {
    Post { categories: vec![category.into()], ..post(path, day) }
}

#[test]
fn every_feed_is_where_its_template_says_and_keeps_its_id() {
    let posts = || vec![in_category("a", 1, "Web Dev"), tagged("b", 2, "C#")];
    let usual = planned(posts(), &config("{}", &SiteDefaults::default()));
    assert_eq!(shape(&usual), [("feed", 2), ("categories/web-dev", 1), ("tags/c-951a4d", 1)]);
    let paths = "{paths: {site: all, category: 'in/{name}', tag: 'about-{slug}/feed', index: start}}";
    let moved = planned(posts(), &config(paths, &SiteDefaults::default()));
    assert_eq!(shape(&moved), [("all", 2), ("in/Web Dev", 1), ("about-c-951a4d/feed", 1)]);
    assert_eq!(moved.feeds[0].place.page, "start.html");
    let ids = |plan: &Plan| plan.feeds.iter().map(|feed| feed.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&moved), ids(&usual));
}

#[test]
fn the_preset_writes_where_jekyll_feed_does() {
    let posts = || vec![in_category("a", 1, "Web Dev"), tagged("b", 2, "日本語"), tagged("c", 3, "..")];
    let documents = |defaults: &SiteDefaults| -> Vec<String> {
        let plan = planned(posts(), &config("{paths: jekyll-feed}", defaults));
        plan.feeds.into_iter().map(|feed| feed.place.atom).collect()
    };
    let expected = ["feed.xml", "feed/Web Dev.xml", "feed/by_tag/t-5ec1f7.xml", "feed/by_tag/日本語.xml"];
    assert_eq!(documents(&SiteDefaults::default()), expected);
    let with = |feed: FeedDefaults| SiteDefaults { feed, ..SiteDefaults::default() };
    let at = |path: &str| with(FeedDefaults { path: Some(path.to_owned()), ..FeedDefaults::default() });
    assert_eq!(documents(&at("/blog/atom.xml"))[0], "blog/atom.xml");
    assert_eq!(documents(&at("../x"))[0], "feed.xml");
    let tags = |path: &str| Some(TagFeeds { path: path.to_owned(), only: None, except: Vec::new() });
    let tags = |path: &str| with(FeedDefaults { tags: tags(path), ..FeedDefaults::default() });
    assert_eq!(documents(&tags("/by/"))[3], "by/日本語.xml");
    assert_eq!(documents(&tags("/../"))[3], "feed/by_tag/日本語.xml");
    let notes = CollectionFeed { label: "notes".into(), ..CollectionFeed::default() };
    let notes = with(FeedDefaults { collections: vec![notes], ..FeedDefaults::default() });
    assert_eq!(documents(&notes)[1], "feed/notes.xml");
    let (path, categories) = (Some("/notes/atom.xml".to_owned()), vec!["Big News".to_owned(), "..".to_owned()]);
    let notes = CollectionFeed { label: "notes".into(), path, categories };
    let notes = with(FeedDefaults { collections: vec![notes], ..FeedDefaults::default() });
    assert_eq!(documents(&notes)[1..3], ["notes/atom.xml", "feed/notes/Big News.xml"]);
    let listed = with(FeedDefaults { categories: vec!["empty".into(), "web dev".into()], ..FeedDefaults::default() });
    assert_eq!(documents(&listed)[1..3], ["feed/empty.xml", "feed/Web Dev.xml"], "a category that is named is there");
    let plan = planned(posts(), &config("{paths: jekyll-feed}", &SiteDefaults::default()));
    assert_eq!(plan.feeds[0].id, "https://example.com/feeds/feed.xml", "as jekyll-feed's own");
}

#[test]
fn of_two_feeds_at_one_path_the_first_stays_there() {
    let config = config("{paths: jekyll-feed, custom: [{name: feed/news}]}", &SiteDefaults::default());
    let plan = planned(vec![in_category("a", 1, "news")], &config);
    assert_eq!(shape(&plan), [("feed", 1), ("feed/news", 1), ("categories/news", 1)]);
    assert_eq!(plan.problems.len(), 1);
    assert_eq!(plan.problems[0].path, "feed/news");
    assert_eq!(plan.problems[0].effect, "it is at categories/news instead");
}

#[test]
fn each_further_language_has_feeds_of_its_own() {
    let in_french = |post: Post| Post { language: Some("fr".into()), ..post };
    let posts = vec![
        tagged("a", 1, "x"),
        in_french(tagged("b", 2, "x")),
        in_french(tagged("c", 3, "y")),
        Post { language: Some("de".into()), ..post("d", 4) },
    ];
    let config = config("{}", &french());
    let plan = planned(posts.clone(), &config);
    assert_eq!(shape(&plan), [("feed", 2), ("tags/x", 1), ("fr/feed", 2), ("fr/tags/x", 1), ("fr/tags/y", 1)]);
    let french = &plan.feeds[2];
    assert_eq!((french.title.as_str(), french.language.as_deref()), ("Le T", Some("fr")));
    assert_eq!(french.home, Home::Site("https://example.com/fr/".into()));
    assert_eq!(plan.feeds[3].title, "Le T — #x");
    let one = planned(posts, &self::config("{}", &SiteDefaults::default()));
    assert_eq!(shape(&one), [("feed", 4), ("tags/x", 2), ("tags/y", 1)], "without languages nothing is told apart");
}

#[test]
fn posts_beyond_the_limit_stand_in_archives_whose_names_tell_their_posts() {
    let config = config("{by: [], limit: 2, archive: {size: 3}}", &SiteDefaults::default());
    let archives = |days: &[u32]| -> Vec<(String, usize)> {
        let posts = days.iter().map(|&day| post(&format!("p{day}"), day)).collect();
        let plan = planned(posts, &config);
        let blocks = plan.feeds[0].archives.iter();
        blocks.map(|block| (block.place.path.clone(), block.posts.len())).collect()
    };
    let before = archives(&[2, 3, 4, 5, 6, 7]);
    assert!(before[0].0.starts_with("feed/archive-1-") && before[1].0.starts_with("feed/archive-2-"), "{before:?}");
    assert_eq!(archives(&[2, 3, 4, 5, 6, 7, 8]), before, "a new post changes none");
    let inserted = archives(&[1, 2, 3, 4, 5, 6, 7]);
    assert!(inserted.iter().all(|archive| !before.contains(archive)), "an old one changes all from there on");
    assert_eq!(archives(&[2, 3]), [], "all fit");
}

#[test]
fn a_feed_holds_what_it_shows_and_as_many_beyond() {
    let notes = |path: &str, day| Post { collection: Some("notes".into()), ..tagged(path, day, "x") };
    let posts: Vec<Post> = (1..9).map(|day| tagged(&format!("p{day}"), day, "x")).chain([notes("n", 9)]).collect();
    let config = config("{limit: 3, custom: [{name: all}, {name: one, limit: 1}]}", &SiteDefaults::default());
    let plan = planned(posts, &config);
    let found: Vec<_> = plan.feeds.iter().map(|feed| (&*feed.posts, &*feed.beyond, feed.of)).collect();
    let three: (&[usize], &[usize], usize) = (&[1, 2, 3], &[4, 5, 6], 8);
    assert_eq!(found, [three, three, (&[1], &[2], 8), three], "what stands apart is passed over");
}

#[test]
fn plans_are_alike_whatever_their_posts_are() {
    let plan = |feeds: &str, day: u32| {
        let posts = vec![tagged("a", day, "x"), post("b", 4), post("c", 5)];
        planned(posts, &config(feeds, &SiteDefaults::default())).feeds
    };
    let alike = |a: &[Planned], b: &[Planned]| a.iter().zip(b).map(|(a, b)| a.is_alike(b)).collect::<Vec<_>>();
    let before = plan("{limit: 1}", 3);
    assert_eq!(alike(&before, &plan("{limit: 1}", 6)), [true, true], "another post is the newest");
    assert_eq!(alike(&before, &plan("{limit: 1, content: none}", 3)), [false, false]);
    assert_eq!(alike(&before, &plan("{limit: 1, custom: [{name: x}]}", 3)), [true, false]);
    let archived = "{limit: 1, archive: {size: 1}}";
    assert_eq!(alike(&plan(archived, 3), &plan(archived, 3)), [true, true]);
    assert_eq!(alike(&plan(archived, 3), &plan(archived, 6)), [false, true], "other archives");
}
