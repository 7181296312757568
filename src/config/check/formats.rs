//! The keys of a webhook that say in which form it gets its messages.

use http::HeaderValue;
use url::Url;

use super::Checker;
use crate::config::raw::{RawFormat, RawMode, RawTemplate, RawWebhook};
use crate::config::template::{TemplateError, render, sample};
use crate::config::{EventType, MessageFormat, Payload};
use crate::problems::{Place, Problem};

/// What a person reads in one message.
const CHAT_BATCH: usize = 10;

const MAX_BATCH: usize = 50;

const DEFAULT_CONTENT_TYPE: &str = "application/json";

impl Checker<'_> {
    pub(super) fn format(
        &mut self,
        index: usize,
        raw: &RawWebhook,
        events: &[EventType],
        url: Option<&Url>,
    ) -> Option<MessageFormat> {
        self.foreign_keys(index, raw);
        Some(match raw.format {
            RawFormat::Standard => MessageFormat::Standard,
            RawFormat::CloudEvents => MessageFormat::CloudEvents {
                structured: raw.mode == Some(RawMode::Structured),
                validate: raw.validate.unwrap_or(false),
            },
            RawFormat::Slack => MessageFormat::Slack,
            RawFormat::Discord => MessageFormat::Discord,
            RawFormat::Teams => MessageFormat::Teams,
            RawFormat::Mattermost => MessageFormat::Mattermost,
            RawFormat::Ntfy => self.ntfy(index, url?)?,
            RawFormat::Telegram => self.telegram(index, raw)?,
            RawFormat::Template => self.body_template(index, raw, events)?,
        })
    }

    /// How many events stand in one message.
    pub(super) fn batch(&mut self, index: usize, raw: &RawWebhook) -> usize {
        let (usual, most, why) = match (raw.format, raw.mode) {
            (RawFormat::Standard, _) => (1, 1, "Standard Webhooks has one event a message"),
            (RawFormat::CloudEvents, Some(RawMode::Structured)) | (RawFormat::Template, _) => {
                (1, MAX_BATCH, "this is not between 1 and 50")
            }
            (RawFormat::CloudEvents, _) => (1, 1, "a CloudEvent in binary mode is alone in its message"),
            _ => (CHAT_BATCH, CHAT_BATCH, "this is not between 1 and 10: nobody reads more in one message"),
        };
        let batch = raw.batch.unwrap_or(usual);
        if !(1..=most).contains(&batch) {
            let remedy = match (raw.format, most) {
                (RawFormat::CloudEvents, 1) => "take it out, or write `mode: structured`",
                (_, 1) => "take it out",
                _ => "10 posts make a message that can be read",
            };
            self.hook_error(index, "batch", why, remedy);
        }
        batch
    }

    /// Keys that mean nothing to this format would be believed to mean something.
    fn foreign_keys(&mut self, index: usize, raw: &RawWebhook) {
        let chat = is_chat(raw.format);
        let signed = raw.secret.is_some() || !raw.secrets.is_empty();
        let keys = [
            ("mode", raw.mode.is_some() && raw.format != RawFormat::CloudEvents, "`format: cloudevents`"),
            ("validate", raw.validate.is_some() && raw.format != RawFormat::CloudEvents, "`format: cloudevents`"),
            ("chat", raw.chat.is_some() && raw.format != RawFormat::Telegram, "`format: telegram`"),
            ("template", raw.template.is_some() && raw.format != RawFormat::Template, "`format: template`"),
            ("payload", chat && raw.payload == Payload::Full, "formats for programs: a chat shows the summary"),
            (if raw.secret.is_some() { "secret" } else { "secrets" }, chat && signed, "formats with signatures"),
        ];
        for (key, _, of) in keys.into_iter().filter(|&(_, foreign, _)| foreign) {
            self.hook_error(index, key, &format!("`{key}` belongs to {of}"), "take it out, or set another format");
        }
    }

    fn ntfy(&mut self, index: usize, url: &Url) -> Option<MessageFormat> {
        if url.path().trim_matches('/').is_empty() {
            self.hook_error(index, "url", "there is no topic in this URL", "write https://ntfy.sh/topic");
            return None;
        }
        Some(MessageFormat::Ntfy)
    }

    fn telegram(&mut self, index: usize, raw: &RawWebhook) -> Option<MessageFormat> {
        let Some(chat) = &raw.chat else {
            let message = format!("the webhook `{}` does not say which chat it writes to", raw.name);
            self.hook_error(index, "name", &message, "add `chat: \"@channel\"`, or the chat's number");
            return None;
        };
        let chat = self.text(index, "chat", chat)?.expose().trim().to_owned();
        let is_name = chat.strip_prefix('@').is_some_and(|name| !name.is_empty());
        if !is_name && chat.parse::<i64>().is_err() {
            self.hook_error(index, "chat", "this is no chat", "write `\"@channel\"`, or the chat's number");
            return None;
        }
        Some(MessageFormat::Telegram { chat })
    }

    fn body_template(&mut self, index: usize, raw: &RawWebhook, events: &[EventType]) -> Option<MessageFormat> {
        let Some(template) = &raw.template else {
            let message = format!("the webhook `{}` has no template", raw.name);
            self.hook_error(index, "name", &message, "add `template: {file: PATH}` or `template: {text: …}`");
            return None;
        };
        let text = self.template_text(index, template)?;
        let content_type = template.content_type.clone().unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned());
        if HeaderValue::try_from(&content_type).is_err() || !content_type.contains('/') {
            let remedy = "write it like application/json or text/plain; charset=utf-8";
            self.hook_error(index, "template", "its `content_type` is no media type", remedy);
            return None;
        }
        match try_on(events, &text, &content_type) {
            Ok(()) => Some(MessageFormat::Template { text, content_type }),
            Err((event_type, error)) => {
                self.template_error(index, template, &text, event_type, &error);
                None
            }
        }
    }

    fn template_text(&mut self, index: usize, template: &RawTemplate) -> Option<String> {
        match (&template.text, &template.file) {
            (Some(text), None) => Some(text.clone()),
            (None, Some(file)) => match std::fs::read_to_string(self.file.dir.join(file)) {
                Ok(text) => Some(text),
                Err(error) => {
                    let message = format!("{} cannot be read: {error}", file.display());
                    self.hook_error(index, "template", &message, "give the path of a template");
                    None
                }
            },
            _ => {
                self.hook_error(index, "template", "this is neither a text nor a file", "write `file` or `text`");
                None
            }
        }
    }

    /// A template's file is shown where it is wrong.
    fn template_error(
        &mut self,
        index: usize,
        template: &RawTemplate,
        text: &str,
        event_type: EventType,
        error: &TemplateError,
    ) {
        let message = format!("for `{}`, {error}", event_type.as_str());
        let remedy = "see docs/webhooks.md for what templates may use; what some events do not have needs `is defined`";
        self.hook_error(index, "template", &message, remedy);
        if let (Some(file), Some(line), Some(problem)) = (&template.file, error.line, self.problems.last_mut()) {
            let start = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            let len = text[start..].lines().next().map_or(1, str::len);
            *problem = Problem {
                path: file.display().to_string(),
                place: Some(Place::of(text, start, len)),
                ..problem.clone()
            };
        }
    }
}

/// Renders a template for an event of each type that the webhook may get.
fn try_on(events: &[EventType], text: &str, content_type: &str) -> Result<(), (EventType, TemplateError)> {
    let digest = events.iter().any(|event| EventType::POSTS.contains(event)).then_some(EventType::PostsChanged);
    for event in events.iter().copied().chain(digest) {
        render(text, content_type, &sample(event)).map_err(|error| (event, error))?;
    }
    Ok(())
}

/// Whether people read it.
fn is_chat(format: RawFormat) -> bool {
    match format {
        RawFormat::Slack
        | RawFormat::Discord
        | RawFormat::Teams
        | RawFormat::Mattermost
        | RawFormat::Ntfy
        | RawFormat::Telegram => true,
        RawFormat::Standard | RawFormat::CloudEvents | RawFormat::Template => false,
    }
}
