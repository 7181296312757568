//! The `websub` section.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::Checker;
use crate::config::file::Step;
use crate::config::raw::RawWebsub;
use crate::config::{Hub, Server, Signature, Websub};

const WEBSUB: Step<'_> = Step::Key("websub");
/// The hub's name below the public URL.
const NAME: &str = "hub";
const DEFAULT_SUBSCRIPTIONS: u32 = 50_000;

impl Checker<'_> {
    pub(super) fn websub(&mut self, server: Option<&Server>) -> Websub {
        let raw = self.file.raw.websub.clone().unwrap_or_default();
        let hub = server.and_then(|server| self.hub(&raw, server));
        Websub { hub, ping: self.pings(&raw.ping) }
    }

    fn hub(&mut self, raw: &RawWebsub, server: &Server) -> Option<Hub> {
        let signatures = self.signatures(&raw.signatures);
        if raw.max_subscriptions == Some(0) {
            self.error(
                &[WEBSUB, Step::Key("max_subscriptions")],
                "with 0 nobody could subscribe",
                "set it to 1 or more, or the hub to false",
            );
        }
        let max_subscriptions = raw.max_subscriptions.unwrap_or(DEFAULT_SUBSCRIPTIONS);
        let url = server.public_url.join(NAME).ok()?;
        raw.hub.unwrap_or_else(|| self.can_be_reached(server)).then_some(Hub { url, max_subscriptions, signatures })
    }

    /// Whether subscribers are likely to find a hub there, if nobody says so: a daemon's address was set for others to know.
    /// A mere build has no daemon.
    fn can_be_reached(&self, server: &Server) -> bool {
        let is_set = self.file.raw.server.as_ref().is_some_and(|server| server.public_url.is_some());
        self.around.env.is_some() && is_set && !is_loopback(&server.public_url)
    }

    fn signatures(&mut self, raw: &BTreeMap<String, Signature>) -> BTreeMap<String, Signature> {
        let mut signatures = BTreeMap::new();
        for (written, signature) in raw {
            match Host::parse(written) {
                Ok(host) => drop(signatures.insert(host.to_string(), *signature)),
                Err(_) => self.error(
                    &[WEBSUB, Step::Key("signatures"), Step::Key(written)],
                    &format!("`{written}` is no host"),
                    "write the host of callback URLs and a hash, like `reader.example.com: sha1`",
                ),
            }
        }
        signatures
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, ConfigFile, Lookup, SiteDefaults, Surroundings};
    use crate::problems::Problem;

    fn check(yaml: &str, env: Option<Lookup<'_>>) -> Result<Config, Vec<Problem>> {
        let yaml = format!("site: {{url: \"https://example.com\"}}\n{yaml}");
        let file = ConfigFile::parse("tidings.yaml", Path::new("/"), yaml).unwrap();
        file.check(&SiteDefaults::default(), &Surroundings { out: None, env })
    }

    fn hub(yaml: &str) -> Option<Hub> {
        check(yaml, Some(&|_| None)).unwrap().websub.hub
    }

    #[test]
    fn there_is_a_hub_where_others_are_told_an_address() {
        for (yaml, expected) in [
            ("server: {public_url: \"https://example.com/a b/\"}\n", Some("https://example.com/a%20b/hub")),
            ("server: {public_url: \"https://example.com/\"}\nwebsub: {hub: false}\n", None),
            ("", None),
            ("server: {listen: \"0.0.0.0:80\"}\n", None),
            ("server: {public_url: \"http://localhost:8080/\"}\n", None),
            ("server: {public_url: \"http://127.0.0.1:8080/\"}\n", None),
            ("server: {public_url: \"http://[::1]/\"}\n", None),
            ("websub: {hub: true}\n", Some("https://example.com/feeds/hub")),
        ] {
            let hub = hub(yaml).map(|hub| hub.url.to_string());
            assert_eq!(hub.as_deref(), expected, "{yaml}");
        }
    }

    #[test]
    fn a_build_names_no_hub_unless_it_is_told_to() {
        let of_build = |yaml: &str| check(yaml, None).unwrap().websub;
        assert_eq!(of_build("server: {public_url: \"https://example.com/\"}\n"), Websub::default());
        assert_eq!(of_build("websub: {hub: true}\n").hubs().count(), 1);
    }

    #[test]
    fn our_own_hub_is_named_before_others_and_none_twice() {
        let own = "https://example.com/feeds/hub";
        let yaml = format!("websub: {{hub: true, ping: [\"https://hub.example.net/\", \"{own}\"]}}\n");
        let websub = check(&yaml, Some(&|_| None)).unwrap().websub;
        assert_eq!(websub.hubs().map(Url::as_str).collect::<Vec<_>>(), [own, "https://hub.example.net/"]);
    }

    #[test]
    fn signatures_are_by_host_as_urls_have_it() {
        let hub = hub("websub: {hub: true, signatures: {Old.Example: sha1, \"日本.example\": sha512}}\n").unwrap();
        let expected = [("old.example", Signature::Sha1), ("xn--wgv71a.example", Signature::Sha512)];
        assert_eq!(hub.signatures, expected.map(|(host, hash)| (host.to_owned(), hash)).into());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for yaml in ["websub: {max_subscriptions: 0}\n", "websub: {signatures: {\"a b\": sha1}}\n"] {
            assert_eq!(check(yaml, Some(&|_| None)).unwrap_err().len(), 1, "{yaml}");
        }
    }
}
