//! The `websub` section: our own hub, and the hubs that feeds name.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

/// Who tells subscribers of feeds that they changed (WebSub).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Websub {
    /// Our own; `None`: there is none, and whoever has subscribed is not called.
    pub hub: Option<Hub>,
    /// Hubs of others that are told of every document of a feed that changed. Each http or https, none twice.
    pub ping: Vec<Url>,
}

impl Websub {
    /// The hubs that every feed names, our own first.
    pub fn hubs(&self) -> impl Iterator<Item = &Url> {
        let own = self.hub.as_ref().map(|hub| &hub.url);
        own.into_iter().chain(self.ping.iter().filter(move |ping| Some(*ping) != own))
    }

    /// The value of a document's `Link` header (section 4): the hubs, and the document itself, in one.
    #[must_use]
    pub fn link_header(&self, document: &str) -> String {
        let hubs = self.hubs().map(|hub| format!("<{hub}>; rel=\"hub\""));
        hubs.chain([format!("<{document}>; rel=\"self\"")]).collect::<Vec<_>>().join(", ")
    }
}

/// Our own hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Where it takes requests: below `server.public_url`.
    pub url: Url,
    /// How many subscriptions it takes.
    pub max_subscriptions: u32,
    /// What notices to these callback hosts are signed with, other than SHA-256. Hosts are as URLs have them: lower case,
    /// punycode, IPv6 in brackets.
    pub signatures: BTreeMap<String, Signature>,
}

/// A hash that notices are signed with (section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// For subscribers that know no other.
    Sha1,
    /// What all others get.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}
