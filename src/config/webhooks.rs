//! Webhooks, checked: who is told what, in which form, and how hard Tidings tries.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::{Filter, Secret};

/// What subscribers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub enum EventType {
    /// A post appeared.
    #[serde(rename = "post.published")]
    PostPublished,
    /// Something readers see of a post changed.
    #[serde(rename = "post.updated")]
    PostUpdated,
    /// A post is gone.
    #[serde(rename = "post.removed")]
    PostRemoved,
    /// More changed at once than `guard.max_events_per_scan`: one event instead of a flood.
    #[serde(rename = "posts.changed")]
    PostsChanged,
    /// A feed's documents have other bytes than before.
    #[serde(rename = "feed.updated")]
    FeedUpdated,
    /// More feeds changed at once than `guard.max_events_per_scan`: one event instead of a flood.
    #[serde(rename = "feeds.changed")]
    FeedsChanged,
    /// The pages of posts that are new, changed or gone: all of a scan in one event.
    #[serde(rename = "urls.changed")]
    UrlsChanged,
    /// Deliveries to an endpoint have failed for so long that it is tried less often.
    #[serde(rename = "endpoint.failing")]
    EndpointFailing,
    /// An endpoint gets nothing any more, until it is enabled.
    #[serde(rename = "endpoint.disabled")]
    EndpointDisabled,
    /// An endpoint that was failing takes deliveries again.
    #[serde(rename = "endpoint.recovered")]
    EndpointRecovered,
    /// Scans have failed for so long that somebody should know.
    #[serde(rename = "scan.failing")]
    ScanFailing,
    /// Scans that were failing work again.
    #[serde(rename = "scan.recovered")]
    ScanRecovered,
    /// Sent on request, to see whether an endpoint works.
    #[serde(rename = "ping")]
    Ping,
}

impl EventType {
    /// Every type.
    pub const ALL: [Self; 13] = [
        Self::PostPublished,
        Self::PostUpdated,
        Self::PostRemoved,
        Self::PostsChanged,
        Self::FeedUpdated,
        Self::FeedsChanged,
        Self::UrlsChanged,
        Self::EndpointFailing,
        Self::EndpointDisabled,
        Self::EndpointRecovered,
        Self::ScanFailing,
        Self::ScanRecovered,
        Self::Ping,
    ];

    /// What a webhook gets that does not say what it wants.
    pub const POSTS: [Self; 3] = [Self::PostPublished, Self::PostUpdated, Self::PostRemoved];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PostPublished => "post.published",
            Self::PostUpdated => "post.updated",
            Self::PostRemoved => "post.removed",
            Self::PostsChanged => "posts.changed",
            Self::FeedUpdated => "feed.updated",
            Self::FeedsChanged => "feeds.changed",
            Self::UrlsChanged => "urls.changed",
            Self::EndpointFailing => "endpoint.failing",
            Self::EndpointDisabled => "endpoint.disabled",
            Self::EndpointRecovered => "endpoint.recovered",
            Self::ScanFailing => "scan.failing",
            Self::ScanRecovered => "scan.recovered",
            Self::Ping => "ping",
        }
    }

    /// The type with this name on the wire.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == name)
    }
}

/// How much of a post a payload holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    /// Everything but the text.
    #[default]
    Thin,
    /// The text as HTML too.
    Full,
}

/// In which form a webhook gets its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageFormat {
    /// Standard Webhooks 1.0.
    Standard,
    /// CloudEvents 1.0 over HTTP.
    CloudEvents {
        /// One JSON object with everything in it, instead of attributes in headers.
        structured: bool,
        /// Asks the receiver first whether it wants to be called (HTTP 1.1 Web Hooks for Event Delivery, 4).
        validate: bool,
    },
    /// A Slack incoming webhook.
    Slack,
    /// A Discord webhook.
    Discord,
    /// A Teams workflow: "when a webhook request is received".
    Teams,
    /// A Mattermost incoming webhook.
    Mattermost,
    /// A topic of an ntfy server.
    Ntfy,
    /// A Telegram bot's `sendMessage`.
    Telegram {
        /// The chat's id, or `@channel`.
        chat: String,
    },
    /// What a template of the user's makes of it.
    Template {
        /// MiniJinja.
        text: String,
        /// The body's media type.
        content_type: String,
    },
    /// Says to a WebSub hub that a topic has changed. What `websub.ping` becomes; nobody writes it.
    WebSubPing,
    /// A list of pages for search engines. What `indexnow` becomes; nobody writes it.
    IndexNow {
        /// On which all pages are.
        host: String,
        /// What proves that the host's owner asks.
        key: String,
        /// Where the key lies.
        key_location: Url,
    },
}

impl MessageFormat {
    /// Its name in the config.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::CloudEvents { .. } => "cloudevents",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Teams => "teams",
            Self::Mattermost => "mattermost",
            Self::Ntfy => "ntfy",
            Self::Telegram { .. } => "telegram",
            Self::Template { .. } => "template",
            Self::WebSubPing => "websub ping",
            Self::IndexNow { .. } => "indexnow",
        }
    }
}

/// So many messages in so much time, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Never 0.
    pub messages: u32,
    /// A second, a minute or an hour.
    pub per: Duration,
}

impl Rate {
    /// From one message to the next, if they come evenly.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.per / self.messages
    }
}

/// A webhook to call. Its `Debug` has the name and no more: the URL may be a secret.
#[derive(Clone, PartialEq)]
pub struct Webhook {
    /// Unique; what the store and the commands know it by.
    pub name: String,
    /// What it was called before: what went to that name goes to this one.
    pub renamed_from: Option<String>,
    /// http or https. May hold secrets (a token in the path), so it is never printed whole.
    pub url: Url,
    /// In which form it gets its messages.
    pub format: MessageFormat,
    /// What messages are signed with, newest first; several while a secret is being rotated. May be empty where the format
    /// has no signatures.
    pub secrets: Vec<Secret>,
    /// Which events it wants.
    pub events: Vec<EventType>,
    /// Which posts it wants.
    pub filter: Filter,
    /// How much of each.
    pub payload: Payload,
    /// So many posts of one scan stand in one message, at most; never 0.
    pub batch: usize,
    /// Whether a message waits until the one before it has arrived or been given up.
    pub ordered: bool,
    /// How many messages it gets, at most.
    pub rate: Option<Rate>,
    /// Attempts under way at once.
    pub concurrency: usize,
    /// How long to wait before the second try, the third, and so on; when they are used up, a delivery is given up.
    pub retry: Vec<Duration>,
    /// For one attempt: from the look-up of the name to the last byte of the answer.
    pub timeout: Duration,
    /// Sent with every attempt; none of those that Tidings sets itself. Values are marked sensitive.
    pub headers: http::HeaderMap,
    /// PEM certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Non-public networks that a public name may resolve to.
    pub allow_networks: Vec<IpNet>,
    /// Whether it is told anything at all. What it is owed is kept.
    pub enabled: bool,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Webhook {
    /// The waits of a webhook that names none: 12 tries in 71 hours.
    pub const RETRY: [Duration; 11] = [
        Duration::from_secs(5),
        Duration::from_secs(30),
        Duration::from_mins(2),
        Duration::from_mins(10),
        Duration::from_mins(30),
        Duration::from_hours(1),
        Duration::from_hours(3),
        Duration::from_hours(6),
        Duration::from_hours(12),
        Duration::from_hours(24),
        Duration::from_hours(24),
    ];

    /// The most attempts under way at once that a config may ask for.
    pub const MAX_CONCURRENCY: usize = 64;

    /// The longest wait in a config.
    pub const LONGEST_RETRY: Duration = Duration::from_hours(24);

    /// The timeout of a webhook that names none.
    pub const TIMEOUT: Duration = Duration::from_secs(15);

    /// Attempts under way at once of a webhook that names no number.
    pub const CONCURRENCY: usize = 4;

    /// A webhook of which no more is said than its name and where it is. Nothing is signed.
    #[must_use]
    pub fn new(name: impl Into<String>, url: Url) -> Self {
        Self {
            name: name.into(),
            renamed_from: None,
            url,
            format: MessageFormat::Standard,
            secrets: Vec::new(),
            events: EventType::POSTS.to_vec(),
            filter: Filter::default(),
            payload: Payload::Thin,
            batch: 1,
            ordered: false,
            rate: None,
            concurrency: Self::CONCURRENCY,
            retry: Self::RETRY.to_vec(),
            timeout: Self::TIMEOUT,
            headers: http::HeaderMap::new(),
            ca_file: None,
            allow_networks: Vec::new(),
            enabled: true,
        }
    }

    /// Whether it gets the text of posts that are told of in this way.
    #[must_use]
    pub fn wants_text(&self, event_type: EventType) -> bool {
        self.payload == Payload::Full && matches!(event_type, EventType::PostPublished | EventType::PostUpdated)
    }
}
