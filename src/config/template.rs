//! Templates for the bodies of webhooks: MiniJinja, within bounds.
//!
//! In: a template, and what it may speak of. Out: a text. Never: I/O, another template, more than [`LARGEST`] bytes or more
//! steps than [`FUEL`]; a variable that is not there, taken for an empty one.

use std::fmt;
use std::io;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde_json::{Value, json};

use super::EventType;

/// Bytes of a body.
const LARGEST: usize = 1 << 20;

/// Steps that rendering may take.
const FUEL: u64 = 1_000_000;

/// A loop within a loop within a loop is enough.
const DEPTH: usize = 50;

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// In the template, from 1 up.
    pub line: Option<usize>,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line} of the template: {}", self.reason),
            None => write!(f, "the template: {}", self.reason),
        }
    }
}

/// Renders a template. What it prints is escaped for the media type: as JSON values where that is JSON, as HTML where it is
/// HTML or XML, not at all elsewhere.
///
/// # Errors
///
/// What is wrong with the template, or with its result: one for JSON has to be JSON.
pub fn render(text: &str, content_type: &str, variables: &Value) -> Result<String, TemplateError> {
    let media_type = MediaType::of(content_type);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| media_type.escaping());
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    let template = environment.template_from_str(text).map_err(|error| of(&error))?;
    let mut body = Bounded(Vec::new());
    template.render_captured_to(Serde(variables), &mut body).map_err(|error| of(&error))?;
    let body = String::from_utf8_lossy(&body.0).into_owned();
    match media_type {
        MediaType::Json => well_formed(&body).map(|()| body),
        MediaType::Markup | MediaType::Other => Ok(body),
    }
}

/// What a template may speak of: the message's `id`, the `site`, the `events`, and of the first of them its members too.
#[must_use]
pub fn variables(id: &str, events: &[Value], site: Value) -> Value {
    let mut variables = events.first().cloned().unwrap_or_else(|| json!({}));
    variables["id"] = id.into();
    variables["events"] = events.into();
    variables["site"] = site;
    variables
}

/// What a template is given for an event of this type, to try it on.
#[must_use]
pub fn sample(event_type: EventType) -> Value {
    let post = json!({
        "id": "tag:example.com,2026:1", "url": "https://example.com/sample/", "title": "A \"sample\" <post> & more",
        "summary": "What it says\nin short.", "language": "en",
        "authors": [{ "name": "Author", "email": null, "uri": null }], "categories": ["Category"], "tags": ["Tag"],
        "published": "2026-01-02T03:04:05Z", "updated": "2026-01-02T03:04:05Z", "image": null, "reading_time": null,
        "revision": 1, "feeds": [], "content_html": "<p>Text</p>",
    });
    let data = match event_type {
        EventType::PostPublished | EventType::PostUpdated => post.clone(),
        EventType::PostRemoved => without(post.clone(), &["summary", "feeds", "content_html"]),
        EventType::PostsChanged => {
            let kind =
                json!({ "count": 1, "posts": [{ "id": post["id"], "url": post["url"], "title": post["title"] }] });
            json!({ "published": kind, "updated": kind, "removed": kind })
        }
        _ => json!({ "url": post["url"], "title": post["title"] }),
    };
    let event = json!({
        "id": "msg_sample", "type": event_type.as_str(), "timestamp": "2026-01-02T03:04:05Z", "sequence": 1, "data": data,
        "heading": post["title"], "link": post["url"], "text": post["summary"],
    });
    variables("msg_sample", &[event], json!({ "url": "https://example.com/", "title": "Example", "language": "en" }))
}

fn without(mut value: Value, keys: &[&str]) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|key, _| !keys.contains(&key.as_str()));
    }
    value
}

#[derive(Clone, Copy)]
enum MediaType {
    Json,
    Markup,
    Other,
}

impl MediaType {
    fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let subtype = essence.split_once('/').map_or(essence.as_str(), |(_, subtype)| subtype);
        match subtype.rsplit('+').next() {
            Some("json") => Self::Json,
            Some("html" | "xml" | "xhtml") => Self::Markup,
            _ => Self::Other,
        }
    }

    fn escaping(self) -> AutoEscape {
        match self {
            Self::Json => AutoEscape::Json,
            Self::Markup => AutoEscape::Html,
            Self::Other => AutoEscape::None,
        }
    }
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::Error::other("the result is larger than 1 MiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn well_formed(body: &str) -> Result<(), TemplateError> {
    let parsed = serde_json::from_str::<serde::de::IgnoredAny>(body);
    parsed.map(|_| ()).map_err(|error| TemplateError {
        line: None,
        reason: format!(
            "what it makes is not JSON: {error}; in JSON, values are written without quotes: {{{{ data.title }}}}"
        ),
    })
}

fn of(error: &minijinja::Error) -> TemplateError {
    let reason = match error.kind() {
        ErrorKind::OutOfFuel => "it takes too many steps".to_owned(),
        kind => error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    };
    let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    TemplateError { line: error.line(), reason: reason + &cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json";

    fn rendered(text: &str, content_type: &str) -> Result<String, String> {
        render(text, content_type, &sample(EventType::PostPublished)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_printed_is_escaped_for_the_media_type() {
        let title = "{{ data.title }}";
        for (content_type, printed) in [
            (JSON, r#""A \"sample\" <post> & more""#),
            ("application/vnd.x+JSON; charset=utf-8", r#""A \"sample\" <post> & more""#),
            ("text/html", "A &quot;sample&quot; &lt;post&gt; &amp; more"),
            ("application/atom+xml", "A &quot;sample&quot; &lt;post&gt; &amp; more"),
            ("text/plain", r#"A "sample" <post> & more"#),
        ] {
            let text = rendered(title, content_type).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).ok(), serde_json::from_str(printed).ok(), "{content_type}");
            assert!(printed.starts_with('"') || text == printed, "{content_type}: {text}");
        }
    }

    #[test]
    fn the_events_the_first_of_them_and_the_site_can_be_named() {
        let text =
            "{{ type }} {{ id }} {{ site.title }} {{ heading }} {{ link }} {% for e in events %}{{ e.id }}{% endfor %}";
        let expected =
            "post.published msg_sample Example A \"sample\" <post> & more https://example.com/sample/ msg_sample";
        assert_eq!(rendered(text, "text/plain").unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, said) in [
            ("{}\n{{ data.titel }}", "line 2 of the template: undefined value"),
            ("a\n\n{% for x in %}", "line 3 of the template: syntax error"),
            ("{{ data.title | shout }}", "line 1 of the template: unknown filter"),
            ("{% include 'x' %}", "line 1 of the template: "),
            ("{\"title\": \"{{ data.title }}\"}", "is not JSON: expected"),
        ] {
            let error = rendered(text, JSON).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn no_template_takes_for_ever_or_all_of_the_memory() {
        let long = format!("{{% for a in range(9999) %}}{}{{% endfor %}}", "x".repeat(200));
        for (text, said) in [
            ("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "too many steps"),
            ("{{ 'x' * 99999999 }}", "too many steps"),
            (&long, "larger than 1 MiB"),
        ] {
            let error = rendered(text, "text/plain").unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn every_event_has_a_sample() {
        for event_type in EventType::ALL {
            let text = "{{ heading }}{{ link }}{{ text }}{{ data }}{{ sequence }}";
            assert!(render(text, "text/plain", &sample(event_type)).is_ok());
        }
    }

    #[test]
    fn the_example_in_the_documentation_suits_every_event() {
        let example =
            include_str!("../../docs/webhooks.md").split("```jinja\n").nth(1).unwrap().split("```").next().unwrap();
        for event_type in EventType::ALL {
            render(example, JSON, &sample(event_type)).unwrap();
        }
    }

    proptest::proptest! {
        #[test]
        fn no_template_is_too_odd(text in r"(\{\{|\}\}|\{%|%\}|data|\||for|in|if|\PC){0,30}") {
            let _ = rendered(&text, JSON);
        }
    }
}
