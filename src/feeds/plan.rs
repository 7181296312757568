//! Which feeds there are, which posts each shows, and how a plan becomes a [`Feed`].

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeZone as _, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::{Category, Entry, Feed};
use crate::catalog::{Catalog, Term, author_names, terms_of};
use crate::config::{Config, Content, Site, Taxonomy};
use crate::posts::{Post, Rendered};

/// What is left as it is in a path segment (RFC 3986, 3.3), less what some readers stumble over.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'+');

/// One feed to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// See [`Feed::path`].
    pub path: String,
    /// The taxonomy of its term; `None` for the site's and the operator's own feeds.
    pub group: Option<Taxonomy>,
    /// See [`Feed::title`].
    pub title: String,
    /// See [`Feed::name`].
    pub name: String,
    /// See [`Feed::description`].
    pub description: String,
    /// How much of each post it shows.
    pub content: Content,
    /// The posts that it shows: indices into [`Catalog::posts`], in feed order.
    pub posts: Vec<usize>,
    /// How many posts it is about, shown or not.
    pub of: usize,
}

/// Plans all feeds: the site's first, then the operator's own, then one a term.
#[must_use]
pub fn plan(catalog: &Catalog, config: &Config) -> Vec<Planned> {
    let mut plans = vec![site_feed(catalog, config)];
    plans.extend(custom_feeds(catalog, config));
    let wanted = |term: &&Term| config.feeds.by.contains(&term.taxonomy) && term.posts.len() >= config.feeds.min_posts;
    plans.extend(catalog.terms.iter().filter(wanted).map(|term| term_feed(term, config)));
    plans
}

/// The URL of a document: `path` below `server.public_url`, percent-encoded.
#[must_use]
pub fn document_url(public_url: &Url, path: &str) -> String {
    let segments: Vec<_> = path.split('/').map(|segment| utf8_percent_encode(segment, SEGMENT).to_string()).collect();
    format!("{public_url}{}", segments.join("/"))
}

/// The URL that stands for a planned feed in events: its document in the first format configured.
#[must_use]
pub fn feed_url(plan: &Planned, config: &Config) -> Option<String> {
    let format = config.feeds.formats.first()?;
    Some(document_url(&config.server.public_url, &format!("{}.{}", plan.path, format.extension())))
}

/// Makes a feed of a plan and its entries.
#[must_use]
pub fn compose(plan: &Planned, entries: Vec<Arc<Entry>>, catalog: &Catalog, config: &Config) -> Feed {
    let url = |path: &str| document_url(&config.server.public_url, path);
    let urls = config.feeds.formats.iter();
    let page_url = url(&super::page::path(&plan.path));
    let newest = entries.iter().map(|entry| entry.updated).max();
    Feed {
        id: url(&plan.path),
        path: plan.path.clone(),
        group: plan.group,
        title: plan.title.clone(),
        name: plan.name.clone(),
        description: plan.description.clone(),
        home_url: if plan.path == SITE_FEED { config.site.url.to_string() } else { page_url.clone() },
        urls: urls.map(|&format| (format, url(&format!("{}.{}", plan.path, format.extension())))).collect(),
        page_url,
        language: config.site.language.clone(),
        author: config.site.author.clone(),
        icon: config.site.icon.clone(),
        logo: config.site.logo.clone(),
        updated: newest.or_else(|| Some(catalog.posts.first()?.published)).unwrap_or_else(nothing_yet),
        posts: plan.of,
        entries,
    }
}

/// Makes an entry of a post. `id` and `updated` come from what the store remembers of it.
#[must_use]
pub fn entry(
    post: &Post,
    id: &str,
    updated: DateTime<FixedOffset>,
    body: Option<&Rendered>,
    content: Content,
    config: &Config,
) -> Entry {
    let summary = body.filter(|_| content != Content::None).map(|body| Arc::clone(&body.summary));
    let html = body.filter(|_| content == Content::Full).map(|body| Arc::clone(&body.html));
    Entry {
        id: id.to_owned(),
        url: post.url.clone(),
        title: post.title.clone(),
        summary: summary.filter(|text| !text.is_empty()),
        html: html.filter(|text| !text.is_empty()),
        published: post.published,
        updated,
        authors: post.authors.clone(),
        categories: categories(post, config),
        language: post.language.clone().filter(|language| Some(language) != config.site.language.as_ref()),
        image: post.image.clone(),
        extra: post.extra.clone(),
    }
}

/// The path of the site's own feed, without extension.
pub const SITE_FEED: &str = "feed";

/// The path of the list of all feeds.
pub const OPML: &str = "feeds.opml";

fn site_feed(catalog: &Catalog, config: &Config) -> Planned {
    let posts: Vec<_> = (0..catalog.posts.len()).collect();
    Planned {
        path: SITE_FEED.to_owned(),
        group: None,
        title: config.site.title.clone(),
        name: config.site.title.clone(),
        description: config.site.description.clone(),
        content: config.feeds.content,
        of: posts.len(),
        posts: window(posts, config.feeds.limit),
    }
}

fn custom_feeds<'a>(catalog: &'a Catalog, config: &'a Config) -> impl Iterator<Item = Planned> + 'a {
    let names: Vec<_> = catalog.posts.iter().map(|post| author_names(post, &config.site.author)).collect();
    config.feeds.custom.iter().map(move |custom| {
        let language = config.site.language.as_deref();
        let matches = |&at: &usize| custom.filter.matches(&terms_of(&catalog.posts[at], &names[at], language));
        let posts: Vec<_> = (0..catalog.posts.len()).filter(matches).collect();
        Planned {
            path: custom.name.clone(),
            group: None,
            title: format!("{} — {}", config.site.title, custom.title),
            name: custom.title.clone(),
            description: String::new(),
            content: custom.content,
            of: posts.len(),
            posts: window(posts, custom.limit),
        }
    })
}

fn term_feed(term: &Term, config: &Config) -> Planned {
    let Term { taxonomy, label, slug, posts, .. } = term;
    let mark = if *taxonomy == Taxonomy::Tag { "#" } else { "" };
    Planned {
        path: format!("{}/{slug}", taxonomy.dir()),
        group: Some(*taxonomy),
        title: format!("{} — {mark}{label}", config.site.title),
        name: label.clone(),
        description: description(*taxonomy, label, &config.site),
        content: config.feeds.content,
        of: posts.len(),
        posts: window(posts.clone(), config.feeds.limit),
    }
}

fn description(taxonomy: Taxonomy, label: &str, site: &Site) -> String {
    let japanese = site.language.as_deref().is_some_and(|language| language.starts_with("ja"));
    match (taxonomy, japanese) {
        (Taxonomy::Category, true) => format!("カテゴリー「{label}」の新着記事"),
        (Taxonomy::Tag, true) => format!("タグ「{label}」の新着記事"),
        (Taxonomy::Author, true) => format!("{label}の新着記事"),
        (Taxonomy::Category, false) => format!("New posts in the category {label}"),
        (Taxonomy::Tag, false) => format!("New posts with the tag {label}"),
        (Taxonomy::Author, false) => format!("New posts by {label}"),
    }
}

fn window(mut posts: Vec<usize>, limit: Option<usize>) -> Vec<usize> {
    posts.truncate(limit.unwrap_or(usize::MAX));
    posts
}

/// A post names no term twice, so that no (scheme, term) stands twice.
fn categories(post: &Post, config: &Config) -> Vec<Category> {
    let of = |taxonomy: Taxonomy, terms: &[String]| {
        let scheme = document_url(&config.server.public_url, &format!("{}/", taxonomy.dir()));
        terms.iter().map(|term| Category { taxonomy, term: term.clone(), scheme: scheme.clone() }).collect::<Vec<_>>()
    };
    [of(Taxonomy::Category, &post.categories), of(Taxonomy::Tag, &post.tags)].concat()
}

/// A feed must say when it changed (RFC 4287, 4.2.15), even one of a site that has no post yet.
fn nothing_yet() -> DateTime<FixedOffset> {
    Utc.timestamp_opt(946_684_800, 0).single().unwrap_or_default().fixed_offset()
}
