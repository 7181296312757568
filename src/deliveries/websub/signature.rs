//! Signatures of notices (section 7.1).
//!
//! In: a subscriber's secret and a body. Out: the value of `X-Hub-Signature`. Never: the secret.

use hmac::digest::KeyInit;
use hmac::{EagerHash, Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::config::{Secret, Signature};

/// The header that holds it.
pub(super) const HEADER: &str = "x-hub-signature";

/// The value of `X-Hub-Signature`: the hash's name and the digest in hexadecimal.
pub(super) fn sign(hash: Signature, secret: &Secret, body: &[u8]) -> String {
    let key = secret.expose().as_bytes();
    match hash {
        Signature::Sha1 => format!("sha1={}", digest::<Sha1>(key, body)),
        Signature::Sha256 => format!("sha256={}", digest::<Sha256>(key, body)),
        Signature::Sha384 => format!("sha384={}", digest::<Sha384>(key, body)),
        Signature::Sha512 => format!("sha512={}", digest::<Sha512>(key, body)),
    }
}

fn digest<H: EagerHash>(key: &[u8], body: &[u8]) -> String
where
    Hmac<H>: KeyInit + Mac,
{
    let mut mac = <Hmac<H> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length (RFC 2104, 2)");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_signs_as_other_implementations_do() {
        // `printf 'The quick brown fox jumps over the lazy dog' | openssl dgst -HASH -hmac key`
        let body = b"The quick brown fox jumps over the lazy dog";
        for (hash, expected) in [
            (Signature::Sha1, "sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"),
            (Signature::Sha256, "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"),
            (
                Signature::Sha384,
                "sha384=d7f4727e2c0b39ae0f1e40cc96f60242d5b7801841cea6fc592c5d3e1ae50700582a96cf35e1e554995fe4e03381c237",
            ),
            (
                Signature::Sha512,
                "sha512=b42af09057bac1e2d41708e48a902e09b5ff7f12ab428a4fe86653c73dd248fb\
                 82f948a549f7b791a5b41915ee4d1ec3935357e4e2317250d0372afa2ebeeb3a",
            ),
        ] {
            assert_eq!(sign(hash, &Secret::new("key"), body), expected);
        }
    }
}
