//! Names that editors use for a moment, which are no posts.
//!
//! In: a file's name. Out: whether it is one of those. Never: I/O.

/// The first number that Vim tries as a name, to see whether it may write in a directory, and how far the next ones are.
const VIM_PROBE: (u32, u32) = (4913, 123);

/// Whether a file of this name is an editor's own, and comes and goes while somebody writes.
pub(super) fn is_temporary(name: &str) -> bool {
    name.ends_with('~')
        || name.starts_with(".#")
        || (name.len() > 1 && name.starts_with('#') && name.ends_with('#'))
        || name.starts_with(".goutputstream-")
        || name.starts_with(".~lock.")
        || name.ends_with("___jb_tmp___")
        || name.ends_with("___jb_old___")
        || is_swap(name)
        || is_vim_probe(name)
}

/// Vim's `.x.md.swp`, and what it takes when that is taken; Kate's `.x.md.kate-swp`.
fn is_swap(name: &str) -> bool {
    let Some((_, extension)) = name.strip_prefix('.').and_then(|rest| rest.rsplit_once('.')) else { return false };
    extension == "kate-swp"
        || extension == "swpx"
        || matches!(extension.as_bytes(), [b's', b'w', b'a'..=b'p' | b'x'])
        || matches!(extension.as_bytes(), [b's', b'v', b'a'..=b'z'])
}

/// A file in whose place a directory may stand as well: an article with a number for a name.
pub(super) fn is_vim_probe(name: &str) -> bool {
    let (first, step) = VIM_PROBE;
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    let number = name.parse::<u32>().ok().filter(|number| is_number && *number >= first);
    number.is_some_and(|number| (number - first) % step == 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn editors_files_are_known_by_their_names() {
        let vim = [".x.md.swp", ".x.md.swo", ".x.md.swpx", ".x.md.svz", "x.md~", "4913", "5036"];
        let emacs = ["#x.md#", ".#x.md", "#x#"];
        let others = [".goutputstream-AB12", "x.md___jb_tmp___", "x.md___jb_old___", ".~lock.x.odt#", ".x.md.kate-swp"];
        for name in vim.iter().chain(&emacs).chain(&others) {
            assert!(is_temporary(name), "{name}");
        }
    }

    #[test]
    fn what_people_write_is_not() {
        let files = ["x.md", "2025-01-01-x.md", "4912", "4914", "2025", "#", "x.swp", ".swp", "c#.md", "_index.md"];
        let settings = ["_config.yml", ".eleventy.js", "tidings.yaml", "hugo.toml", ".pages", ""];
        for name in files.iter().chain(&settings) {
            assert!(!is_temporary(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_markdown_file_is_temporary_unless_it_is_hidden(stem in "[^/.#\u{0}][^/\u{0}]{0,20}") {
            prop_assert!(!is_temporary(&(stem + ".md")));
        }
    }
}
