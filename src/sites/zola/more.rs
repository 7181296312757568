//! `<!-- more -->`, which ends a summary.

/// Where the first marker in `body` is; one in code is none.
pub(super) fn find(body: &str) -> Option<usize> {
    // Most bodies have no comment at all.
    if !body.contains("<!--") {
        return None;
    }
    let (mut at, mut fence) = (0, None);
    for line in body.split_inclusive('\n') {
        let text = line.trim_start();
        match fence {
            Some(open) if text.starts_with(open) => fence = None,
            Some(_) => {}
            None => fence = ["```", "~~~"].into_iter().find(|open| text.starts_with(open)),
        }
        if let Some(found) = in_line(line).filter(|_| fence.is_none()) {
            return Some(at + found);
        }
        at += line.len();
    }
    None
}

fn in_line(line: &str) -> Option<usize> {
    let mut openings = line.match_indices("<!--");
    let found = openings.find(|(at, opening)| {
        let rest = line[at + opening.len()..].trim_start().strip_prefix("more");
        rest.is_some_and(|rest| rest.trim_start().starts_with("-->"))
    });
    let at = found?.0;
    line[..at].matches('`').count().is_multiple_of(2).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_marker_outside_code_counts() {
        assert_eq!(find("a\n\n<!-- more -->\nb"), Some(3));
        assert_eq!(find("a <!--more--> b"), Some(2));
        assert_eq!(find("```\n<!-- more -->\n```\n`<!-- more -->`\n\n<!--  more\t-->"), Some(39));
        for body in ["", "<!-- no more -->", "<!-- more", "~~~\n<!-- more -->", "<!-- more or less -->"] {
            assert_eq!(find(body), None, "{body}");
        }
    }
}
