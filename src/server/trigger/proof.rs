//! Who sent a request: signatures over its body, and tokens in its head.
//!
//! In: headers, and the body's bytes as they came. Out: a sender who knows a secret, or nobody. Never: a difference, in
//! answer or work, between a wrong secret and one that is not configured; a comparison whose time tells where the
//! difference is.

use axum::http::HeaderMap;
use base64::engine::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::super::bearer::bearer;
use crate::config::{Secret, Trigger};

type Tag = [u8; 32];

/// Whose secret proved a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Github,
    Gitlab,
    Gitea,
    Bitbucket,
    /// Anybody who has the bearer token.
    Token,
}

impl Sender {
    /// What the metrics and the log call it.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
            Self::Bitbucket => "bitbucket",
            Self::Token => "token",
        }
    }
}

/// What requests are held against. Each way has a key, a random one where none is configured, so that nobody can find out
/// which are.
pub(super) struct Keys {
    github: Hmac<Sha256>,
    gitea: Hmac<Sha256>,
    bitbucket: Hmac<Sha256>,
    gitlab: Hmac<Sha256>,
    /// Digests, so that time tells neither text nor length.
    gitlab_token: Tag,
    token: Tag,
}

/// What a request's head says of its sender.
pub(super) enum Claim {
    /// It holds the right token.
    Proven(Sender),
    /// It holds signatures over the body; see [`Signatures`].
    Signed(Signatures),
    /// It proves nothing.
    Nothing,
}

impl Keys {
    pub(super) fn new(trigger: &Trigger) -> Self {
        let text = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().as_bytes().to_vec());
        // A signing token is never sent along.
        let signing = trigger.gitlab.as_ref().and_then(|secret| secret.signing_key().ok());
        let gitlab_token = text(&trigger.gitlab).filter(|_| signing.is_none());
        Self {
            github: keyed(text(&trigger.github)),
            gitea: keyed(text(&trigger.gitea)),
            bitbucket: keyed(text(&trigger.bitbucket)),
            gitlab: keyed(signing),
            gitlab_token: digest(&or_random(gitlab_token)),
            token: digest(&or_random(text(&trigger.token))),
        }
    }

    /// Looks at a request's head.
    pub(super) fn claim(&self, headers: &HeaderMap) -> Claim {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is = |tag: &Tag, given: Option<&str>| given.is_some_and(|given| digest(given.as_bytes()).ct_eq(tag).into());
        if is(&self.token, bearer(headers)) {
            return Claim::Proven(Sender::Token);
        }
        if is(&self.gitlab_token, text("x-gitlab-token")) {
            return Claim::Proven(Sender::Gitlab);
        }
        let of_gitea =
            ["x-forgejo-signature", "x-gitea-signature", "x-gogs-signature"].iter().find_map(|name| text(name));
        let hub = |name| text(name).and_then(|value| value.strip_prefix("sha256="));
        let candidates = [
            signature(Sender::Gitea, &self.gitea, of_gitea),
            signature(Sender::Github, &self.github, hub("x-hub-signature-256")),
            signature(Sender::Bitbucket, &self.bitbucket, hub("x-hub-signature")),
            self.standard(text("webhook-id"), text("webhook-timestamp"), text("webhook-signature")),
        ];
        let list: Vec<_> = candidates.into_iter().flatten().collect();
        if list.is_empty() { Claim::Nothing } else { Claim::Signed(Signatures { list, hashed: 0 }) }
    }

    /// GitLab's signature by Standard Webhooks 1.0.0. How old it is makes no difference: all that a repeated push can do is
    /// to ask for a scan.
    fn standard(&self, id: Option<&str>, timestamp: Option<&str>, signatures: Option<&str>) -> Option<Signature> {
        let parts = signatures?.split(' ').filter_map(|part| STANDARD.decode(part.strip_prefix("v1,")?).ok());
        let tags: Vec<Tag> = parts.filter_map(|tag| tag.try_into().ok()).collect();
        let mut mac = self.gitlab.clone();
        mac.update(format!("{}.{}.", id?, timestamp?).as_bytes());
        (!tags.is_empty()).then_some(Signature { sender: Sender::Gitlab, mac, tags })
    }
}

/// Signatures over one body, until it has been read. Gitea sends those of other providers along, so there may be several.
pub(super) struct Signatures {
    list: Vec<Signature>,
    /// Bytes that were hashed so far, over all of them.
    pub(super) hashed: usize,
}

struct Signature {
    sender: Sender,
    mac: Hmac<Sha256>,
    /// Any of these will do.
    tags: Vec<Tag>,
}

impl Signatures {
    /// Takes the next bytes of the body.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.list.iter_mut().for_each(|signature| signature.mac.update(bytes));
        self.hashed += self.list.len() * bytes.len();
    }

    /// Whose signature fits the whole body.
    pub(super) fn sender(&self) -> Option<Sender> {
        let fits = |signature: &Signature, tag: &Tag| signature.mac.clone().verify_slice(tag).is_ok();
        let found = self.list.iter().find(|signature| signature.tags.iter().any(|tag| fits(signature, tag)));
        found.map(|signature| signature.sender)
    }
}

fn signature(sender: Sender, key: &Hmac<Sha256>, digits: Option<&str>) -> Option<Signature> {
    Some(Signature { sender, mac: key.clone(), tags: vec![tag(digits?)?] })
}

/// 64 hexadecimal digits.
fn tag(digits: &str) -> Option<Tag> {
    let digits = digits.as_bytes();
    let mut tag = Tag::default();
    if digits.len() != 2 * tag.len() {
        return None;
    }
    for (byte, pair) in tag.iter_mut().zip(digits.chunks(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(tag)
}

fn keyed(key: Option<Vec<u8>>) -> Hmac<Sha256> {
    Hmac::new_from_slice(&or_random(key)).expect("HMAC takes keys of any length (RFC 2104, 2)")
}

fn or_random(key: Option<Vec<u8>>) -> Vec<u8> {
    key.unwrap_or_else(|| rand::random::<Tag>().to_vec())
}

fn digest(text: &[u8]) -> Tag {
    Sha256::digest(text).into()
}
