//! What is remembered of each post from scan to scan.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use super::PostData;
use crate::posts::{Post, Revision, TextPrint};

/// What the store remembers of a post that was live once.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// [`crate::posts::Post::key`].
    pub key: String,
    /// The file it was read from last.
    pub path: String,
    /// The entry id that was published; it never changes, not even if the post goes and comes back.
    pub entry_id: String,
    /// What readers saw last.
    pub revision: Revision,
    /// [`Post::text`]; [`TextPrint::UNKNOWN`] where an older version saw it last.
    pub text: Option<TextPrint>,
    /// How often it appeared, changed or went: 1 at first sight. Tells the same change from the same text coming back.
    pub changes: u32,
    /// When a scan saw readers' content change; `None` if it never did since it was first seen.
    pub changed_at: Option<DateTime<Utc>>,
    /// When a scan saw it first.
    pub first_seen: DateTime<Utc>,
    /// It is not live any more; kept for its id.
    pub gone: bool,
    /// What a removal says of it.
    pub post: PostData,
}

impl Seen {
    /// Whether this post is what readers saw last. An older version took other things for that: of what it saw, what is
    /// remembered is compared, lest every subscriber be told of every post when the program is renewed.
    #[must_use]
    pub fn shows(&self, post: &Post) -> bool {
        let was = &self.post;
        let is_alike = || {
            (&was.title, &was.url, was.published) == (&post.title, &post.url, post.published)
                && (&was.categories, &was.tags) == (&post.categories, &post.tags)
        };
        self.revision == post.revision || self.text == Some(TextPrint::UNKNOWN) && is_alike()
    }
}

/// What the store is to remember of a live post after a change (or after a mere move of its file).
#[must_use]
pub fn remember(post: &Post, entry_id: &str, seen: Option<&Seen>, data: PostData, now: DateTime<Utc>) -> Seen {
    let live = seen.filter(|seen| !seen.gone);
    Seen {
        key: post.key.clone(),
        path: post.path.clone(),
        entry_id: entry_id.to_owned(),
        revision: post.revision,
        text: post.text,
        changes: data.revision,
        changed_at: live.and_then(|seen| if is_edited(post, seen) { Some(now) } else { seen.changed_at }),
        first_seen: seen.map_or(now, |seen| seen.first_seen),
        gone: false,
        post: PostData { summary: None, feeds: Vec::new(), ..data },
    }
}

/// What the store is to remember of a post that is gone.
#[must_use]
pub fn forget(seen: &Seen) -> Seen {
    let changes = seen.changes + 1;
    Seen { changes, gone: true, post: PostData { revision: changes, ..seen.post.clone() }, ..seen.clone() }
}

/// When readers' content last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// In the time zone of the post.
    pub at: DateTime<FixedOffset>,
    /// Whether later scans say the same, for as long as neither the post nor what is known of it from elsewhere is another.
    pub is_settled: bool,
}

/// When readers' content last changed: by the author's word, unless that is a time to come, which readers would show as
/// such; else as it is `known` from elsewhere, else by what scans saw.
#[must_use]
pub fn updated(post: &Post, known: Option<DateTime<FixedOffset>>, seen: Option<&Seen>, now: DateTime<Utc>) -> Dated {
    let is_to_come = post.updated.is_some_and(|at| at.to_utc() > now);
    let said = post.updated.filter(|_| !is_to_come).or(known);
    let Dated { at, is_settled } = match said {
        Some(at) => Dated { at, is_settled: true },
        None => observed(post, seen, now),
    };
    Dated { at: at.max(post.published), is_settled: is_settled && !is_to_come }
}

/// By what scans saw; when it was published if they saw no change. A post that is new to this one will be remembered without.
fn observed(post: &Post, seen: Option<&Seen>, now: DateTime<Utc>) -> Dated {
    let Some(seen) = seen.filter(|seen| !seen.gone) else { return Dated { at: post.published, is_settled: true } };
    let is_edited = is_edited(post, seen);
    let changed = if is_edited { Some(now) } else { seen.changed_at };
    // A clock that was far ahead has left dates that readers would take for the newest for long.
    let credible = changed.filter(|at| *at < now + TimeDelta::days(1));
    let whole_seconds = credible.and_then(|at| DateTime::from_timestamp(at.timestamp(), 0));
    let at = whole_seconds.map_or(post.published, |at| at.with_timezone(post.published.offset()));
    Dated { at, is_settled: !is_edited && credible == changed }
}

/// Whether there is something new to read. A post that only went to another URL is told of, but has nothing new in it.
fn is_edited(post: &Post, seen: &Seen) -> bool {
    let is_there = seen.post.url == post.url;
    let same_text = seen.text == post.text && seen.post.title == post.title;
    !seen.shows(post) && (is_there || !same_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::tests::{data, now};
    use crate::posts::testing::post;

    #[test]
    fn what_an_older_version_saw_is_compared_by_what_is_remembered() {
        let p = post("a", 2);
        let seen = remember(&p, &p.id, None, data(&p, 1), now());
        let other = Post { revision: Revision([9; 16]), ..p.clone() };
        assert!(seen.shows(&p) && !seen.shows(&other));
        let old = Seen { text: Some(TextPrint::UNKNOWN), ..seen };
        assert!(old.shows(&other));
        assert!(!old.shows(&Post { title: "another".into(), ..other.clone() }));
        assert!(!old.shows(&Post { tags: vec!["another".into()], ..other }));
    }

    #[test]
    fn updated_is_the_authors_word_else_what_scans_saw_and_never_before_published() {
        let p = post("a", 2);
        let updated = |post: &Post, known, seen: Option<&Seen>, now| updated(post, known, seen, now).at;
        assert_eq!(updated(&p, None, None, now()), p.published);
        let seen = remember(&p, &p.id, None, data(&p, 1), now());
        let edited = Post { revision: Revision([9; 16]), ..p.clone() };
        assert_eq!(updated(&edited, None, Some(&seen), now()), now());
        let after = remember(&edited, &p.id, Some(&seen), data(&p, 2), now());
        assert_eq!(updated(&edited, None, Some(&after), now() + chrono::Duration::days(1)), now(), "remembered");
        assert_eq!(updated(&edited, None, Some(&after), now() - chrono::Duration::minutes(1)), now(), "nearly");
        assert_eq!(updated(&edited, None, Some(&after), now() - chrono::Duration::days(1)), p.published, "yet to come");
        let moved = Post { url: "https://example.com/elsewhere".into(), ..edited.clone() };
        assert_eq!(updated(&moved, None, Some(&seen), now()), p.published, "another URL is nothing new to read");
        assert_eq!(remember(&moved, &p.id, Some(&seen), data(&moved, 2), now()).changed_at, None);
        let rewritten = Post { text: Some(TextPrint([1; 16])), ..moved };
        assert_eq!(updated(&rewritten, None, Some(&seen), now()), now());
        let known = p.published + chrono::Duration::days(3);
        assert_eq!(updated(&edited, Some(known), Some(&after), now()), known);
        let said = Post { updated: Some(p.published - chrono::Duration::days(9)), ..edited };
        assert_eq!(updated(&said, Some(known), Some(&after), now()), p.published);
        let promised = Post { updated: Some(now().fixed_offset() + chrono::Duration::days(1)), ..said };
        assert_eq!(updated(&promised, Some(known), Some(&after), now()), known);
    }

    #[test]
    fn a_date_is_settled_unless_time_alone_may_change_it() {
        let p = post("a", 2);
        let is_settled = |post: &Post, seen: Option<&Seen>, now| updated(post, None, seen, now).is_settled;
        let (late, later) = (now() + chrono::Duration::days(2), now() + chrono::Duration::days(4));
        let seen = remember(&p, &p.id, None, data(&p, 1), now());
        let edited = Post { revision: Revision([9; 16]), ..p.clone() };
        let after = remember(&edited, &p.id, Some(&seen), data(&p, 2), late);
        assert!(is_settled(&p, None, now()), "it will be remembered as it was found");
        assert!(is_settled(&p, Some(&forget(&seen)), now()), "and so will one that came back");
        assert!(is_settled(&p, Some(&seen), now()));
        assert!(!is_settled(&edited, Some(&seen), now()), "until it is recorded");
        assert!(is_settled(&edited, Some(&after), late));
        assert!(!is_settled(&edited, Some(&after), now()), "what is remembered will be believed");
        let promised = Post { updated: Some(late.fixed_offset()), ..p };
        assert!(!is_settled(&promised, Some(&seen), now()) && is_settled(&promised, Some(&seen), later));
    }
}
