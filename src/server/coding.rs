//! Content codings: which one a request gets, and the compressed bytes.
//!
//! In: the request's `Accept-Encoding`, or bytes. Out: a [`Coding`], or fewer bytes. Never: I/O.

use std::io::{self, Write};

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Smaller bodies fit into one packet anyway.
const WORTHWHILE: u64 = 1024;
/// The usual quality for what is compressed while somebody waits; 9 is a few percent smaller at a tenth of the speed.
const BROTLI_QUALITY: u32 = 5;
/// Window of 4 MiB, more than most documents are long.
const BROTLI_WINDOW: u32 = 22;

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

impl Coding {
    /// From the least to the most welcome where a request likes them equally well.
    const ALL: [Self; 3] = [Self::Identity, Self::Gzip, Self::Brotli];

    /// For `Content-Encoding`.
    pub(super) const fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// The strong entity tag, with its quotes, of bytes with this fingerprint in this coding (RFC 9110, 8.8.3.3).
    pub(super) fn etag(self, fingerprint: &str) -> String {
        match self.token() {
            None => format!("\"{fingerprint}\""),
            Some(token) => format!("\"{fingerprint}-{token}\""),
        }
    }

    /// Whether this, without quotes, is the entity tag of bytes with this fingerprint in any coding.
    pub(super) fn any_tag_is(tag: &str, fingerprint: &str) -> bool {
        let suffix = tag.strip_prefix(fingerprint);
        suffix.is_some_and(|suffix| suffix.is_empty() || matches!(suffix, "-gzip" | "-br"))
    }

    /// The coding for a body of `len` bytes; `None` if the request takes none that there is (RFC 9110, 12.5.3).
    pub(super) fn negotiate(headers: &HeaderMap, len: u64) -> Option<Self> {
        let wishes = Wishes::read(headers);
        if len < WORTHWHILE && wishes.quality(Self::Identity) > 0 {
            return Some(Self::Identity);
        }
        let best = Self::ALL.into_iter().max_by_key(|coding| wishes.quality(*coding))?;
        (wishes.quality(best) > 0).then_some(best)
    }

    /// Compresses. Takes about 20 ms a megabyte.
    pub(super) fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let out = Vec::with_capacity(bytes.len() / 2);
        match self {
            Self::Identity => Ok(bytes.to_vec()),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::default());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(out, 4096, BROTLI_QUALITY, BROTLI_WINDOW);
                encoder.write_all(bytes)?;
                encoder.flush()?;
                Ok(encoder.into_inner())
            }
        }
    }
}

/// The qualities, in thousandths, that a request names.
#[derive(Debug, Default)]
struct Wishes {
    identity: Option<u16>,
    gzip: Option<u16>,
    brotli: Option<u16>,
    others: Option<u16>,
}

impl Wishes {
    fn read(headers: &HeaderMap) -> Self {
        let mut wishes = Self::default();
        let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        for item in lines.flat_map(|line| line.split(',')) {
            let (name, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
            let Some(quality) = quality(parameter) else { continue };
            let wish = match name.trim().to_ascii_lowercase().as_str() {
                "identity" => &mut wishes.identity,
                "gzip" | "x-gzip" => &mut wishes.gzip,
                "br" => &mut wishes.brotli,
                "*" => &mut wishes.others,
                _ => continue,
            };
            *wish = Some(quality);
        }
        wishes
    }

    fn quality(&self, coding: Coding) -> u16 {
        let (named, default) = match coding {
            // Acceptable unless excluded, but anything that is asked for comes first.
            Coding::Identity => (self.identity, 1),
            Coding::Gzip => (self.gzip, 0),
            Coding::Brotli => (self.brotli, 0),
        };
        named.or(self.others).unwrap_or(default)
    }
}

/// Thousandths (RFC 9110, 12.4.2); `None` if it is no quality.
fn quality(parameter: &str) -> Option<u16> {
    let value = parameter.trim().strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?.trim();
    let quality: f32 = value.parse().ok()?;
    // The range also keeps out NaN; rounding a value between 0 and 1000 always fits.
    (0.0..=1.0).contains(&quality).then(|| (quality * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn negotiated(accept: &str, len: u64) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, accept.parse().unwrap());
        Coding::negotiate(&headers, len)
    }

    #[test]
    fn the_best_liked_coding_wins_and_what_is_excluded_is_not_sent() {
        use Coding::{Brotli, Gzip, Identity};
        for (accept, want) in [
            ("", Some(Identity)),
            ("gzip", Some(Gzip)),
            ("X-GZIP", Some(Gzip)),
            ("gzip, deflate, br, zstd", Some(Brotli)),
            ("br;q=0.5, gzip;q=0.8", Some(Gzip)),
            ("gzip ; Q = 0.8 , br;q=0.801", Some(Brotli)),
            ("gzip;q=0, br;q=0.000", Some(Identity)),
            ("gzip;q=0.5, identity", Some(Identity)),
            ("gzip;q=0.001", Some(Gzip)),
            ("*", Some(Brotli)),
            ("*;q=0.5, br;q=0", Some(Gzip)),
            ("*;q=0, gzip", Some(Gzip)),
            ("*;q=0, identity;q=0.1", Some(Identity)),
            ("identity;q=0", None),
            ("*;q=0", None),
            ("deflate", Some(Identity)),
            // No qualities: such items say nothing.
            ("gzip;q=2", Some(Identity)),
            ("gzip;q=NaN", Some(Identity)),
            ("gzip;level=9", Some(Identity)),
        ] {
            assert_eq!(negotiated(accept, 10_000), want, "{accept}");
        }
        assert_eq!(Coding::negotiate(&HeaderMap::new(), 10_000), Some(Identity));
    }

    #[test]
    fn small_bodies_are_compressed_only_if_they_must() {
        assert_eq!(negotiated("gzip", 1023), Some(Coding::Identity));
        assert_eq!(negotiated("gzip", 1024), Some(Coding::Gzip));
        assert_eq!(negotiated("gzip, identity;q=0", 10), Some(Coding::Gzip));
    }

    #[test]
    fn each_coding_has_its_own_tag_and_all_are_known() {
        for (coding, tag) in
            [(Coding::Identity, "\"0a\""), (Coding::Gzip, "\"0a-gzip\""), (Coding::Brotli, "\"0a-br\"")]
        {
            assert_eq!(coding.etag("0a"), tag);
            assert!(Coding::any_tag_is(tag.trim_matches('"'), "0a"));
        }
        for other in ["0b", "0a-", "0a-zstd", "0ab", ""] {
            assert!(!Coding::any_tag_is(other, "0a"), "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_was_compressed_is_read_back(bytes in proptest::collection::vec(0u8..4, 0..5000)) {
            let mut out = Vec::new();
            flate2::read::GzDecoder::new(&Coding::Gzip.encode(&bytes)?[..]).read_to_end(&mut out)?;
            prop_assert_eq!(&out, &bytes);
            out.clear();
            brotli::Decompressor::new(&Coding::Brotli.encode(&bytes)?[..], 4096).read_to_end(&mut out)?;
            prop_assert_eq!(&out, &bytes);
        }

        #[test]
        fn any_wish_gets_an_answer(accept in "[ -~]{0,40}", len in 0u64..2048) {
            negotiated(&accept, len);
        }
    }
}
