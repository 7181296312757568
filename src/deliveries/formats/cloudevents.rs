//! CloudEvents 1.0.2 over HTTP: binary, structured, and batched.
//!
//! In: events. Out: messages with their attributes in headers, or in the body. Never: an attribute that HTTP cannot carry
//! (HTTP Protocol Binding, 3.1.3.2).

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use super::{Failure, Message, Told, single};
use crate::config::Site;

/// What a header cannot hold as it is, and the sign of what was encoded. Everything beyond ASCII is encoded too.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// Several events need the structured form, which has a batch (JSON Event Format, 4).
pub(super) fn message(message: Message, told: &[Told<'_>], structured: bool, site: &Site) -> Result<Message, Failure> {
    match told {
        [one] if structured => Ok(Message {
            content_type: HeaderValue::from_static("application/cloudevents+json"),
            ..message.with(envelope(one, site))
        }),
        several if structured => {
            let envelopes = several.iter().map(|told| envelope(told, site)).collect::<Vec<_>>().join(",");
            let content_type = HeaderValue::from_static("application/cloudevents-batch+json");
            Ok(Message { content_type, ..message.with(format!("[{envelopes}]")) })
        }
        _ => {
            let one = single(told)?;
            Ok(Message { headers: headers(one, site), ..message.with(one.full_data().into_owned()) })
        }
    }
}

/// In the order in which they are written.
fn attributes(told: &Told<'_>, site: &Site) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("specversion", "1.0".to_owned()),
        ("id", told.id.to_owned()),
        ("source", site.url.to_string()),
        ("type", told.event_type.as_str().to_owned()),
        ("time", told.time()),
    ];
    attributes.extend(subject(told, site).map(|subject| ("subject", subject)));
    // Strings are compared as such (extension `sequence`), so all have one length.
    attributes.extend(told.sequence.map(|number| ("sequence", format!("{number:020}"))));
    attributes
}

/// What it is about, within the source: a post's or a feed's address below the site's.
fn subject(told: &Told<'_>, site: &Site) -> Option<String> {
    let data: Value = serde_json::from_str(told.data).ok()?;
    let url = data["url"].as_str()?;
    let below = url.strip_prefix(site.url.as_str()).filter(|rest| !rest.is_empty());
    Some(below.unwrap_or(url).to_owned())
}

fn headers(told: &Told<'_>, site: &Site) -> HeaderMap {
    let header = |(name, value): (&str, String)| {
        let name = HeaderName::try_from(format!("ce-{name}")).ok()?;
        let value = HeaderValue::try_from(utf8_percent_encode(&value, ENCODED).to_string()).ok()?;
        Some((name, value))
    };
    attributes(told, site).into_iter().filter_map(header).collect()
}

fn envelope(told: &Told<'_>, site: &Site) -> String {
    let attribute = |(name, value): (&str, String)| format!(r#""{name}":{},"#, Value::from(value));
    let attributes: String = attributes(told, site).into_iter().map(attribute).collect();
    format!(r#"{{{attributes}"datacontenttype":"application/json","data":{}}}"#, told.full_data())
}
