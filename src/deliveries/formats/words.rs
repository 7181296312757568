//! What Tidings itself says in a chat, in the language of the post or the site.
//!
//! In: what happened, and its name. Out: a heading. Never: anything that comes from a post but its title.

use crate::config::EventType;

/// Texts in one language. `{}` stands for a name or a number.
pub(super) struct Words {
    updated: &'static str,
    removed: &'static str,
    /// So many posts are new, changed, gone: of one, and of more.
    counts: [[&'static str; 2]; 3],
    /// Between two counts.
    and: &'static str,
    nothing: &'static str,
    more: &'static str,
    feed: &'static str,
    feeds: &'static str,
    pages: &'static str,
    failing: &'static str,
    disabled: &'static str,
    recovered: &'static str,
    scans_failing: &'static str,
    scans_recovered: &'static str,
    ping: &'static str,
    several: &'static str,
}

const ENGLISH: Words = Words {
    updated: "Updated: {}",
    removed: "Removed: {}",
    counts: [["{} new post", "{} new posts"], ["{} updated", "{} updated"], ["{} removed", "{} removed"]],
    and: ", ",
    nothing: "No changes",
    more: "… and {} more",
    feed: "Feed updated: {}",
    feeds: "Feeds updated: {}",
    pages: "Pages changed: {}",
    failing: "Endpoint failing: {}",
    disabled: "Endpoint disabled: {}",
    recovered: "Endpoint recovered: {}",
    scans_failing: "Scans are failing: {}",
    scans_recovered: "Scans work again: {}",
    ping: "Test message from {}",
    several: "{} messages",
};

const JAPANESE: Words = Words {
    updated: "更新：{}",
    removed: "削除：{}",
    counts: [["新着{}件", "新着{}件"], ["更新{}件", "更新{}件"], ["削除{}件", "削除{}件"]],
    and: "・",
    nothing: "変更なし",
    more: "…ほか{}件",
    feed: "フィード更新：{}",
    feeds: "フィード更新：{}件",
    pages: "ページ変更：{}件",
    failing: "配信エラー：{}",
    disabled: "配信停止：{}",
    recovered: "配信再開：{}",
    scans_failing: "スキャンエラー：{}",
    scans_recovered: "スキャン復旧：{}",
    ping: "{}からのテスト送信",
    several: "{}件のお知らせ",
};

/// The words in a language; English ones where there are none.
pub(super) fn words(language: Option<&str>) -> &'static Words {
    let primary = language.and_then(|tag| tag.split('-').next()).unwrap_or_default();
    if primary.eq_ignore_ascii_case("ja") { &JAPANESE } else { &ENGLISH }
}

impl Words {
    /// What happened to what has this name, or to so many. A new post needs no more than its title.
    pub(super) fn heading(&self, event_type: EventType, name: &str) -> String {
        let pattern = match event_type {
            EventType::PostPublished | EventType::PostsChanged => "{}",
            EventType::PostUpdated => self.updated,
            EventType::PostRemoved => self.removed,
            EventType::FeedUpdated => self.feed,
            EventType::FeedsChanged => self.feeds,
            EventType::UrlsChanged => self.pages,
            EventType::EndpointFailing => self.failing,
            EventType::EndpointDisabled => self.disabled,
            EventType::EndpointRecovered => self.recovered,
            EventType::ScanFailing => self.scans_failing,
            EventType::ScanRecovered => self.scans_recovered,
            EventType::Ping => self.ping,
        };
        pattern.replacen("{}", name, 1)
    }

    /// How many posts are new, changed and gone.
    pub(super) fn counts(&self, counts: [u64; 3]) -> String {
        let parts = self.counts.iter().zip(counts).filter(|&(_, count)| count > 0);
        let parts = parts.map(|([one, more], count)| with_number(if count == 1 { one } else { more }, count));
        let text = parts.collect::<Vec<_>>().join(self.and);
        if text.is_empty() { self.nothing.to_owned() } else { text }
    }

    /// So many are not shown.
    pub(super) fn more(&self, count: usize) -> String {
        with_number(self.more, count as u64)
    }

    /// So many things are told at once.
    pub(super) fn several(&self, count: usize) -> String {
        with_number(self.several, count as u64)
    }
}

fn with_number(pattern: &str, number: u64) -> String {
    pattern.replacen("{}", &number.to_string(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_means_its_regions_too() {
        let heading = |language| words(language).heading(EventType::PostUpdated, "{}");
        assert_eq!(
            [Some("ja"), Some("JA-jp"), Some("jam"), None].map(heading),
            ["更新：{}", "更新：{}", "Updated: {}", "Updated: {}"]
        );
    }

    #[test]
    fn what_did_not_happen_is_not_counted() {
        assert_eq!(words(None).counts([1, 0, 3]), "1 new post, 3 removed");
        assert_eq!(words(None).counts([60, 1, 0]), "60 new posts, 1 updated");
        assert_eq!(words(None).counts([0, 0, 0]), "No changes");
        assert_eq!(words(Some("ja")).counts([2, 1, 0]), "新着2件・更新1件");
    }
}
