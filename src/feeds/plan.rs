//! Which feeds there are, which posts each shows, and where each is.

use std::collections::HashSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::history::{self, Block};
use super::wording::Wording;
use super::{Place, autodiscovery};
use crate::catalog::{Catalog, Term};
use crate::config::{Config, Content, Podcast, SiteLanguage, Taxonomy};
use crate::problems::{Code, Problem, Severity};

/// What is left as it is in a path segment (RFC 3986, 3.3), less what some readers stumble over.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'+');

/// All feeds to be made.
#[derive(Debug, Default)]
pub struct Plan {
    /// The site's own first, then the operator's own, then one a term; then the same for each further language.
    pub feeds: Vec<Planned>,
    /// Feeds that could not get the place they were to have.
    pub problems: Vec<Problem>,
}

/// One feed to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// See [`Feed::id`](super::Feed::id).
    pub id: String,
    /// Where its documents are.
    pub place: Place,
    /// The taxonomy of its term; `None` for the site's and the operator's own feeds.
    pub group: Option<Taxonomy>,
    /// See [`Feed::edition`](super::Feed::edition).
    pub edition: Option<String>,
    /// See [`Feed::title`](super::Feed::title).
    pub title: String,
    /// See [`Feed::name`](super::Feed::name).
    pub name: String,
    /// See [`Feed::description`](super::Feed::description).
    pub description: String,
    /// What people read instead.
    pub home: Home,
    /// BCP 47.
    pub language: Option<String>,
    /// How much of each post it shows.
    pub content: Content,
    /// Set if it is a podcast.
    pub podcast: Option<Podcast>,
    /// The posts that it shows: indices into [`Catalog::posts`], in feed order.
    pub posts: Vec<usize>,
    /// The archives, oldest first.
    pub archives: Vec<Block>,
    /// The next posts that it would show, if it showed twice as many.
    pub beyond: Vec<usize>,
    /// How many posts it is about, shown or not.
    pub of: usize,
}

impl Planned {
    /// The posts that the feed and its archives show, some of them twice.
    pub fn all_posts(&self) -> impl Iterator<Item = usize> {
        self.archives.iter().flat_map(|block| &block.posts).chain(&self.posts).copied()
    }

    /// Whether the documents of both say the same but for what is in their entries: where they are, what the feed is, of how
    /// many posts, and where its archives are, whose names tell their posts. Which posts it shows is to be compared by the
    /// posts themselves: their indices are others whenever a newer one comes.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        let Self { id, place, group, edition, title, name, description, home, language, content, podcast, of, .. } =
            self;
        let places = self.archives.iter().map(|block| &block.place);
        (id, place, group, edition) == (&other.id, &other.place, &other.group, &other.edition)
            && (title, name, description, home) == (&other.title, &other.name, &other.description, &other.home)
            && (language, content, podcast, of) == (&other.language, &other.content, &other.podcast, &other.of)
            && places.eq(other.archives.iter().map(|block| &block.place))
    }
}

/// What people read instead of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// This page of the site, an absolute URL.
    Site(String),
    /// The feed's own page.
    Page,
}

/// Plans all feeds.
#[must_use]
pub fn plan(catalog: &Catalog, config: &Config) -> Plan {
    let further = config.site.languages.iter().map(Some);
    let editions = [None].into_iter().chain(further).enumerate();
    let is_whole = catalog.is_one_edition();
    let drafts = editions.flat_map(|(number, language)| {
        Edition { language, number, is_whole: is_whole && number == 0, catalog, config }.drafts()
    });
    // As many as one edition has at most, and mostly there is one: they are large, and would be moved whenever more are found.
    let is_wanted = |term: &&Term| {
        config.feeds.by.contains(&term.taxonomy) && (term.listed || term.posts.len() >= config.feeds.min_posts)
    };
    let expected = 1 + config.feeds.custom.len() + catalog.terms().filter(is_wanted).count();
    let mut claims = Claims::new(config, expected);
    let mut plan = Plan { feeds: Vec::with_capacity(expected), problems: Vec::new() };
    for draft in drafts {
        let settled = claims.settle(draft, &mut plan.problems);
        plan.feeds.extend(settled.map(|draft| draft.cut(catalog, config)));
    }
    plan
}

/// The URL of a document: `path` below `server.public_url`, percent-encoded.
#[must_use]
pub fn document_url(public_url: &Url, path: &str) -> String {
    let mut url = String::with_capacity(public_url.as_str().len() + 3 * path.len());
    url.push_str(public_url.as_str());
    for (number, segment) in path.split('/').enumerate() {
        url.extend((number > 0).then_some("/"));
        url.extend(utf8_percent_encode(segment, SEGMENT));
    }
    url
}

/// The URL that stands for a planned feed in events: its document in the first format configured.
#[must_use]
pub fn feed_url(plan: &Planned, config: &Config) -> Option<String> {
    let format = config.feeds.formats.first()?;
    Some(document_url(&config.server.public_url, &plan.place.document(*format)))
}

/// The path of the list of all feeds.
#[must_use]
pub fn opml_path(config: &Config) -> String {
    format!("{}.opml", config.feeds.paths.opml)
}

/// A feed with as many of its posts as its documents need, before it has got its place.
struct Draft {
    planned: Planned,
    limit: Option<usize>,
    /// Its place where nobody chose another.
    usual: Place,
}

impl Draft {
    /// Shares the posts out between the feed and its archives.
    fn cut(self, catalog: &Catalog, config: &Config) -> Planned {
        let Planned { mut posts, place, of, .. } = self.planned;
        let (shown, blocks) = history::cut(of, self.limit, config.feeds.archive);
        let blocks = blocks.into_iter().enumerate();
        let archives = blocks
            .map(|(number, range)| history::block(number, &posts[range], catalog, &place, &config.feeds.paths))
            .collect();
        posts.truncate(shown.saturating_mul(2));
        let beyond = posts.split_off(shown);
        Planned { posts, beyond, place, archives, ..self.planned }
    }
}

/// What a feed has of its posts: as many as its documents need, and how many there are.
struct Share {
    posts: Vec<usize>,
    of: usize,
}

/// How many posts are copied for a feed: those that it shows and as many beyond, or all where they stand in archives.
fn enough(limit: Option<usize>, config: &Config) -> usize {
    limit.filter(|_| config.feeds.archive.is_none()).map_or(usize::MAX, |limit| limit.saturating_mul(2))
}

/// The feeds of one language; `None` is the site's own.
#[derive(Clone, Copy)]
struct Edition<'a> {
    language: Option<&'a SiteLanguage>,
    /// See [`Catalog::is_in_edition`].
    number: usize,
    /// Whether all posts stand in its feeds.
    is_whole: bool,
    catalog: &'a Catalog,
    config: &'a Config,
}

impl<'a> Edition<'a> {
    fn drafts(self) -> impl Iterator<Item = Draft> + 'a {
        let Self { catalog, config, .. } = self;
        let custom = self.language.is_none().then(|| custom_feeds(catalog, config)).into_iter().flatten();
        let terms = catalog.terms().filter(|term| config.feeds.by.contains(&term.taxonomy));
        let terms = terms.filter_map(move |term| self.term_feed(term));
        [self.site_feed()].into_iter().chain(custom).chain(terms)
    }

    /// Of these posts those that stand in this edition's feeds. `all` says that all of them do.
    fn share(self, posts: impl Iterator<Item = usize>, len: usize, all: bool) -> Share {
        let enough = enough(self.config.feeds.limit, self.config);
        if all {
            return Share { posts: posts.take(enough).collect(), of: len };
        }
        let mut own = posts.filter(|&at| self.catalog.is_in_edition(at, self.number));
        let posts: Vec<usize> = own.by_ref().take(enough).collect();
        Share { of: posts.len() + own.count(), posts }
    }

    fn title(self) -> String {
        let own = &self.config.site.title;
        match self.language {
            Some(SiteLanguage { title: Some(title), .. }) => title.clone(),
            Some(SiteLanguage { code, .. }) => format!("{own} ({code})"),
            None => own.clone(),
        }
    }

    /// Below the language's own directory, if it has one.
    fn below(self, path: &str) -> String {
        self.language.map_or_else(|| path.to_owned(), |language| format!("{}/{path}", language.code))
    }

    fn language(self) -> Option<String> {
        self.language.map(|language| language.code.clone()).or_else(|| self.config.site.language.clone())
    }

    fn site_feed(self) -> Draft {
        let (site, paths) = (&self.config.site, &self.config.feeds.paths);
        let place = match self.language {
            Some(_) => Place::new(self.below(&paths.site), paths),
            None => Place::of_site(paths),
        };
        let home = self.language.map_or_else(String::new, |language| format!("{}/", language.code));
        let all = self.catalog.posts.len();
        let Share { posts, of } = self.share(0..all, all, self.is_whole);
        let planned = Planned {
            id: self.id(&self.below(SITE), &place),
            place: place.clone(),
            group: None,
            edition: self.language.map(|language| language.code.clone()),
            name: self.title(),
            title: self.title(),
            description: self.language.map_or_else(|| site.description.clone(), |_| String::new()),
            home: Home::Site(document_url(&site.url, &home)),
            language: self.language(),
            content: self.config.feeds.content,
            podcast: self.config.feeds.podcast.clone(),
            posts,
            beyond: Vec::new(),
            archives: Vec::new(),
            of,
        };
        Draft { planned, limit: self.config.feeds.limit, usual: place }
    }

    /// The feed of a term, unless it has too few posts and nobody named it.
    fn term_feed(self, term: &Term) -> Option<Draft> {
        let Term { taxonomy, label, slug, posts, .. } = term;
        let (feeds, paths) = (&self.config.feeds, &self.config.feeds.paths);
        // Posts of a collection have no terms.
        let all = self.is_whole || self.config.site.languages.is_empty();
        let Share { posts, of } = self.share(posts.iter(), posts.len(), all);
        let is_enough = of >= feeds.min_posts || (term.listed && self.language.is_none());
        if !is_enough {
            return None;
        }
        let mark = if *taxonomy == Taxonomy::Tag { "#" } else { "" };
        let usual = self.below(&format!("{}/{slug}", taxonomy.dir()));
        let place = Place::new(self.below(&paths.of(*taxonomy).path(label, slug)), paths);
        let planned = Planned {
            id: self.id(&usual, &place),
            place,
            group: Some(*taxonomy),
            edition: self.language.map(|language| language.code.clone()),
            title: format!("{} — {mark}{label}", self.title()),
            name: label.clone(),
            description: Wording::of(self.language().as_deref()).new_posts(*taxonomy, label),
            home: Home::Page,
            language: self.language(),
            content: feeds.content,
            podcast: None,
            posts,
            beyond: Vec::new(),
            archives: Vec::new(),
            of,
        };
        Some(Draft { planned, limit: feeds.limit, usual: Place::new(usual, paths) })
    }

    /// Another path makes no other feed. jekyll-feed's own ids are the addresses of its documents.
    fn id(self, usual: &str, place: &Place) -> String {
        let path = if self.config.feeds.paths.are_jekyll_feeds() { &place.atom } else { usual };
        document_url(&self.config.server.public_url, path)
    }
}

/// What the id of the site's own feed is made of.
const SITE: &str = "feed";

fn custom_feeds<'a>(catalog: &'a Catalog, config: &'a Config) -> impl Iterator<Item = Draft> + 'a {
    config.feeds.custom.iter().zip(catalog.custom()).map(move |(custom, members)| {
        let place = Place::new(custom.name.clone(), &config.feeds.paths);
        let planned = Planned {
            id: document_url(&config.server.public_url, &custom.name),
            place: place.clone(),
            group: None,
            edition: None,
            title: format!("{} — {}", config.site.title, custom.title),
            name: custom.title.clone(),
            description: String::new(),
            home: Home::Page,
            language: config.site.language.clone(),
            content: custom.content,
            podcast: custom.podcast.clone(),
            posts: members.iter().take(enough(custom.limit, config)).collect(),
            beyond: Vec::new(),
            archives: Vec::new(),
            of: members.len(),
        };
        Draft { planned, limit: custom.limit, usual: place }
    })
}

/// Which documents have which path: the first that asks for one keeps it.
struct Claims<'a> {
    taken: HashSet<String>,
    config: &'a Config,
}

impl<'a> Claims<'a> {
    fn new(config: &'a Config, feeds: usize) -> Self {
        let mut taken = HashSet::with_capacity(feeds * (config.feeds.formats.len() + 1) + 2);
        taken.insert(opml_path(config));
        if config.feeds.autodiscovery {
            taken.insert(autodiscovery::MAP.to_owned());
        }
        Self { taken, config }
    }

    fn settle(&mut self, mut draft: Draft, problems: &mut Vec<Problem>) -> Option<Draft> {
        if self.claim(&draft.planned.place) {
            return Some(draft);
        }
        let wanted = std::mem::replace(&mut draft.planned.place, draft.usual.clone());
        let found = self.claim(&draft.usual);
        problems.push(taken(&draft.planned, &wanted, found));
        found.then_some(draft)
    }

    fn claim(&mut self, place: &Place) -> bool {
        let documents: Vec<String> = place.all(&self.config.feeds.formats).collect();
        let free = documents.iter().all(|path| !self.taken.contains(path));
        if free {
            self.taken.extend(documents);
        }
        free
    }
}

fn taken(plan: &Planned, wanted: &Place, found: bool) -> Problem {
    Problem {
        code: Code::Occupied,
        severity: Severity::Warning,
        path: wanted.path.clone(),
        place: None,
        message: format!("the feed “{}” belongs here, but another feed is here already", plan.title),
        effect: if found { format!("it is at {} instead", plan.place.path) } else { "it is left out".to_owned() },
        remedy: "give one of the two another path in `feeds.paths`, or another name".to_owned(),
    }
}

#[cfg(test)]
mod tests;
