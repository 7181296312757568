//! What is wrong with posts and feeds that only shows when feeds are made.

use crate::config::Content;
use crate::feeds::budget::{Lost, MAX_ENTRY, MAX_FEED};
use crate::feeds::itunes::is_episode;
use crate::feeds::plan::Planned;
use crate::posts::{Post, Rendered};
use crate::problems::{Code, Problem, Severity};

/// What is wrong with this post in this feed.
pub(super) fn about(post: &Post, body: Option<&Rendered>, plan: &Planned) -> impl Iterator<Item = Problem> {
    let whole = plan.content == Content::Full && !post.excerpt_only;
    let size = body.filter(|_| whole).map_or(0, |body| body.html.len());
    let large = (size > MAX_ENTRY).then(|| large_entry(post, size));
    let is_silent = plan.podcast.is_some() && !post.attachments.first().is_some_and(is_episode);
    let is_lost = body.is_none().then(|| last_good_lost(post));
    is_lost.into_iter().chain(large).chain(is_silent.then(|| no_episode(post, plan)))
}

/// What a feed's entries had to give up, if anything.
pub(super) fn large_feed(path: &str, lost: Lost) -> Option<Problem> {
    let effect = match lost {
        Lost { is_too_large: true, .. } => {
            "its entries have their titles and links only, and it is too large even so".into()
        }
        Lost { texts: 0, summaries: 0, .. } => return None,
        Lost { texts, summaries: 0, .. } => format!("its oldest {texts} entries have their summary only"),
        Lost { summaries, .. } => {
            format!("its older entries have their summary only, the oldest {summaries} not even that")
        }
    };
    Some(Problem {
        code: Code::TooLarge,
        severity: Severity::Warning,
        path: path.to_owned(),
        place: None,
        message: format!("the feed would have more than {MAX_FEED} bytes, and readers refuse such a feed"),
        effect,
        remedy: "lower the feed's `limit`; with `feeds.archive` the older posts stay to be had".to_owned(),
    })
}

fn large_entry(post: &Post, size: usize) -> Problem {
    Problem {
        code: Code::TooLarge,
        severity: Severity::Warning,
        path: post.path.clone(),
        place: None,
        message: format!("its text has {size} bytes as HTML; an entry may have {MAX_ENTRY}"),
        effect: "its entries have the summary and the link only".to_owned(),
        remedy: "move pictures and data out of the text, or set `feed: {excerpt_only: true}` in the post".to_owned(),
    }
}

fn no_episode(post: &Post, plan: &Planned) -> Problem {
    Problem {
        code: Code::Field,
        severity: Severity::Note,
        path: post.path.clone(),
        place: None,
        message: format!("it stands in the podcast {} without an episode's file", plan.place.path),
        effect: "podcast directories pass it over".to_owned(),
        remedy:
            "set `enclosure` to an m4a, mp3, mov, mp4, m4v, pdf or epub file, or choose posts by the feed's `where`"
                .to_owned(),
    }
}

fn last_good_lost(post: &Post) -> Problem {
    Problem {
        code: Code::LastGoodLost,
        severity: Severity::Warning,
        path: post.path.clone(),
        place: None,
        message: "its last good text is no longer at hand".to_owned(),
        effect: "its entries show their title and link only until the file is mended".to_owned(),
        remedy: "mend the file".to_owned(),
    }
}
