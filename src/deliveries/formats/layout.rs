//! Several items as one text, within the limit of a service.
//!
//! In: items, and how the service writes and counts. Out: the text. Never: a heading without its link. What is cut are the
//! texts, each to its share of the room; if headings alone are too many, the text says how many are missing.

use super::item::Item;
use super::text::fit;

/// How much of a heading is shown, in the service's unit.
pub(super) const HEADING: usize = 200;

/// How much, where there would be no room for all links otherwise.
const SHORT_HEADING: usize = 40;

/// How much of what stands below a text: site, authors, terms.
pub(super) const BYLINE: usize = 200;

const BULLET: &str = "• ";

/// How a service writes and what it counts.
pub(super) trait Style {
    /// What a plain text costs once it is written; that of a text is that of its graphemes together.
    fn cost(&self, plain: &str) -> usize;

    /// A plain text, so that it is shown as it is.
    fn plain(&self, plain: &str) -> String;

    /// A plain text that leads to an address.
    fn link(&self, plain: &str, address: &str) -> Written;

    /// A link as the heading of what follows.
    fn heading(&self, plain: &str, address: &str) -> Written {
        self.link(plain, address)
    }
}

/// A text as it is sent.
#[derive(Default)]
pub(super) struct Written {
    pub(super) text: String,
    /// As the service counts it.
    pub(super) cost: usize,
}

impl Written {
    fn and(self, other: Self) -> Self {
        Self { text: self.text + &other.text, cost: self.cost + other.cost }
    }
}

/// All items, one below the other, in no more than `room`.
pub(super) fn compose(style: &impl Style, items: &[Item], room: usize) -> String {
    let heads = |length| items.iter().map(|item| head(style, item, length)).collect::<Vec<_>>();
    let fits = |heads: &Vec<Written>| heads.iter().map(paragraph).sum::<usize>() <= room;
    let heads = Some(heads(HEADING)).filter(fits).unwrap_or_else(|| heads(SHORT_HEADING));
    let shown = how_many(&heads, room, |missing| rest(style, items, missing).cost);
    let missing = rest(style, items, items.len() - shown);
    let mut left = room.saturating_sub(missing.cost + heads[..shown].iter().map(paragraph).sum::<usize>());
    let mut text = String::new();
    for (at, (item, head)) in items.iter().zip(heads).take(shown).enumerate() {
        let body = body(style, item, left / (shown - at));
        left -= body.cost;
        text.push_str(if at > 0 { "\n\n" } else { "" });
        text.push_str(&head.text);
        text.push_str(&body.text);
    }
    text + &missing.text
}

/// What stands below an item's heading, each line behind its own line feed: the text or the list, then the byline.
pub(super) fn body(style: &impl Style, item: &Item, room: usize) -> Written {
    let byline = line(style, &item.byline(), (room / 3).min(BYLINE));
    text(style, item, room - byline.cost).and(byline)
}

/// An item's text or list, each line behind its own line feed.
pub(super) fn text(style: &impl Style, item: &Item, room: usize) -> Written {
    if item.list.is_empty() { line(style, &item.text, room) } else { list(style, item, room) }
}

/// An item's heading.
pub(super) fn heading(style: &impl Style, item: &Item) -> Written {
    head(style, item, HEADING)
}

/// As many of an item's list as there is room for, and how many are missing.
fn list(style: &impl Style, item: &Item, room: usize) -> Written {
    let all = item.list.len() + item.unlisted;
    let reserved = line(style, &item.words.more(all), usize::MAX).cost;
    let (mut written, mut shown) = (Written::default(), 0);
    for (heading, address) in &item.list {
        let link = style.link(&fit(heading, HEADING, |text| style.cost(text)), address);
        let cost = 1 + style.cost(BULLET) + link.cost;
        let behind = if shown + 1 < all { reserved } else { 0 };
        if written.cost + cost + behind > room {
            break;
        }
        written = written.and(Written { text: format!("\n{}{}", style.plain(BULLET), link.text), cost });
        shown += 1;
    }
    if shown == all {
        return written;
    }
    let rest = line(style, &item.words.more(all - shown), room - written.cost);
    written.and(rest)
}

fn head(style: &impl Style, item: &Item, length: usize) -> Written {
    style.heading(&fit(&item.heading, length, |text| style.cost(text)), &item.link)
}

/// What a heading costs with the empty line between it and the paragraph before.
fn paragraph(head: &Written) -> usize {
    head.cost + 2
}

/// How many headings there is room for.
fn how_many(heads: &[Written], room: usize, rest: impl Fn(usize) -> usize) -> usize {
    let mut used = 0;
    for (shown, head) in heads.iter().enumerate() {
        used += paragraph(head);
        if used + rest(heads.len() - shown - 1) > room {
            return shown;
        }
    }
    heads.len()
}

/// Says that so many items are not there.
fn rest(style: &impl Style, items: &[Item], missing: usize) -> Written {
    match items.last() {
        Some(last) if missing > 0 => {
            let more = last.words.more(missing);
            Written { cost: style.cost(&more) + 2, text: format!("\n\n{}", style.plain(&more)) }
        }
        _ => Written::default(),
    }
}

/// A line behind a line feed; nothing if it is empty or there is no room.
fn line(style: &impl Style, plain: &str, room: usize) -> Written {
    let fitted = fit(plain, room.saturating_sub(1), |text| style.cost(text));
    if fitted.is_empty() {
        return Written::default();
    }
    Written { cost: style.cost(&fitted) + 1, text: format!("\n{}", style.plain(&fitted)) }
}
