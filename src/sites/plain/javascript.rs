//! Texts in the JavaScript of a generator's config, which is not run.

/// The text in quotes behind the first `key:` or `key(`, outside line comments.
pub(super) fn text_behind<'a>(script: &'a str, key: &str) -> Option<&'a str> {
    script.match_indices(key).find_map(|(at, _)| {
        let line = &script[script[..at].rfind('\n').map_or(0, |end| end + 1)..at];
        let is_name_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
        if line.trim_start().starts_with(['/', '*']) || (line.ends_with(is_name_part) && !key.starts_with('.')) {
            return None;
        }
        let rest = script[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
        let rest = rest.strip_prefix([':', '('])?.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
        let text = rest[1..].split_once(quote)?.0;
        (!text.contains(['\n', '$'])).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_behind_their_key() {
        let script = "// input: 'no'\nexport default {\n  myinput: 'no', 'input' : \"src\", // x\n  site: SITE.url,\n  f: `${x}`,\n};\nc.setInputDirectory(\"in\");";
        assert_eq!(text_behind(script, "input"), Some("src"));
        assert_eq!(text_behind(script, "setInputDirectory"), None, "a method of something else");
        assert_eq!(text_behind(script, ".setInputDirectory"), Some("in"));
        for key in ["site", "f", "nowhere"] {
            assert_eq!(text_behind(script, key), None, "{key}");
        }
    }
}
