//! Feeds to test formats with: one made by hand from whatever has broken a feed before, and arbitrary ones.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::plan::{Home, Planned};
use super::{Category, Document, Entry, Feed, History, Place};
use crate::config::{Content, Format, Podcast, PodcastCategory, Taxonomy};
use crate::posts::media::{Attachment, Episode, EpisodeKind};
use crate::posts::{Person, media};

const SITE: &str = "https://example.com/";

/// The text of `document`, with this program's version taken out, for snapshots that outlive a release.
pub(super) fn text(document: &Document) -> String {
    let text = std::str::from_utf8(&document.bytes).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    text.replace(&format!("Tidings {version}"), "Tidings VERSION")
        .replace(&format!("version=\"{version}\""), "version=\"VERSION\"")
}

/// A feed without entries, in no particular language.
pub(super) fn empty_feed() -> Feed {
    Feed {
        id: "tag:example.com,2025:feed".into(),
        place: place("feed", "index"),
        group: None,
        edition: None,
        title: "Sample & Co. — a <blog>".into(),
        name: "Sample & Co. — a <blog>".into(),
        description: String::new(),
        home_url: SITE.into(),
        urls: urls("feed"),
        page_url: format!("{SITE}feeds/index.html"),
        hubs: Vec::new(),
        page_hub: None,
        language: None,
        author: person("Sample & Co.", None, None),
        icon: None,
        logo: None,
        updated: date("2025-11-09T01:38:45+09:00"),
        posts: 0,
        history: History::Untold,
        podcast: None,
        entries: Vec::new(),
    }
}

/// Japanese and English posts with everything that has broken feeds before.
pub(super) fn nasty_feed() -> Feed {
    Feed {
        id: "tag:example.com,2025:feed/category/%E6%8A%80%E8%A1%93".into(),
        place: place("categories/技術", "categories/技術"),
        group: Some(Taxonomy::Category),
        edition: None,
        title: "サンプルブログ — 技術 & R&D".into(),
        name: "技術".into(),
        description: "「技術」の新着記事 <ja> ]]> & more".into(),
        home_url: format!("{SITE}categories/%E6%8A%80%E8%A1%93/?a=1&b=2"),
        urls: urls("categories/%E6%8A%80%E8%A1%93"),
        page_url: format!("{SITE}feeds/categories/%E6%8A%80%E8%A1%93.html"),
        hubs: vec![format!("{SITE}feeds/hub"), "https://hub.example.com/?a=1&b=2".into()],
        page_hub: Some(format!("{SITE}feeds/hub")),
        language: Some("ja".into()),
        author: person("佐藤", Some("sato@example.com"), Some("https://example.com/about/")),
        icon: Some(format!("{SITE}favicon.ico")),
        logo: Some(format!("{SITE}logo.PNG?v=1&w=2")),
        updated: date("2025-11-10T01:38:45+09:00"),
        posts: 24,
        history: middle_archive(),
        podcast: Some(podcast()),
        entries: [markup_entry(), nepalese_entry(), bare_entry()].map(Arc::new).into(),
    }
}

/// Markup in every text, two authors, a picture whose URL needs escaping, a later change.
fn markup_entry() -> Entry {
    Entry {
        title: "Vec<T> & \"x\" 😀 と 'R&amp;D' ]]> の話".into(),
        summary: Some("要約 a < b ]]> です & <script>alert(1)</script>".into()),
        html: Some(
            "<p>本文 a &lt; b ]]&gt; <a href=\"https://example.com/?a=1&amp;b=2\">rel</a></p>\n<pre>a]]>b</pre>".into(),
        ),
        updated: date("2025-11-10T01:38:45+09:00"),
        authors: vec![person("山田 <太郎>", Some("taro@example.com"), None), person("Sam O'Neil", None, Some(SITE))],
        categories: vec![
            category(Taxonomy::Category, "技術"),
            category(Taxonomy::Tag, "C++ & <C#>"),
            category(Taxonomy::Tag, "技術"),
        ],
        image: Some(format!("{SITE}pic.png?w=1&h=%222%22")),
        attachments: vec![
            attachment("e&p.mp3", Some(1234), Some(95), Some("A \"title\" & <more>")),
            attachment("paper.pdf?a=1&b=2", None, None, None),
        ],
        episode: Some(Episode {
            number: Some(3),
            season: Some(2),
            kind: Some(EpisodeKind::Bonus),
            explicit: Some(true),
        }),
        extra: json!({"reading_time": "5 min", "nested": {"<&>": [1, null]}}).as_object().unwrap().clone(),
        ..bare_entry_at("a&b", "2025-11-09T01:38:45+09:00")
    }
}

fn attachment(name: &str, length: Option<u64>, duration: Option<u64>, title: Option<&str>) -> Attachment {
    Attachment {
        url: format!("{SITE}{name}"),
        media_type: media::type_of(name).unwrap().into(),
        length,
        duration,
        title: title.map(Into::into),
    }
}

fn podcast() -> Podcast {
    let category = |name: &str, sub: Option<&str>| PodcastCategory { name: name.into(), sub: sub.map(Into::into) };
    Podcast {
        categories: vec![category("News", Some("Tech News")), category("Society & Culture", None)],
        explicit: false,
        image: format!("{SITE}cover.jpg?a=1&b=2"),
        owner: person("佐藤 & Co.", Some("sato@example.com"), None),
        author: "佐藤 <Sato>".into(),
        serial: true,
    }
}

/// Of an archive that has an older and a newer one beside it.
fn middle_archive() -> History {
    let at = |name: &str| urls(&format!("categories/%E6%8A%80%E8%A1%93{name}"));
    let archive = |name: &str| Some(at(&format!("/archive-{name}")));
    History::Archive { current: at(""), previous: archive("1-01234567"), next: archive("3-89abcdef") }
}

/// English, no body, an author with an e-mail address, an offset that RSS readers stumble over.
fn nepalese_entry() -> Entry {
    Entry {
        title: "A title in English".into(),
        summary: Some("Only a summary.".into()),
        authors: vec![person("Tenzing", Some("tenzing@example.com"), None)],
        categories: vec![category(Taxonomy::Tag, "rust")],
        language: Some("en".into()),
        ..bare_entry_at("nepal", "2025-11-08T12:00:00+05:45")
    }
}

/// Title, link and dates; its id is its URL.
pub(super) fn bare_entry() -> Entry {
    bare_entry_at("bare", "2024-02-29T00:00:00Z")
}

fn bare_entry_at(slug: &str, published: &str) -> Entry {
    Entry {
        id: if slug == "bare" { format!("{SITE}bare.html") } else { format!("{SITE}{slug}") },
        url: format!("{SITE}{slug}.html"),
        title: "題だけ".into(),
        summary: None,
        html: None,
        published: date(published),
        updated: date(published),
        authors: Vec::new(),
        categories: Vec::new(),
        language: None,
        image: None,
        attachments: Vec::new(),
        episode: None,
        extra: serde_json::Map::new(),
    }
}

/// The site's own feed, a custom one, one a taxonomy, and two in a further language.
pub(super) fn all_feeds() -> Vec<Feed> {
    let site = Feed {
        title: "サンプル & ブログ".into(),
        name: "サンプル & ブログ".into(),
        description: "日本語と英語の記事".into(),
        language: Some("ja".into()),
        posts: 25,
        entries: nasty_feed().entries,
        ..empty_feed()
    };
    let listed = |group, path: &str, name: &str, posts| Feed {
        id: format!("tag:example.com,2025:{path}"),
        place: place(path, path),
        group,
        title: format!("サンプル & ブログ — {name}"),
        name: name.into(),
        urls: urls(path),
        page_url: format!("{SITE}feeds/{path}.html"),
        posts,
        ..empty_feed()
    };
    vec![
        site,
        listed(None, "english", "In \"English\"", 1),
        nasty_feed(),
        listed(Some(Taxonomy::Tag), "tags/c++", "C++ & <C#>", 1),
        listed(Some(Taxonomy::Tag), "tags/rust", "rust", 12),
        french(listed(None, "fr/feed", "Le & blog", 2)),
        french(listed(Some(Taxonomy::Tag), "fr/tags/rust", "rust", 2)),
    ]
}

fn french(feed: Feed) -> Feed {
    Feed { edition: Some("fr".into()), language: Some("fr".into()), ..feed }
}

fn urls(path: &str) -> Vec<(Format, String)> {
    [(Format::Atom, "atom"), (Format::Rss, "rss"), (Format::Json, "json")]
        .map(|(format, extension)| (format, format!("{SITE}feeds/{path}.{extension}")))
        .into()
}

/// The plan of a feed at `feed` that shows these of so many posts.
pub(super) fn planned(posts: Vec<usize>, of: usize) -> Planned {
    let Feed { id, place, title, name, description, .. } = empty_feed();
    Planned {
        id,
        place,
        group: None,
        edition: None,
        title,
        name,
        description,
        home: Home::Page,
        language: None,
        content: Content::Full,
        podcast: None,
        posts,
        beyond: Vec::new(),
        archives: Vec::new(),
        of,
    }
}

fn place(path: &str, page: &str) -> Place {
    Place { path: path.into(), atom: format!("{path}.atom"), page: format!("{page}.html") }
}

fn person(name: &str, email: Option<&str>, uri: Option<&str>) -> Person {
    Person { name: name.into(), email: email.map(Into::into), uri: uri.map(Into::into) }
}

pub(super) fn category(taxonomy: Taxonomy, term: &str) -> Category {
    Category { taxonomy, term: term.into(), scheme: format!("{SITE}{}/", taxonomy.dir()) }
}

fn date(date: &str) -> DateTime<FixedOffset> {
    date.parse().unwrap()
}

/// Feeds with arbitrary texts, as the types promise them: without what XML forbids, lines folded where there is one line.
pub(super) fn any_feed() -> impl Strategy<Value = Feed> {
    let texts = (line(), line(), option::of(line()));
    (texts, any_person(), any_date(), vec(any_entry(), 0..4)).prop_map(
        |((title, name, description), author, updated, entries)| Feed {
            title,
            name,
            description: description.unwrap_or_default(),
            author,
            updated,
            posts: entries.len(),
            // Ids are unique in a feed.
            entries: entries.into_iter().enumerate().map(|(n, entry)| Arc::new(numbered(entry, n))).collect(),
            ..empty_feed()
        },
    )
}

fn numbered(entry: Entry, n: usize) -> Entry {
    Entry { id: format!("{SITE}{n}"), url: format!("{SITE}{n}.html"), ..entry }
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let texts = (line(), option::of(lines()), option::of(lines()));
    let dates = (any_date(), any_date());
    let people = vec(any_person(), 0..3);
    let categories = proptest::collection::btree_set((any_taxonomy(), line()), 0..4);
    (texts, dates, people, categories, option::of(".{0,9}"), any_attachments()).prop_map(
        |((title, summary, html), (published, updated), authors, categories, extra, attachments)| Entry {
            title,
            summary: summary.map(Into::into),
            html: html.map(Into::into),
            published,
            updated,
            authors,
            categories: categories.iter().map(|(taxonomy, term)| category(*taxonomy, term)).collect(),
            image: extra.as_ref().map(|_| format!("{SITE}pic.png?a=1&b=2")),
            attachments,
            extra: extra.into_iter().map(|value| (value.clone(), value.into())).collect(),
            ..bare_entry()
        },
    )
}

fn any_attachments() -> impl Strategy<Value = Vec<Attachment>> {
    let parts = (option::of(1..u64::from(u32::MAX)), option::of(1..100_000_u64), option::of(line()));
    vec(parts, 0..3).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered
            .map(|(n, (length, duration, title))| attachment(&format!("{n}.mp3"), length, duration, title.as_deref()))
            .collect()
    })
}

fn any_taxonomy() -> impl Strategy<Value = Taxonomy> {
    prop_oneof![Just(Taxonomy::Category), Just(Taxonomy::Tag)]
}

fn any_person() -> impl Strategy<Value = Person> {
    (line(), any::<bool>(), any::<bool>()).prop_map(|(name, email, uri)| {
        person(&name, email.then_some("somebody@example.com"), uri.then_some("https://example.com/~somebody"))
    })
}

fn any_date() -> impl Strategy<Value = DateTime<FixedOffset>> {
    (0_i64..4_000_000_000, -840..=840_i32).prop_map(|(seconds, minutes)| {
        let offset = FixedOffset::east_opt(minutes * 60).unwrap();
        DateTime::from_timestamp(seconds, 0).unwrap().with_timezone(&offset)
    })
}

/// One line that is not blank and has no white space around it.
fn line() -> impl Strategy<Value = String> {
    vec(character().prop_filter("one line", |c| !c.is_control()), 1..20)
        .prop_map(|characters| characters.into_iter().collect::<String>().trim().to_owned())
        .prop_filter("not blank", |line| !line.is_empty())
}

/// Like [`line`], with line breaks.
fn lines() -> impl Strategy<Value = String> {
    vec(line(), 1..4).prop_map(|lines| lines.join("\n"))
}

/// Any character that a feed may hold, those that mean something to XML, HTML or CDATA more often than others.
fn character() -> impl Strategy<Value = char> {
    let allowed = |c: &char| !c.is_control() && !matches!(c, '\u{fffd}'..='\u{ffff}');
    prop_oneof![
        2 => proptest::sample::select("<>&\"'];#/-!?lgtamp \t".chars().collect::<Vec<_>>()),
        1 => any::<char>().prop_filter("allowed in XML", allowed),
    ]
}
