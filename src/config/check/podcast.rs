//! `podcast`, of the site's feed and of custom ones.

use super::Checker;
use super::site::{is_addr_spec, site_link};
use crate::config::file::{Step, nearest};
use crate::config::raw::{OneOrMore, RawPodcast, RawPodcastType};
use crate::config::{Podcast, PodcastCategory, Site};
use crate::posts::{Person, media, text};

/// Apple's categories ("Apple Podcasts categories"), each with those below it.
const CATEGORIES: [(&str, &[&str]); 19] = [
    ("Arts", &["Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"]),
    ("Business", &["Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit"]),
    ("Comedy", &["Comedy Interviews", "Improv", "Stand-Up"]),
    ("Education", &["Courses", "How To", "Language Learning", "Self-Improvement"]),
    ("Fiction", &["Comedy Fiction", "Drama", "Science Fiction"]),
    ("Government", &[]),
    ("Health & Fitness", &["Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality"]),
    ("History", &[]),
    ("Kids & Family", &["Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"]),
    (
        "Leisure",
        &["Animation & Manga", "Automotive", "Aviation", "Crafts", "Games", "Hobbies", "Home & Garden", "Video Games"],
    ),
    ("Music", &["Music Commentary", "Music History", "Music Interviews"]),
    (
        "News",
        &[
            "Business News",
            "Daily News",
            "Entertainment News",
            "News Commentary",
            "Politics",
            "Sports News",
            "Tech News",
        ],
    ),
    (
        "Religion & Spirituality",
        &["Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality"],
    ),
    (
        "Science",
        &[
            "Astronomy",
            "Chemistry",
            "Earth Sciences",
            "Life Sciences",
            "Mathematics",
            "Natural Sciences",
            "Nature",
            "Physics",
            "Social Sciences",
        ],
    ),
    ("Society & Culture", &["Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships"]),
    (
        "Sports",
        &[
            "Baseball",
            "Basketball",
            "Cricket",
            "Fantasy Sports",
            "Football",
            "Golf",
            "Hockey",
            "Rugby",
            "Running",
            "Soccer",
            "Swimming",
            "Tennis",
            "Volleyball",
            "Wilderness",
            "Wrestling",
        ],
    ),
    ("Technology", &[]),
    ("True Crime", &[]),
    ("TV & Film", &["After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"]),
];

impl Checker<'_> {
    /// A podcast of `site`, set at `steps`.
    pub(super) fn podcast(&mut self, steps: &[Step<'_>], raw: RawPodcast, site: &Site) -> Option<Podcast> {
        let categories = raw.category.map(OneOrMore::into_vec).unwrap_or_default();
        if categories.is_empty() {
            self.error(steps, "a podcast has a category", "set `category` to one of Apple's, such as `Technology`");
        }
        let categories = categories.iter().filter_map(|written| self.podcast_category(steps, written)).collect();
        if site.language.is_none() {
            self.error(steps, "a podcast has a language", "set `site.language` to something like en or ja (BCP 47)");
        }
        let given = raw.owner.unwrap_or_default();
        let email = given.email.filter(|email| is_addr_spec(email)).or_else(|| site.author.email.clone());
        if email.is_none() {
            let remedy = "set `owner: {email: …}`, or `site.author.email`: directories send their questions there";
            self.error(steps, "a podcast has an owner with an e-mail address", remedy);
        }
        let cover = raw.image.as_deref().and_then(|path| site_link(&site.url, path)).or_else(|| site.logo.clone());
        let is_picture = |url: &str| matches!(media::type_of(url), Some("image/jpeg" | "image/png"));
        let image = cover.or_else(|| site.icon.clone()).filter(|url| is_picture(url));
        if image.is_none() {
            let remedy = "set `image` to a square JPEG or PNG, 1400 to 3000 pixels wide";
            self.error(steps, "a podcast has a cover, a JPEG or PNG", remedy);
        }
        let line =
            |written: Option<String>| written.map(|written| text::one_line(&written)).filter(|line| !line.is_empty());
        let name = line(given.name).unwrap_or_else(|| site.author.name.clone());
        Some(Podcast {
            categories,
            explicit: raw.explicit.unwrap_or(false),
            image: image?,
            author: line(raw.author).unwrap_or_else(|| name.clone()),
            owner: Person { name, email: Some(email?), uri: None },
            serial: raw.r#type == Some(RawPodcastType::Serial),
        })
    }

    /// `Technology`, or `News > Tech News`.
    fn podcast_category(&mut self, steps: &[Step<'_>], written: &str) -> Option<PodcastCategory> {
        let (name, sub) = match written.split_once('>') {
            Some((name, sub)) => (name.trim(), Some(sub.trim())),
            None => (written.trim(), None),
        };
        let known = CATEGORIES.iter().find(|(known, _)| *known == name);
        let is_known = known.is_some_and(|(_, below)| sub.is_none_or(|sub| below.contains(&sub)));
        if !is_known {
            let all = CATEGORIES.iter().flat_map(|(name, below)| {
                [(*name).to_owned()].into_iter().chain(below.iter().map(move |sub| format!("{name} > {sub}")))
            });
            let all: Vec<String> = all.collect();
            let near = nearest(written, all.iter().map(String::as_str)).unwrap_or("Technology");
            let message = format!("Apple has no podcast category `{written}`");
            self.error(steps, &message, &format!("did you mean `{near}`?"));
        }
        is_known.then(|| PodcastCategory { name: name.to_owned(), sub: sub.map(str::to_owned) })
    }
}
