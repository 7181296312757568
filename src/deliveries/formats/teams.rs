//! Teams: an Adaptive Card, for a workflow that begins when a webhook request is received.
//!
//! In: items. Out: the body. Never: Markdown (a `TextRun` is shown as it is), or more bytes than Teams takes.

use serde_json::{Value, json};

use super::item::Item;
use super::layout::{BYLINE, HEADING};
use super::text::{fit, json_bytes};

/// Bytes of the whole body. Teams takes 28 KB.
const ALL: usize = 28_000;

/// Bytes of the text of one item: a card is no place for more.
const TEXT: usize = 4000;

pub(super) fn body(items: &[Item]) -> String {
    let mut containers: Vec<_> = items.iter().map(container).collect();
    let mut left = ALL - card(&[]).len() - missing(items, items.len()).map_or(0, |note| size(&note));
    let fits = |container: &Value| match left.checked_sub(size(container)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    containers.truncate(containers.iter().map(fits).take_while(|&fits| fits).count());
    let shown = containers.len();
    for (at, (item, container)) in items.iter().zip(&mut containers).enumerate() {
        left -= fill(container, item, left / (shown - at));
    }
    containers.extend(missing(items, items.len() - shown));
    card(&containers)
}

fn card(containers: &[Value]) -> String {
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": containers,
    });
    let attachment =
        json!({ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card });
    json!({ "type": "message", "attachments": [attachment] }).to_string()
}

/// What is shown of an item in any case.
fn container(item: &Item) -> Value {
    let byline = run(&fit(&item.byline(), BYLINE, json_bytes));
    let byline = with(byline, &[("isSubtle", true.into()), ("size", "Small".into())]);
    let heading = with(link(&item.heading, &item.link), &[("weight", "Bolder".into()), ("size", "Medium".into())]);
    json!({ "type": "Container", "spacing": "Large", "items": [block(heading), block(byline)] })
}

/// Adds an item's text or list between heading and byline. Returns how much longer the body is for it.
fn fill(container: &mut Value, item: &Item, room: usize) -> usize {
    let Some(blocks) = container["items"].as_array_mut() else { return 0 };
    let mut used = 0;
    let mut add = |new: Value, room: usize| {
        let size = size(&new);
        let fits = used + size <= room;
        if fits {
            used += size;
            blocks.insert(blocks.len() - 1, new);
        }
        fits
    };
    let room_for_text = room.saturating_sub(size(&block(run("")))).min(TEXT);
    let text = fit(&item.text, room_for_text, json_bytes);
    if !text.is_empty() {
        add(block(run(&text)), room);
    }
    let all = item.list.len() + item.unlisted;
    let more = size(&block(run(&item.words.more(all))));
    let entries = item.list.iter().map(|(heading, address)| block(link(heading, address)));
    let listed = entries.map(|entry| add(entry, room.saturating_sub(more))).take_while(|&fits| fits).count();
    if listed < all {
        add(block(run(&item.words.more(all - listed))), room);
    }
    used
}

fn missing(items: &[Item], count: usize) -> Option<Value> {
    let last = items.last().filter(|_| count > 0)?;
    Some(block(run(&last.words.more(count))))
}

fn block(run: Value) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [run] })
}

fn run(text: &str) -> Value {
    json!({ "type": "TextRun", "text": text })
}

fn link(heading: &str, address: &str) -> Value {
    let heading = run(&fit(heading, HEADING, json_bytes));
    with(heading, &[("selectAction", json!({ "type": "Action.OpenUrl", "url": address }))])
}

fn with(mut value: Value, members: &[(&str, Value)]) -> Value {
    for (key, member) in members {
        value[*key] = member.clone();
    }
    value
}

/// In the body, with the comma before it.
fn size(value: &Value) -> usize {
    value.to_string().len() + 1
}
