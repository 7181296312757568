//! Signatures by Standard Webhooks 1.0.0: proof of who sent a message, and when.
//!
//! In: secrets from the config, a message's id, time and bytes. Out: the value of `webhook-signature`, or a judgement on
//! one. Never: a secret in an error or in `Debug`, a comparison whose time tells where the difference is.

use std::fmt;

use base64::engine::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::{Signature, Signer};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::{Secret, WebhookKey};

/// The header that holds the message id: the same at every attempt.
pub const ID_HEADER: &str = "webhook-id";

/// The header that holds the time of this attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";

/// The header that holds the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far a message's time may be from the receiver's clock, either way.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// So many signatures of a message are looked at.
const MOST_SIGNATURES: usize = 64;

/// A secret made ready for signing.
#[derive(Clone)]
pub struct SigningKey(Key);

#[derive(Clone)]
enum Key {
    /// `v1`, by `whsec_`.
    Hmac(Box<Hmac<Sha256>>),
    /// `v1a`, by `whsk_`.
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl SigningKey {
    /// Reads `whsec_` and the base64 of 24 to 64 random bytes, or `whsk_` and the base64 of an ed25519 key. Text without a
    /// prefix is refused, because receivers disagree on whether it is base64 or the key itself.
    ///
    /// # Errors
    ///
    /// What is wrong and how to make a good one; holds nothing of the secret.
    pub fn parse(secret: &Secret) -> Result<Self, String> {
        Ok(Self(match secret.webhook_key()? {
            WebhookKey::Shared(key) => {
                Key::Hmac(Box::new(Hmac::new_from_slice(&key).expect("HMAC takes keys of any length (RFC 2104, 2)")))
            }
            WebhookKey::Private(key) => Key::Ed25519(key),
        }))
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let tag = |tag: &[u8]| STANDARD.encode(tag);
        match &self.0 {
            Key::Hmac(key) => format!("v1,{}", tag(&mac(key, id, timestamp, body).finalize().into_bytes())),
            Key::Ed25519(key) => format!("v1a,{}", tag(&key.sign(&signed(id, timestamp, body)).to_bytes())),
        }
    }
}

/// What a receiver knows messages by.
#[derive(Clone)]
pub struct VerifyingKey(Known);

#[derive(Clone)]
enum Known {
    /// The secret itself.
    Hmac(Box<Hmac<Sha256>>),
    /// The public half.
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

impl VerifyingKey {
    /// Reads what [`SigningKey::parse`] does, or `whpk_` and the base64 of an ed25519 key's public half.
    ///
    /// # Errors
    ///
    /// What is wrong and how to make a good one; holds nothing of the secret.
    pub fn parse(text: &Secret) -> Result<Self, String> {
        let Some(encoded) = text.expose().trim().strip_prefix("whpk_") else {
            return SigningKey::parse(text).map(|key| Self::from(&key));
        };
        let bytes =
            STANDARD_NO_PAD.decode(encoded.trim_end_matches('=')).map_err(|_| bad("what follows is not base64"))?;
        let bytes = <[u8; 32]>::try_from(&*bytes).map_err(|_| bad(&format!("it holds {} bytes", bytes.len())))?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| bad("it is no point of the curve"))?;
        Ok(Self(Known::Ed25519(Box::new(key))))
    }

    /// Whether this is a signature of the other side, as it stands in the header.
    fn knows(&self, signature: &str, id: &str, timestamp: i64, body: &[u8]) -> bool {
        let tag = |version| STANDARD.decode(signature.strip_prefix(version)?).ok();
        match &self.0 {
            Known::Hmac(key) => tag("v1,").is_some_and(|tag| mac(key, id, timestamp, body).verify_slice(&tag).is_ok()),
            Known::Ed25519(key) => tag("v1a,")
                .and_then(|tag| Signature::from_slice(&tag).ok())
                .is_some_and(|tag| key.verify_strict(&signed(id, timestamp, body), &tag).is_ok()),
        }
    }
}

impl From<&SigningKey> for VerifyingKey {
    fn from(key: &SigningKey) -> Self {
        Self(match &key.0 {
            Key::Hmac(key) => Known::Hmac(key.clone()),
            Key::Ed25519(key) => Known::Ed25519(Box::new(key.verifying_key())),
        })
    }
}

fn bad(why: &str) -> String {
    format!("it begins with `whpk_`, but {why}: it should be the base64 of an ed25519 key's 32 public bytes")
}

fn mac(key: &Hmac<Sha256>, id: &str, timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac
}

/// What is signed.
fn signed(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{timestamp}.").as_bytes(), body].concat()
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[signing key]")
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[verifying key]")
    }
}

/// The value of `webhook-signature`: one signature a key, in the order of the keys, separated by spaces.
#[must_use]
pub fn sign<'a>(keys: impl IntoIterator<Item = &'a SigningKey>, id: &str, timestamp: i64, body: &[u8]) -> String {
    keys.into_iter().map(|key| key.sign(id, timestamp, body)).collect::<Vec<_>>().join(" ")
}

/// A message as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
    /// The body, as it came.
    pub body: &'a [u8],
}

/// Why a message is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// `webhook-timestamp` is not a number of seconds.
    #[error("webhook-timestamp is not a number of seconds")]
    Timestamp,
    /// More than [`TOLERANCE`] ago.
    #[error("the message is more than 5 minutes old: it was replayed, or a clock is wrong")]
    TooOld,
    /// More than [`TOLERANCE`] ahead.
    #[error("the message comes from more than 5 minutes in the future: a clock is wrong")]
    TooNew,
    /// No signature was made with one of the keys over these bytes.
    #[error("no signature fits: the secret is another one, or the message was changed on its way")]
    Signature,
}

/// Checks a message's time and signatures: one signature by one of the keys is enough.
///
/// # Errors
///
/// See [`VerifyError`].
pub fn verify(keys: &[VerifyingKey], message: &Signed<'_>, now: DateTime<Utc>) -> Result<(), VerifyError> {
    let timestamp: i64 = message.timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
    let sent = DateTime::from_timestamp(timestamp, 0).ok_or(VerifyError::Timestamp)?;
    if now - sent > TOLERANCE {
        return Err(VerifyError::TooOld);
    }
    if sent - now > TOLERANCE {
        return Err(VerifyError::TooNew);
    }
    // More than any sender has keys: each costs a hash of the body.
    let signatures = message.signature.split(' ').take(MOST_SIGNATURES);
    let fits = |signature: &str| keys.iter().any(|key| key.knows(signature, message.id, timestamp, message.body));
    if signatures.into_iter().any(fits) { Ok(()) } else { Err(VerifyError::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The vector of the standard's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const AT: i64 = 1_614_265_330;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn key(secret: &str) -> SigningKey {
        SigningKey::parse(&Secret::new(secret)).unwrap()
    }

    fn known(text: &str) -> VerifyingKey {
        VerifyingKey::parse(&Secret::new(text)).unwrap()
    }

    fn refusal(secret: &str) -> String {
        SigningKey::parse(&Secret::new(secret)).unwrap_err()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn judge(signature: &str, body: &[u8], now: i64) -> Result<(), VerifyError> {
        let message = Signed { id: ID, timestamp: &AT.to_string(), signature, body };
        verify(&[known(SECRET)], &message, at(now))
    }

    #[test]
    fn the_published_vector_comes_out() {
        assert_eq!(sign(&[key(SECRET)], ID, AT, BODY), SIGNATURE);
    }

    #[test]
    fn the_reference_library_accepts_what_either_secret_signed() {
        let old = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let now = Utc::now().timestamp();
        let both = sign(&[key(SECRET), key(old)], ID, now, BODY);
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(ID_HEADER, ID.parse().unwrap());
        headers.insert(TIMESTAMP_HEADER, now.into());
        headers.insert(SIGNATURE_HEADER, both.parse().unwrap());
        for secret in [SECRET, old] {
            standardwebhooks::Webhook::new(secret).unwrap().verify(BODY, &headers).unwrap();
        }
        let stranger = standardwebhooks::Webhook::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert!(stranger.verify(BODY, &headers).is_err());
    }

    /// A key pair, made by `openssl genpkey -algorithm ed25519`.
    const PRIVATE: &str = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn an_ed25519_signature_convinces_who_has_the_public_key_only() {
        let signature = sign(&[key(PRIVATE)], ID, AT, BODY);
        let tag = STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        let signed = format!("{ID}.{AT}.{}", std::str::from_utf8(BODY).unwrap());
        let public =
            ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, STANDARD.decode(PUBLIC).unwrap());
        public.verify(signed.as_bytes(), &tag).unwrap();
        assert!(public.verify(format!("{signed} ").as_bytes(), &tag).is_err());
    }

    #[test]
    fn both_kinds_of_signatures_may_stand_side_by_side() {
        let both = sign(&[key(PRIVATE), key(SECRET)], ID, AT, BODY);
        assert!(both.starts_with("v1a,") && both.ends_with(&format!(" {SIGNATURE}")), "{both}");
        let message = Signed { id: ID, timestamp: &AT.to_string(), signature: &both, body: BODY };
        for (secret, result) in [
            (SECRET, Ok(())),
            (PRIVATE, Ok(())),
            (&format!("whpk_{PUBLIC}"), Ok(())),
            ("whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Err(VerifyError::Signature)),
            ("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Err(VerifyError::Signature)),
        ] {
            assert_eq!(verify(&[known(secret)], &message, at(AT)), result, "{secret}");
        }
        let changed = Signed { body: br#"{"test": 2432232315}"#, ..message };
        assert_eq!(verify(&[known(PRIVATE)], &changed, at(AT)), Err(VerifyError::Signature));
    }

    #[test]
    fn a_private_key_may_have_its_public_half_behind_it() {
        let halves = |public: &str| {
            let private = STANDARD.decode(PRIVATE.strip_prefix("whsk_").unwrap()).unwrap();
            format!("whsk_{}", STANDARD.encode([private, STANDARD.decode(public).unwrap()].concat()))
        };
        assert_eq!(sign(&[key(&halves(PUBLIC))], ID, AT, BODY), sign(&[key(PRIVATE)], ID, AT, BODY));
        let other = STANDARD.encode([7; 32]);
        assert!(refusal(&halves(&other)).contains("do not belong together"));
    }

    #[test]
    fn one_fitting_signature_among_others_is_enough() {
        assert_eq!(judge(&format!("v1a,xyz v2,abc v1,AAAA v1,!!! {SIGNATURE}"), BODY, AT), Ok(()));
    }

    #[test]
    fn changed_bytes_do_not_pass() {
        assert_eq!(judge(SIGNATURE, br#"{"test": 2432232315}"#, AT), Err(VerifyError::Signature));
        assert_eq!(judge("", BODY, AT), Err(VerifyError::Signature));
        assert_eq!(judge("v1,", BODY, AT), Err(VerifyError::Signature));
        assert_eq!(judge(&SIGNATURE[..SIGNATURE.len() - 4], BODY, AT), Err(VerifyError::Signature));
    }

    #[test]
    fn five_minutes_either_way_are_tolerated_and_no_second_more() {
        assert_eq!(judge(SIGNATURE, BODY, AT + 300), Ok(()));
        assert_eq!(judge(SIGNATURE, BODY, AT - 300), Ok(()));
        assert_eq!(judge(SIGNATURE, BODY, AT + 301), Err(VerifyError::TooOld));
        assert_eq!(judge(SIGNATURE, BODY, AT - 301), Err(VerifyError::TooNew));
    }

    #[test]
    fn a_timestamp_that_is_no_time_is_refused() {
        for timestamp in ["", "now", "1.5", "99999999999999999999", &i64::MAX.to_string()] {
            let message = Signed { id: ID, timestamp, signature: SIGNATURE, body: BODY };
            assert_eq!(verify(&[known(SECRET)], &message, at(AT)), Err(VerifyError::Timestamp), "{timestamp}");
        }
    }

    #[test]
    fn a_bad_secret_is_refused_with_the_reason_and_without_the_secret() {
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        for (secret, reason) in [
            ("correct horse battery staple", "does not begin with `whsec_`"),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "does not begin with `whsec_`"),
            ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "it holds 24 bytes"),
            ("whsk_not base64!", "is not base64"),
            ("whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "the public half"),
            ("whsec_not base64!", "is not base64"),
            ("whsec_c2hvcnQ=", "holds 5 bytes"),
            (&long, "holds 65 bytes"),
        ] {
            let text = refusal(secret);
            assert!(text.contains(reason), "{secret}: {text}");
            assert!(!text.contains(secret), "{text}");
        }
        assert_eq!(format!("{:?}", key(SECRET)), "[signing key]");
    }

    #[test]
    fn a_public_key_that_is_none_is_refused_with_the_reason() {
        for (text, reason) in [
            ("whpk_not base64!", "is not base64"),
            ("whpk_AAAA", "it holds 3 bytes"),
            ("whpk_AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "no point of the curve"),
            ("correct horse battery staple", "does not begin with `whsec_`"),
        ] {
            let told = VerifyingKey::parse(&Secret::new(text)).unwrap_err();
            assert!(told.contains(reason) && !told.contains(text), "{text}: {told}");
        }
        assert_eq!(format!("{:?}", known(SECRET)), "[verifying key]");
    }

    #[test]
    fn padding_and_white_space_do_not_matter() {
        let bytes = [9; 32];
        let padded = format!(" whsec_{}\n", STANDARD.encode(bytes));
        let bare = padded.trim().trim_end_matches('=').to_owned();
        assert_eq!(sign(&[key(&padded)], ID, AT, BODY), sign(&[key(&bare)], ID, AT, BODY));
    }

    proptest! {
        #[test]
        fn what_was_signed_verifies_and_nothing_panics(
            secret in proptest::collection::vec(any::<u8>(), 24..=64),
            id in "[a-z_0-9]{1,40}",
            body in proptest::collection::vec(any::<u8>(), 0..200),
            noise in ".{0,60}",
        ) {
            let keys = [key(&format!("whsec_{}", STANDARD.encode(secret)))];
            let signature = format!("{noise} {}", sign(&keys, &id, AT, &body));
            let message = Signed { id: &id, timestamp: &AT.to_string(), signature: &signature, body: &body };
            let keys = keys.each_ref().map(VerifyingKey::from);
            prop_assert_eq!(verify(&keys, &message, at(AT)), Ok(()));
            let _ = verify(&keys, &Signed { signature: &noise, timestamp: &noise, ..message }, at(AT));
            let _ = VerifyingKey::parse(&Secret::new(noise));
        }
    }
}
