//! What a template of the user's makes of events.
//!
//! In: events and the template. Out: its text. Never: more time or memory than the config's own look at the template
//! allows.

use http::HeaderValue;
use serde_json::{Value, json};

use super::item::Item;
use super::{Failure, Message, Told};
use crate::config::{Site, template};

pub(super) fn message(
    message: Message,
    told: &[Told<'_>],
    text: &str,
    content_type: &str,
    site: &Site,
) -> Result<Message, Failure> {
    let events: Vec<_> = told.iter().map(|told| event(told, site)).collect();
    let site = json!({ "url": site.url, "title": site.title, "language": site.language });
    let failure = |error: template::TemplateError| Failure::new("template", error.to_string());
    let body =
        template::render(text, content_type, &template::variables(&message.id, &events, site)).map_err(failure)?;
    let content_type = HeaderValue::try_from(content_type)
        .map_err(|_| Failure::new("template", "its content type cannot stand in a header"))?;
    Ok(Message { content_type, ..message.with(body) })
}

/// With what a chat would show of it, so that a template may do without a word about types.
fn event(told: &Told<'_>, site: &Site) -> Value {
    let item = Item::of(told, site);
    let data: Value = serde_json::from_str(&told.full_data()).unwrap_or_default();
    json!({
        "id": told.id,
        "type": told.event_type.as_str(),
        "timestamp": told.time(),
        "sequence": told.sequence,
        "data": data,
        "heading": item.heading,
        "link": item.link,
        "text": item.text,
    })
}
