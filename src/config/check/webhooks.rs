//! The `webhooks` section.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use url::Url;

use super::Checker;
use crate::config::file::Step;
use crate::config::raw::{RawWebhook, TextOrSecret};
use crate::config::{EventType, Secret, Webhook};

const DEFAULT_CONCURRENCY: usize = 4;
const MAX_CONCURRENCY: usize = 64;
/// Headers that say what a message is, or how it is framed: not for a config to change.
const OWN_HEADERS: [&str; 8] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "content-type",
    "content-length",
    "host",
    "transfer-encoding",
    "connection",
];

impl Checker<'_> {
    pub(super) fn webhooks(&mut self) -> Vec<Arc<Webhook>> {
        if self.around.env.is_none() {
            return Vec::new();
        }
        let raw = self.file.raw.webhooks.clone().unwrap_or_default();
        for (index, hook) in raw.iter().enumerate() {
            if raw[..index].iter().any(|earlier| earlier.name == hook.name) {
                self.hook_error(index, "name", &format!("two webhooks are called `{}`", hook.name), "rename one");
            }
        }
        raw.iter().enumerate().filter_map(|(index, hook)| self.webhook(index, hook)).map(Arc::new).collect()
    }

    fn webhook(&mut self, index: usize, raw: &RawWebhook) -> Option<Webhook> {
        let valid_name =
            !raw.name.is_empty() && raw.name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !valid_name {
            self.hook_error(
                index,
                "name",
                "a webhook's name has letters, digits, `-`, `_` and `.`",
                "rename it; commands and logs know it by this name",
            );
        }
        let concurrency = raw.concurrency.unwrap_or(DEFAULT_CONCURRENCY);
        if !(1..=MAX_CONCURRENCY).contains(&concurrency) {
            self.hook_error(index, "concurrency", "this is not between 1 and 64", "4 suits most receivers");
        }
        if let Some(file) = &raw.ca_file
            && let Err(error) = std::fs::metadata(self.file.dir.join(file))
        {
            self.hook_error(
                index,
                "ca_file",
                &format!("{} cannot be read: {error}", file.display()),
                "give the path of a file with PEM certificates",
            );
        }
        let url = self.hook_url(index, &raw.url);
        let secrets = self.signing_secrets(index, raw);
        Some(Webhook {
            name: raw.name.clone(),
            url: url?,
            secrets,
            events: raw.events.clone().unwrap_or_else(|| EventType::ALL.to_vec()),
            filter: raw.filter.clone(),
            payload: raw.payload,
            concurrency,
            headers: self.headers(index, raw),
            ca_file: raw.ca_file.as_ref().map(|file| self.file.dir.join(file)),
            allow_networks: self.networks(index, &raw.allow_networks),
        })
    }

    fn hook_url(&mut self, index: usize, raw: &TextOrSecret) -> Option<Url> {
        let text = self.text(index, "url", raw)?;
        match Url::parse(text.expose()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            // The text is not repeated: a webhook's URL may be a secret.
            Ok(_) => {
                self.hook_error(index, "url", "this is not an http or https URL", "write https://host/path");
                None
            }
            Err(error) => {
                self.hook_error(index, "url", &format!("this is no URL: {error}"), "write https://host/path");
                None
            }
        }
    }

    fn signing_secrets(&mut self, index: usize, raw: &RawWebhook) -> Vec<Secret> {
        let refs = raw.secret.iter().chain(&raw.secrets);
        let mut secrets = Vec::new();
        for reference in refs {
            match self.resolve(reference) {
                Ok(secret) => match secret.signing_key() {
                    Ok(_) => secrets.push(secret),
                    Err(reason) => self.hook_error(index, "secret", &reason, "put another one where this one is kept"),
                },
                Err(reason) => {
                    self.hook_error(index, "secret", &reason, "put `whsec_` and 24 to 64 random bytes in base64 there");
                }
            }
        }
        if raw.secret.is_none() && raw.secrets.is_empty() {
            self.hook_error(
                index,
                "name",
                &format!("the webhook `{}` has no secret, so its receiver could not tell who calls", raw.name),
                "add `secret: {env: NAME}`",
            );
        }
        secrets
    }

    fn headers(&mut self, index: usize, raw: &RawWebhook) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &raw.headers.0 {
            if let Err((message, remedy)) = self.header(index, name, value, &mut headers) {
                self.hook_error(index, "headers", &message, remedy);
            }
        }
        headers
    }

    fn header(
        &mut self,
        index: usize,
        name: &str,
        value: &TextOrSecret,
        headers: &mut HeaderMap,
    ) -> Result<(), (String, &'static str)> {
        let key: HeaderName = name
            .parse()
            .map_err(|_| (format!("`{name}` is no name for a header"), "use letters, digits and hyphens"))?;
        if OWN_HEADERS.contains(&key.as_str()) {
            return Err((format!("the header `{name}` is set by Tidings itself"), "take it out"));
        }
        if matches!(value, TextOrSecret::Text(_)) && matches!(key.as_str(), "authorization" | "cookie") {
            return Err((format!("`{name}` is a secret"), "write it as `{env: NAME}` or `{file: PATH}`"));
        }
        let Some(text) = self.text(index, "headers", value) else { return Ok(()) };
        let mut value: HeaderValue = text.expose().parse().map_err(|_| {
            (format!("the value of `{name}` holds characters that a header cannot hold"), "use visible ASCII")
        })?;
        value.set_sensitive(true);
        headers.append(key, value);
        Ok(())
    }

    fn networks(&mut self, index: usize, raw: &[String]) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for text in raw {
            match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
                Ok(network) => networks.push(network),
                Err(_) => self.hook_error(
                    index,
                    "allow_networks",
                    &format!("`{text}` is no network"),
                    "write it like 10.0.0.0/8 or fd00::/8",
                ),
            }
        }
        networks
    }

    fn text(&mut self, index: usize, key: &str, raw: &TextOrSecret) -> Option<Secret> {
        match raw {
            TextOrSecret::Text(text) => Some(Secret::new(text)),
            TextOrSecret::Secret(reference) => {
                self.resolve(reference).map_err(|reason| self.hook_error(index, key, &reason, "put it there")).ok()
            }
        }
    }

    fn hook_error(&mut self, index: usize, key: &str, message: &str, remedy: &str) {
        self.error(&[Step::Key("webhooks"), Step::Index(index), Step::Key(key)], message, remedy);
    }
}
