//! Secrets: named in the config by where they are kept, never by their text.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Utc};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::{Lookup, rotation};

/// Some tools leave the padding out, and nothing is gained by refusing that.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What messages to webhooks are signed with, by Standard Webhooks 1.0.
#[derive(Clone)]
pub enum WebhookKey {
    /// Signatures `v1`: HMAC-SHA256 with these bytes.
    Shared(Vec<u8>),
    /// Signatures `v1a`: ed25519.
    Private(Box<ed25519_dalek::SigningKey>),
}

/// Text that must never be printed, and when it ends, if it does. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String, Option<DateTime<Utc>>);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into(), None)
    }

    /// The same, of no use from then on.
    #[must_use]
    pub fn ending(self, until: DateTime<Utc>) -> Self {
        Self(self.0, Some(until))
    }

    /// From when on it is of no use.
    #[must_use]
    pub fn until(&self) -> Option<DateTime<Utc>> {
        self.1
    }

    /// The text itself: only for signing and for sending.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The bytes of a signing secret of Standard Webhooks 1.0: `whsec_` and the base64 of 24 to 64 random bytes. Text without
    /// the prefix is refused, because receivers disagree on whether it is base64 or the key itself.
    ///
    /// # Errors
    ///
    /// What is wrong and how to make a good one; holds nothing of the secret.
    pub fn signing_key(&self) -> Result<Vec<u8>, String> {
        let text = self.0.trim();
        let Some(encoded) = text.strip_prefix("whsec_") else {
            return Err(bad(if text.starts_with("whsk_") {
                "it is an ed25519 key, but signatures are HMAC-SHA256"
            } else if text.starts_with("whpk_") {
                "it is the public half of an ed25519 key"
            } else {
                "it does not begin with `whsec_`"
            }));
        };
        let key = LENIENT.decode(encoded).map_err(|_| bad("what follows `whsec_` is not base64"))?;
        match key.len() {
            24..=64 => Ok(key),
            n => Err(bad(&format!("it holds {n} bytes"))),
        }
    }
}

impl Secret {
    /// The key that a webhook's messages are signed with: that of [`Self::signing_key`], or `whsk_` and the base64 of an ed25519
    /// key's 32 secret bytes, or of these and the public half behind them.
    ///
    /// # Errors
    ///
    /// As [`Self::signing_key`].
    pub fn webhook_key(&self) -> Result<WebhookKey, String> {
        let Some(encoded) = self.0.trim().strip_prefix("whsk_") else {
            return self.signing_key().map(WebhookKey::Shared);
        };
        let bytes = LENIENT.decode(encoded).map_err(|_| bad_pair("what follows `whsk_` is not base64"))?;
        let key = match (<[u8; 32]>::try_from(&*bytes), <[u8; 64]>::try_from(&*bytes)) {
            (Ok(secret), _) => ed25519_dalek::SigningKey::from_bytes(&secret),
            (_, Ok(pair)) => ed25519_dalek::SigningKey::from_keypair_bytes(&pair)
                .map_err(|_| bad_pair("its two halves do not belong together"))?,
            _ => return Err(bad_pair(&format!("it holds {} bytes", bytes.len()))),
        };
        Ok(WebhookKey::Private(Box::new(key)))
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In an environment variable.
    Env(String),
    /// In a file, relative to the config's directory.
    File(PathBuf),
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RefVisitor;
        impl<'de> Visitor<'de> for RefVisitor {
            type Value = SecretRef;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`{env: NAME}` or `{file: PATH}`")
            }
            // The defaults would repeat what is there, which may well be the secret itself.
            fn visit_str<E: de::Error>(self, _: &str) -> Result<SecretRef, E> {
                Err(literal())
            }
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<SecretRef, E> {
                Err(literal())
            }
            fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretRef, E> {
                Err(literal())
            }
            fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretRef, E> {
                Err(literal())
            }
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretRef, E> {
                Err(literal())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
                let Some(key) = map.next_key::<String>()? else {
                    return Err(de::Error::invalid_length(0, &self));
                };
                let value = map.next_value::<String>()?;
                if map.next_key::<String>()?.is_some() {
                    return Err(de::Error::custom("a secret is kept in one place: `{env: NAME}` or `{file: PATH}`"));
                }
                match key.as_str() {
                    "env" => Ok(SecretRef::Env(value)),
                    "file" => Ok(SecretRef::File(value.into())),
                    _ => Err(de::Error::unknown_field(&key, &["env", "file"])),
                }
            }
        }
        deserializer.deserialize_any(RefVisitor)
    }
}

impl SecretRef {
    /// Fetches the text, without white space around it.
    ///
    /// # Errors
    ///
    /// If the variable is not set, the file cannot be read, or there is nothing in it. Says which, never what is in it.
    pub fn resolve(&self, dir: &Path, env: Lookup<'_>) -> Result<Secret, String> {
        self.text(dir, env).map(Secret::new)
    }

    /// Fetches a webhook's secrets: of a file also those that the one in use replaced.
    ///
    /// # Errors
    ///
    /// As [`Self::resolve`], and if a line of the file cannot be read.
    pub(super) fn resolve_all(&self, dir: &Path, env: Lookup<'_>) -> Result<Vec<Secret>, String> {
        let text = self.text(dir, env)?;
        match self {
            Self::Env(_) => Ok(vec![Secret::new(text)]),
            Self::File(path) => match rotation::parse(&text) {
                Ok(secrets) if secrets.is_empty() => Err(format!("the file {} holds no secret", path.display())),
                Ok(secrets) => Ok(secrets),
                Err(reason) => Err(format!("the file {} cannot be used: {reason}", path.display())),
            },
        }
    }

    /// The text, without white space around it; never empty.
    fn text(&self, dir: &Path, env: Lookup<'_>) -> Result<String, String> {
        let text = match self {
            Self::Env(name) => env(name).ok_or_else(|| format!("the environment variable {name} is not set"))?,
            Self::File(path) => std::fs::read_to_string(dir.join(path))
                .map_err(|error| format!("the file {} cannot be read: {error}", path.display()))?,
        };
        match text.trim() {
            "" => Err(match self {
                Self::Env(name) => format!("the environment variable {name} is empty"),
                Self::File(path) => format!("the file {} is empty", path.display()),
            }),
            text => Ok(text.to_owned()),
        }
    }
}

fn literal<E: de::Error>() -> E {
    E::custom("a secret is written as `{env: NAME}` or `{file: PATH}`, never as its text")
}

fn bad(what: &str) -> String {
    format!(
        "a signing secret is `whsec_` and the base64 of 24 to 64 random bytes, but {what}; \
         `echo \"whsec_$(openssl rand -base64 32)\"` makes one"
    )
}

fn bad_pair(what: &str) -> String {
    format!(
        "an ed25519 key is `whsk_` and the base64 of its 32 secret bytes, but {what}; \
         `echo \"whsk_$(openssl genpkey -algorithm ed25519 -outform DER | tail -c 32 | base64)\"` makes one"
    )
}
