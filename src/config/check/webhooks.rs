//! The `webhooks` section.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use url::Url;

use super::Checker;
use crate::config::file::{ConfigFile, Step};
use crate::config::raw::{RawFormat, RawWebhook, TextOrSecret};
use crate::config::{EventType, Rate, Secret, SecretRef, Webhook};

/// As many tries as anybody can want.
const MAX_RETRIES: usize = 30;
const TIMEOUTS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);
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

impl ConfigFile {
    /// Where the secret is kept that a webhook signs with, the newest if there are several; `None` if there is no such
    /// webhook, or it has none.
    #[must_use]
    pub fn secret_of(&self, webhook: &str) -> Option<&SecretRef> {
        let hook = self.raw.webhooks.iter().flatten().find(|hook| hook.name == webhook)?;
        hook.secret.iter().chain(&hook.secrets).next()
    }

    /// The names of the webhooks that are told nothing.
    #[must_use]
    pub fn switched_off(&self) -> Vec<&str> {
        let off = self.raw.webhooks.iter().flatten().filter(|hook| hook.enabled == Some(false));
        off.map(|hook| hook.name.as_str()).collect()
    }
}

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
            if let Some(from) = &hook.renamed_from
                && raw.iter().any(|other| other.name == *from)
            {
                let message = format!("a webhook is still called `{from}`");
                self.hook_error(index, "renamed_from", &message, "take this key out, or rename the other webhook");
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
        let concurrency = raw.concurrency.unwrap_or(Webhook::CONCURRENCY);
        if !(1..=Webhook::MAX_CONCURRENCY).contains(&concurrency) {
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
        let events = raw.events.clone().unwrap_or_else(|| EventType::POSTS.to_vec());
        let format = self.format(index, raw, &events, url.as_ref());
        let secrets = self.signing_secrets(index, raw);
        Some(Webhook {
            name: raw.name.clone(),
            renamed_from: raw.renamed_from.clone(),
            url: url?,
            format: format?,
            secrets,
            events,
            filter: raw.filter.clone(),
            payload: raw.payload,
            batch: self.batch(index, raw),
            ordered: raw.ordered,
            rate: self.rate(index, raw.rate.as_deref()),
            concurrency,
            retry: self.retry(index, raw),
            timeout: self.timeout(index, raw),
            headers: self.headers(index, raw),
            ca_file: raw.ca_file.as_ref().map(|file| self.file.dir.join(file)),
            allow_networks: self.networks(index, &raw.allow_networks),
            enabled: raw.enabled.unwrap_or(true),
        })
    }

    fn rate(&mut self, index: usize, text: Option<&str>) -> Option<Rate> {
        let text = text?;
        let rate = text.split_once('/').and_then(|(messages, unit)| {
            let seconds = match unit.trim() {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            let messages = messages.trim().parse().ok().filter(|n| (1..=10_000).contains(n))?;
            Some(Rate { messages, per: Duration::from_secs(seconds) })
        });
        if rate.is_none() {
            let message = format!("`{text}` is no rate");
            self.hook_error(
                index,
                "rate",
                &message,
                "write how many messages it gets at most, like 1/s, 30/m or 100/h",
            );
        }
        rate
    }

    fn retry(&mut self, index: usize, raw: &RawWebhook) -> Vec<Duration> {
        let Some(waits) = &raw.retry else { return Webhook::RETRY.to_vec() };
        if waits.len() > MAX_RETRIES || waits.iter().any(|wait| wait.0 > Webhook::LONGEST_RETRY) {
            let message = "there are more than 30 waits here, or one of more than 24 hours";
            self.hook_error(index, "retry", message, "write the waits before each further try, like [5s, 1m, 10m, 1h]");
        }
        waits.iter().map(|wait| wait.0).collect()
    }

    fn timeout(&mut self, index: usize, raw: &RawWebhook) -> Duration {
        let timeout = raw.timeout.map_or(Webhook::TIMEOUT, |timeout| timeout.0);
        if !TIMEOUTS.contains(&timeout) {
            self.hook_error(index, "timeout", "this is not between 1s and 60s", "15s is what receivers are used to");
        }
        timeout
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
            match self.resolve_all(reference) {
                Ok(kept) => {
                    for secret in kept {
                        match secret.webhook_key() {
                            Ok(_) => secrets.push(secret),
                            Err(reason) => {
                                self.hook_error(index, "secret", &reason, "put another one where this one is kept");
                            }
                        }
                    }
                }
                Err(reason) => {
                    self.hook_error(index, "secret", &reason, "put `whsec_` and 24 to 64 random bytes in base64 there");
                }
            }
        }
        if raw.format == RawFormat::Standard && raw.secret.is_none() && raw.secrets.is_empty() {
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

    pub(super) fn text(&mut self, index: usize, key: &str, raw: &TextOrSecret) -> Option<Secret> {
        match raw {
            TextOrSecret::Text(text) => Some(Secret::new(text)),
            TextOrSecret::Secret(reference) => {
                self.resolve(reference).map_err(|reason| self.hook_error(index, key, &reason, "put it there")).ok()
            }
        }
    }

    pub(super) fn hook_error(&mut self, index: usize, key: &str, message: &str, remedy: &str) {
        self.error(&[Step::Key("webhooks"), Step::Index(index), Step::Key(key)], message, remedy);
    }
}
