//! `tidings.yaml` as written: types and names are right, values are not looked at yet.

mod feeds;
mod indexnow;
mod webhooks;
mod websub;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

pub(super) use feeds::{OneOrMore, RawArchive, RawCustomFeed, RawFeeds, RawPaths, RawPodcast, RawPodcastType};
pub(super) use indexnow::RawIndexNow;
pub(super) use webhooks::{RawFormat, RawMode, RawTemplate, RawWebhook};
pub(super) use websub::RawWebsub;

use super::{SecretRef, Updated};

/// A whole `tidings.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawConfig {
    pub(super) site: Option<RawSite>,
    pub(super) source: Option<RawSource>,
    pub(super) schedule: Option<String>,
    pub(super) output: Option<RawOutput>,
    pub(super) feeds: Option<RawFeeds>,
    pub(super) server: Option<RawServer>,
    pub(super) store: Option<RawStore>,
    pub(super) webhooks: Option<Vec<RawWebhook>>,
    pub(super) websub: Option<RawWebsub>,
    pub(super) indexnow: Option<RawIndexNow>,
    pub(super) trigger: Option<RawTrigger>,
    pub(super) guard: Option<RawGuard>,
    pub(super) backfill: Option<usize>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawSite {
    pub(super) url: Option<String>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) language: Option<String>,
    pub(super) author: Option<RawAuthor>,
    pub(super) timezone: Option<String>,
    pub(super) icon: Option<String>,
    pub(super) logo: Option<String>,
    pub(super) languages: Option<Vec<RawLanguage>>,
}

/// A language tag, or one with the site's title in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum RawLanguage {
    Code(String),
    Titled { code: String, title: Option<String> },
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawAuthor {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) uri: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawSource {
    pub(super) git: Option<TextOrSecret>,
    pub(super) branch: Option<String>,
    pub(super) path: Option<PathBuf>,
    pub(super) generator: Option<RawGenerator>,
    pub(super) settings: Vec<String>,
    pub(super) include: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) permalink: Option<String>,
    pub(super) updated: Updated,
    pub(super) watch: Option<bool>,
    pub(super) max_git_bytes: Option<ByteSize>,
    pub(super) git_timeout: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawGenerator {
    Auto,
    Jekyll,
    Zola,
    Eleventy,
    Astro,
    Hugo,
    Plain,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawOutput {
    pub(super) dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawServer {
    pub(super) listen: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) admin: Option<String>,
    pub(super) admin_token: Option<SecretRef>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawStore {
    pub(super) url: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawTrigger {
    pub(super) github: Option<SecretRef>,
    pub(super) gitlab: Option<SecretRef>,
    pub(super) gitea: Option<SecretRef>,
    pub(super) bitbucket: Option<SecretRef>,
    pub(super) token: Option<SecretRef>,
    pub(super) branch: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(super) struct RawGuard {
    pub(super) max_removed_percent: Option<u8>,
    pub(super) max_events_per_scan: Option<usize>,
    pub(super) max_post_bytes: Option<ByteSize>,
}

/// A number of entries, or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit(pub(super) Option<usize>);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LimitVisitor;
        impl Visitor<'_> for LimitVisitor {
            type Value = Limit;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of entries from 1 up, or `all`")
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Limit, E> {
                match usize::try_from(n) {
                    Ok(n) if n > 0 => Ok(Limit(Some(n))),
                    _ => Err(E::invalid_value(de::Unexpected::Unsigned(n), &self)),
                }
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Limit, E> {
                match word {
                    "all" => Ok(Limit(None)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(LimitVisitor)
    }
}

/// A number of bytes: `2097152`, `512KiB`, `2MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteSize(pub(super) u64);

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;
        impl Visitor<'_> for SizeVisitor {
            type Value = ByteSize;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes such as `512KiB` or `2MiB`")
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<ByteSize, E> {
                Ok(ByteSize(n))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
                let (number, factor) = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)]
                    .into_iter()
                    .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, factor)))
                    .unwrap_or((text, 1));
                number
                    .trim()
                    .parse::<u64>()
                    .ok()
                    .and_then(|n| n.checked_mul(factor))
                    .map(ByteSize)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

/// A length of time: `60`, `60s`, `2m`, `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpanVisitor;
        impl Visitor<'_> for SpanVisitor {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds, minutes or hours such as `60s`, `2m` or `1h`")
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Span, E> {
                Ok(Span(Duration::from_secs(n)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                let (number, factor) = [("s", 1), ("m", 60), ("h", 3600)]
                    .into_iter()
                    .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, factor)))
                    .unwrap_or((text, 1));
                let seconds = number.trim().parse::<u32>().ok().map(|n| u64::from(n) * factor);
                let invalid = || E::invalid_value(de::Unexpected::Str(text), &self);
                seconds.map(Duration::from_secs).map(Span).ok_or_else(invalid)
            }
        }
        deserializer.deserialize_any(SpanVisitor)
    }
}

/// A text, or where a secret text is kept. `Debug` shows no text: it may be one all the same.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum TextOrSecret {
    Text(String),
    Secret(SecretRef),
}

impl fmt::Debug for TextOrSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("[text]"),
            Self::Secret(place) => place.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for TextOrSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = TextOrSecret;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or `{env: NAME}`, or `{file: PATH}`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<TextOrSecret, E> {
                Ok(TextOrSecret::Text(text.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<TextOrSecret, E> {
                Ok(TextOrSecret::Text(value.to_string()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<TextOrSecret, E> {
                Ok(TextOrSecret::Text(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<TextOrSecret, E> {
                Ok(TextOrSecret::Text(number.to_string()))
            }
            // A number's own text is lost here, and may be a secret.
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<TextOrSecret, E> {
                Err(E::custom("a text that looks like a number needs quotes"))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextOrSecret, A::Error> {
                SecretRef::deserialize(de::value::MapAccessDeserializer::new(map)).map(TextOrSecret::Secret)
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(yaml: &str) -> Result<Limit, serde_yaml::Error> {
        serde_yaml::from_str(yaml)
    }

    #[test]
    fn limits_are_positive_numbers_or_all() {
        assert_eq!(limit("20").unwrap(), Limit(Some(20)));
        assert_eq!(limit("all").unwrap(), Limit(None));
        for bad in ["0", "-1", "every", "[]"] {
            assert!(limit(bad).unwrap_err().to_string().contains("or `all`"), "{bad}");
        }
    }

    #[test]
    fn sizes_have_binary_units() {
        let size = |yaml: &str| serde_yaml::from_str::<ByteSize>(yaml);
        assert_eq!(size("2MiB").unwrap(), ByteSize(2 << 20));
        assert_eq!(size("\"1 KiB\"").unwrap(), ByteSize(1024));
        assert_eq!(size("7").unwrap(), ByteSize(7));
        for bad in ["2MB", "x", "-1", "99999999999GiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_seconds_minutes_or_hours() {
        let span = |yaml: &str| serde_yaml::from_str::<Span>(yaml).map(|span| span.0.as_secs());
        assert_eq!(["7", "60s", "2m", "1h"].map(|text| span(text).unwrap()), [7, 60, 120, 3600]);
        for bad in ["x", "-1", "1d", "99999999999m"] {
            assert!(span(bad).unwrap_err().to_string().contains("`60s`"), "{bad}");
        }
    }

    #[test]
    fn a_literal_secret_is_refused_without_being_repeated() {
        for literal in ["hunter2", "7777", "-7777", "77.77", "true"] {
            let error = serde_yaml::from_str::<SecretRef>(literal).unwrap_err().to_string();
            assert!(error.contains("{env: NAME}") && !error.contains(literal), "{error}");
        }
    }
}
