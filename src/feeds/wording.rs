//! What Tidings itself says to readers, in the language of the feed.
//!
//! In: a language tag. Out: texts. Never: anything that comes from a post.

use chrono::{DateTime, FixedOffset};

use crate::config::Taxonomy;

/// Texts in one language.
pub(super) struct Wording {
    /// BCP 47.
    pub(super) language: &'static str,
    /// After the site's title, as the title of the list of its feeds.
    pub(super) feeds_of: &'static str,
    /// Over the terms of each taxonomy, in the order of [`Taxonomy::ALL`].
    groups: [&'static str; 3],
    /// What stands before and behind the term in the description of its feed, in the same order.
    new_posts: [(&'static str, &'static str); 3],
    /// Over the custom feeds.
    pub(super) more: &'static str,
    /// What a feed is and what to do with one.
    pub(super) explanation: &'static str,
    /// Over the feed's URLs.
    pub(super) subscribe: &'static str,
    /// Over the newest entries.
    pub(super) latest: &'static str,
    /// In their place where there are none.
    pub(super) no_posts: &'static str,
    /// On the link to the site.
    pub(super) to_site: &'static str,
    /// On the link to the page of all feeds.
    pub(super) to_feeds: &'static str,
    /// On the link to the OPML document.
    pub(super) to_opml: &'static str,
    /// Over the list of all feeds.
    pub(super) all_feeds: &'static str,
    /// What follows a number of posts, of one post and of more.
    posts: [&'static str; 2],
    /// How a day is written, for `chrono`.
    day: &'static str,
}

const ENGLISH: Wording = Wording {
    language: "en",
    feeds_of: ": feeds",
    groups: ["Categories", "Tags", "Authors"],
    new_posts: [("New posts in the category ", ""), ("New posts with the tag ", ""), ("New posts by ", "")],
    more: "More feeds",
    explanation: "This page is about a feed: a list of posts that programs can read. Copy one of the addresses below into \
        a feed reader, and new posts come to you, without an account, an e-mail address or an algorithm in between. If \
        in doubt, take the first.",
    subscribe: "Subscribe",
    latest: "Latest posts",
    no_posts: "No posts yet. Whoever subscribes now misses none.",
    to_site: "To the site",
    to_feeds: "All feeds",
    to_opml: "All of them as an OPML file, to import into a reader",
    all_feeds: "All feeds",
    posts: [" post", " posts"],
    day: "%-d %B %Y",
};

const JAPANESE: Wording = Wording {
    language: "ja",
    feeds_of: "のフィード",
    groups: ["カテゴリー", "タグ", "著者"],
    new_posts: [("カテゴリー「", "」の新着記事"), ("タグ「", "」の新着記事"), ("", "の新着記事")],
    more: "その他のフィード",
    explanation: "このページは「フィード」の案内です。フィードとは、プログラムが読み取れる形にした記事の一覧です。下のアドレスを\
        フィードリーダーに登録すると、新しい記事が自動的に届きます。アカウントもメールアドレスも要りません。どれを選べばよいか迷ったら、\
        最初のアドレスをお使いください。",
    subscribe: "購読する",
    latest: "新着記事",
    no_posts: "まだ記事はありません。今登録しておけば、最初の記事から届きます。",
    to_site: "サイトへ",
    to_feeds: "すべてのフィード",
    to_opml: "まとめて登録するには OPML ファイルをリーダーに読み込ませてください",
    all_feeds: "すべてのフィード",
    posts: ["件", "件"],
    day: "%Y年%-m月%-d日",
};

impl Wording {
    /// For readers of `language` (BCP 47): Japanese for Japanese, English for everything else.
    pub(super) fn of(language: Option<&str>) -> &'static Self {
        let primary = language.and_then(|tag| tag.split('-').next()).unwrap_or_default();
        if primary.eq_ignore_ascii_case("ja") { &JAPANESE } else { &ENGLISH }
    }

    /// The heading over a taxonomy's terms.
    pub(super) const fn group(&self, taxonomy: Taxonomy) -> &'static str {
        let [categories, tags, authors] = self.groups;
        match taxonomy {
            Taxonomy::Category => categories,
            Taxonomy::Tag => tags,
            Taxonomy::Author => authors,
        }
    }

    /// What a term's feed is about.
    pub(super) fn new_posts(&self, taxonomy: Taxonomy, label: &str) -> String {
        let [category, tag, author] = self.new_posts;
        let (before, after) = match taxonomy {
            Taxonomy::Category => category,
            Taxonomy::Tag => tag,
            Taxonomy::Author => author,
        };
        format!("{before}{label}{after}")
    }

    /// `9 November 2025`, `2025年11月9日`: the day where the post was published.
    pub(super) fn day(&self, date: DateTime<FixedOffset>) -> String {
        date.format(self.day).to_string()
    }

    /// `3 posts`, `3件`.
    pub(super) fn count(&self, posts: usize) -> String {
        let [one, more] = self.posts;
        format!("{posts}{}", if posts == 1 { one } else { more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn japanese_is_for_japanese_and_english_for_all_others() {
        for japanese in ["ja", "ja-JP", "JA"] {
            assert_eq!(Wording::of(Some(japanese)).language, "ja");
        }
        for other in [None, Some("en"), Some("de-CH"), Some("jav")] {
            assert_eq!(Wording::of(other).language, "en");
        }
    }

    #[test]
    fn one_post_is_singular() {
        let english = Wording::of(None);
        assert_eq!([0, 1, 2].map(|posts| english.count(posts)), ["0 posts", "1 post", "2 posts"]);
    }
}
