//! Files that Git LFS keeps elsewhere.
//!
//! In: the bytes of a file. Out: whether they are a pointer (git-lfs/docs/spec.md), and to how much. Never: the file itself.

/// The first line of every pointer.
const VERSION: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// A pointer is shorter than this, in bytes.
pub const MAX_POINTER: u64 = 1024;

/// How many bytes the file has for which these stand; `None` if they stand for themselves.
#[must_use]
pub fn size_elsewhere(bytes: &[u8]) -> Option<u64> {
    let rest = bytes.strip_prefix(VERSION).filter(|_| (bytes.len() as u64) < MAX_POINTER)?;
    str::from_utf8(rest).ok()?.lines().find_map(|line| line.strip_prefix("size ")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_says_how_large_the_file_is() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        assert_eq!(size_elsewhere(pointer.as_bytes()), Some(12345));
        let long = format!("{pointer}{}", " ".repeat(1024));
        for other in
            ["", "# version", "version https://git-lfs.github.com/spec/v1\n", pointer.trim_start_matches('v'), &long]
        {
            assert_eq!(size_elsewhere(other.as_bytes()), None, "{other}");
        }
    }
}
