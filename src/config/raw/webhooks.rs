//! The `webhooks` section as written.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::{Span, TextOrSecret};
use crate::config::{EventType, Filter, Payload, SecretRef};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of settings")]
pub(in crate::config) struct RawWebhook {
    pub(in crate::config) name: String,
    pub(in crate::config) renamed_from: Option<String>,
    pub(in crate::config) url: TextOrSecret,
    #[serde(default)]
    pub(in crate::config) format: RawFormat,
    pub(in crate::config) mode: Option<RawMode>,
    pub(in crate::config) validate: Option<bool>,
    pub(in crate::config) chat: Option<TextOrSecret>,
    pub(in crate::config) template: Option<RawTemplate>,
    pub(in crate::config) secret: Option<SecretRef>,
    #[serde(default)]
    pub(in crate::config) secrets: Vec<SecretRef>,
    pub(in crate::config) events: Option<Vec<EventType>>,
    #[serde(default, rename = "where")]
    pub(in crate::config) filter: Filter,
    #[serde(default)]
    pub(in crate::config) payload: Payload,
    pub(in crate::config) batch: Option<usize>,
    #[serde(default)]
    pub(in crate::config) ordered: bool,
    pub(in crate::config) rate: Option<String>,
    pub(in crate::config) concurrency: Option<usize>,
    pub(in crate::config) retry: Option<Vec<Span>>,
    pub(in crate::config) timeout: Option<Span>,
    #[serde(default)]
    pub(in crate::config) headers: Headers,
    pub(in crate::config) ca_file: Option<PathBuf>,
    #[serde(default)]
    pub(in crate::config) allow_networks: Vec<String>,
    pub(in crate::config) enabled: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawFormat {
    #[default]
    Standard,
    CloudEvents,
    Slack,
    Discord,
    Teams,
    Mattermost,
    Ntfy,
    Telegram,
    Template,
}

/// Where the attributes of a CloudEvent stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawMode {
    Binary,
    Structured,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of settings")]
pub(in crate::config) struct RawTemplate {
    pub(in crate::config) text: Option<String>,
    pub(in crate::config) file: Option<PathBuf>,
    pub(in crate::config) content_type: Option<String>,
}

/// Header names with their values, in the order written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::config) struct Headers(pub(in crate::config) Vec<(String, TextOrSecret)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadersVisitor;
        impl<'de> Visitor<'de> for HeadersVisitor {
            type Value = Headers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("header names with their values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    headers.push(entry);
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(HeadersVisitor)
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str);
            de::Error::custom(format_args!("unknown variant `{name}`, expected one of `{}`", names.join("`, `")))
        })
    }
}
