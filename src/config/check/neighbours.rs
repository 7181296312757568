//! `websub.ping` and the `indexnow` section.

use std::sync::Arc;

use url::Url;

use super::Checker;
use crate::config::file::Step;
use crate::config::{IndexNow, Server, Site, Webhook, Websub};

const INDEXNOW: Step<'_> = Step::Key("indexnow");
/// Passes what it gets on to all search engines that take part.
const DEFAULT_ENDPOINT: &str = "https://api.indexnow.org/indexnow";

impl Checker<'_> {
    /// `websub.ping`.
    pub(super) fn pings(&mut self, raw: &[String]) -> Vec<Url> {
        let mut ping: Vec<Url> = Vec::with_capacity(raw.len());
        for (index, text) in raw.iter().enumerate() {
            let steps = [Step::Key("websub"), Step::Key("ping"), Step::Index(index)];
            let Some(url) = self.service_url(&steps, text, "write the hub's URL, like https://hub.example.com/") else {
                continue;
            };
            if ping.contains(&url) {
                self.error(&steps, "this hub is named twice", "take one out");
            }
            ping.push(url);
        }
        ping
    }

    pub(super) fn indexnow(&mut self, site: Option<&Site>, server: Option<&Server>) -> Option<IndexNow> {
        let raw = self.file.raw.indexnow.clone()?;
        let key = raw.key.unwrap_or_default();
        let is_key = (8..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_key {
            self.error(
                &[INDEXNOW, Step::Key("key")],
                "an IndexNow key has 8 to 128 letters, digits and hyphens",
                "make one with `openssl rand -hex 16`; it is public, so it can stand here",
            );
        }
        let endpoint = self.service_url(
            &[INDEXNOW, Step::Key("endpoint")],
            raw.endpoint.as_deref().unwrap_or(DEFAULT_ENDPOINT),
            "leave it out, and all search engines that take part are told",
        );
        let key_location = match raw.key_location {
            Some(text) => self.key_location(&text, site?)?,
            None => usual_location(&key, site?, server?),
        };
        Some(IndexNow { key, endpoint: endpoint?, key_location }).filter(|_| is_key)
    }

    /// Adds the webhooks that both sections come to. Without secrets there are none.
    pub(super) fn add_neighbours(
        &mut self,
        websub: &Websub,
        indexnow: Option<&IndexNow>,
        webhooks: &mut Vec<Arc<Webhook>>,
    ) {
        if self.around.env.is_none() {
            return;
        }
        let indexnow = indexnow.map(IndexNow::webhook);
        if let Some(index) = webhooks.iter().position(|hook| indexnow.as_ref().is_some_and(|it| it.name == hook.name)) {
            self.error(
                &[Step::Key("webhooks"), Step::Index(index), Step::Key("name")],
                "what the `indexnow` section asks for has this name",
                "give the webhook another one",
            );
        }
        webhooks.extend(websub.webhooks().chain(indexnow).map(Arc::new));
    }

    /// A key speaks for what lies in its directory and below, so it must not lie deeper than the site.
    fn key_location(&mut self, text: &str, site: &Site) -> Option<Url> {
        let steps = [INDEXNOW, Step::Key("key_location")];
        let url = self.service_url(&steps, text, "write the URL of the file with the key")?;
        let same_host =
            url.host() == site.url.host() && url.port_or_known_default() == site.url.port_or_known_default();
        let directory = url.path().rsplit_once('/').map_or("", |(directory, _)| directory);
        if !same_host || !site.url.path().starts_with(&format!("{directory}/")) {
            let message = format!("a key that lies there does not speak for the pages below {}", site.url);
            self.error(&steps, &message, "put the file at the root of the site, and give its URL");
            return None;
        }
        Some(url)
    }

    /// The URL of somebody's service, as it is written.
    fn service_url(&mut self, steps: &[Step<'_>], text: &str, remedy: &str) -> Option<Url> {
        match Url::parse(text.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            Ok(url) => {
                self.error(steps, &format!("`{}:` is not http or https", url.scheme()), remedy);
                None
            }
            Err(error) => {
                self.error(steps, &format!("this is no URL: {error}"), remedy);
                None
            }
        }
    }
}

/// Where Tidings itself gives the key out, if that is above all pages of the site; else the root of its host.
fn usual_location(key: &str, site: &Site, server: &Server) -> Url {
    let public = &server.public_url;
    let is_above = public.origin() == site.url.origin() && site.url.path().starts_with(public.path());
    let mut url = site.url.clone();
    let directory = if is_above { public.path() } else { "/" };
    url.set_path(&format!("{directory}{key}.txt"));
    url
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, ConfigFile, EventType, MessageFormat, SiteDefaults, Surroundings};
    use crate::problems::Problem;

    fn check_with(yaml: &str, env: Option<super::super::Lookup<'_>>) -> Result<Config, Vec<Problem>> {
        let yaml = if yaml.contains("site:") { yaml.to_owned() } else { format!("{SITE}{yaml}") };
        let file = ConfigFile::parse("tidings.yaml", Path::new("/"), yaml).map_err(|problem| vec![problem])?;
        file.check(&SiteDefaults::default(), &Surroundings { out: None, env })
    }

    fn check(yaml: &str) -> Result<Config, Vec<Problem>> {
        check_with(yaml, Some(&|_| Some("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned())))
    }

    fn problem(yaml: &str) -> String {
        let problems = check(yaml).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        format!("{} {}", problems[0].message, problems[0].remedy)
    }

    fn location(yaml: &str) -> String {
        check(yaml).unwrap().indexnow.unwrap().key_location.into()
    }

    const SITE: &str = "site: {url: \"https://example.com\"}\n";
    const KEY: &str = "0123abcd-XYZ";

    #[test]
    fn nobody_else_is_told_unless_the_config_says_so() {
        let config = check("").unwrap();
        assert_eq!((config.webhooks.len(), config.websub, config.indexnow), (0, Websub::default(), None));
    }

    #[test]
    fn hubs_and_search_engines_become_webhooks_behind_the_users_own() {
        let yaml = format!(
            "webhooks: [{{name: hook, url: \"https://h.example\", secret: {{env: X}}}}]\n\
             websub: {{ping: [\"https://hub.example/x?y\"]}}\nindexnow: {{key: {KEY}}}\n"
        );
        let config = check(&yaml).unwrap();
        let told: Vec<_> = config.webhooks.iter().map(|hook| (hook.name.as_str(), hook.url.as_str())).collect();
        let expected = [
            ("hook", "https://h.example/"),
            ("ping:hub.example", "https://hub.example/x?y"),
            ("indexnow", "https://api.indexnow.org/indexnow"),
        ];
        assert_eq!(told, expected);
        assert_eq!(config.webhooks[1].events, [EventType::FeedUpdated]);
        let format = MessageFormat::IndexNow {
            host: "example.com".into(),
            key: KEY.into(),
            key_location: format!("https://example.com/{KEY}.txt").parse().unwrap(),
        };
        assert_eq!(
            (&config.webhooks[2].format, &config.webhooks[2].events[..]),
            (&format, &[EventType::UrlsChanged][..])
        );
        let built = check_with(&yaml, None).unwrap();
        assert_eq!((built.webhooks.len(), built.websub.ping.len()), (0, 1), "feeds name hubs in a build too");
    }

    #[test]
    fn a_key_has_8_to_128_letters_digits_and_hyphens() {
        let of = |key: &str| check(&format!("indexnow: {{key: \"{key}\"}}\n"));
        for good in ["01234567", &"a".repeat(128), "--------"] {
            assert!(of(good).is_ok(), "{good}");
        }
        for bad in ["", "0123456", &"a".repeat(129), "01234567_", "0123456 7", "鍵鍵鍵鍵鍵鍵鍵鍵"] {
            assert!(of(bad).is_err(), "{bad}");
        }
        assert!(problem("indexnow: {}\n").contains("openssl rand -hex 16"));
        for number in ["00123456", "0012345e6", "0x123456"] {
            let config = check(&format!("indexnow: {{key: {number}}}\n")).unwrap();
            assert_eq!(config.indexnow.unwrap().key, number, "a key that looks like a number stays as it is written");
        }
    }

    #[test]
    fn the_key_lies_where_tidings_serves_it_if_that_is_above_the_site_else_at_the_root() {
        let of = |urls: &str| location(&format!("{urls}\nindexnow: {{key: {KEY}}}\n"));
        for (site, public, expected) in [
            ("https://x.example/", "https://x.example/feeds/", "https://x.example/"),
            ("https://x.example/", "https://x.example/", "https://x.example/"),
            ("https://x.example/blog/", "https://x.example/blog/", "https://x.example/blog/"),
            ("https://x.example/blog/", "https://feeds.example/", "https://x.example/"),
        ] {
            let urls = format!("site: {{url: \"{site}\"}}\nserver: {{public_url: \"{public}\"}}");
            assert_eq!(of(&urls), format!("{expected}{KEY}.txt"), "{site} {public}");
        }
    }

    #[test]
    fn a_key_speaks_for_what_is_below_it_only() {
        let yaml = |site: &str, location: &str| {
            format!("site: {{url: \"{site}\"}}\nindexnow: {{key: {KEY}, key_location: \"{location}\"}}\n")
        };
        for (site, good) in [
            ("https://x.example/", "https://x.example/k.txt"),
            ("https://x.example/blog/", "https://x.example/blog/k.txt"),
            ("https://x.example/blog/", "https://x.example/k.txt"),
        ] {
            assert_eq!(location(&yaml(site, good)), good);
        }
        for (site, bad) in [
            ("https://x.example/", "https://x.example/feeds/k.txt"),
            ("https://x.example/blog/", "https://x.example/blo/k.txt"),
            ("https://x.example/", "https://y.example/k.txt"),
            ("https://x.example/", "https://x.example:8443/k.txt"),
        ] {
            assert!(problem(&yaml(site, bad)).contains("does not speak for the pages below"), "{bad}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_service_is_refused() {
        for (yaml, part) in [
            ("websub: {ping: [\"hub.example\"]}\n", "no URL"),
            ("websub: {ping: [\"ftp://hub.example\"]}\n", "not http or https"),
            ("websub: {ping: [\"https://hub.example\", \"https://hub.example/\"]}\n", "named twice"),
            ("websub: {pin: []}\n", "`ping`"),
            ("indexnow: {key: 0123abcd, endpoint: x}\n", "no URL"),
            ("indexnow: {key: 0123abcd, keyy: x}\n", "`key`"),
            (
                "indexnow: {key: 0123abcd}\nwebhooks: [{name: indexnow, url: \"https://h\", secret: {env: X}}]\n",
                "this name",
            ),
        ] {
            assert!(problem(yaml).contains(part), "{yaml}: {}", problem(yaml));
        }
    }
}
