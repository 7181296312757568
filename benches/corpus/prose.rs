//! Markdown in two languages: what blogs are full of, and what trips readers of Markdown.

use std::fmt::Write as _;

use super::random::Random;
use super::words::{ADJECTIVES_EN, CODE, NOUNS_EN, NOUNS_JA, OPENERS_EN, OPENERS_JA, VERBS_EN, VERBS_JA};

/// What a post is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Japanese,
    English,
}

/// A body of about `bytes` bytes, behind what `text` holds already.
pub(super) fn body(random: &mut Random, language: Language, bytes: usize, has_liquid: bool, text: &mut String) {
    // Some posts are twice as long as others.
    let end = bytes * 2 / 3 + random.below(bytes * 2 / 3 + 1);
    paragraph(random, language, text);
    if has_liquid {
        text.push_str(LIQUID);
    }
    while text.len() < end {
        match random.below(100) {
            0..12 => heading(random, language, text),
            12..20 => list(random, language, text),
            20..26 => code(random, text),
            26..29 => table(random, language, text),
            29..33 => image(random, language, text),
            33..36 => quote(random, language, text),
            _ => paragraph(random, language, text),
        }
    }
}

/// A few words without markup or marks, as in a title.
pub(super) fn clause(random: &mut Random, language: Language, text: &mut String) {
    let words: &[&str] = match language {
        Language::Japanese => &[
            random.pick(NOUNS_JA),
            random.pick(&["と", "の", "は"]),
            random.pick(NOUNS_JA),
            "を",
            random.pick(VERBS_JA),
        ],
        Language::English => &[
            "The ",
            random.pick(ADJECTIVES_EN),
            " ",
            random.pick(NOUNS_EN),
            " ",
            random.pick(VERBS_EN),
            " the ",
            random.pick(NOUNS_EN),
        ],
    };
    text.extend(words.iter().copied());
}

fn paragraph(random: &mut Random, language: Language, text: &mut String) {
    for _ in 0..3 + random.below(4) {
        sentence(random, language, text);
    }
    text.push_str("\n\n");
}

fn sentence(random: &mut Random, language: Language, text: &mut String) {
    match language {
        Language::Japanese => {
            text.push_str(random.pick(OPENERS_JA));
            noun(random, language, text);
            text.push_str(random.pick(&["は", "が", "も", "では、"]));
            text.push_str(random.pick(NOUNS_JA));
            text.push_str(random.pick(&["と", "の", "や", "から"]));
            noun(random, language, text);
            text.push_str(random.pick(&["を", "まで", "より先に"]));
            text.push_str(random.pick(VERBS_JA));
            text.push_str(random.pick(&["。", "。", "。", "のである。", "のだろうか？"]));
        }
        Language::English => {
            text.push_str(random.pick(OPENERS_EN));
            text.push_str(random.pick(&["the ", "a ", "every ", "that "]));
            text.push_str(random.pick(ADJECTIVES_EN));
            text.push(' ');
            noun(random, language, text);
            text.push(' ');
            text.push_str(random.pick(VERBS_EN));
            text.push_str(random.pick(&[" the ", " a ", " its ", " another "]));
            noun(random, language, text);
            text.push_str(random.pick(&[". ", ". ", ". ", ", and that is all. ", "; nobody noticed. "]));
        }
    }
}

/// A noun, marked up now and then.
fn noun(random: &mut Random, language: Language, text: &mut String) {
    let word = random.pick(if language == Language::Japanese { NOUNS_JA } else { NOUNS_EN });
    let other = random.pick(NOUNS_EN);
    let number = random.below(1_000);
    let _ = match random.below(40) {
        0 => write!(text, "**{word}**"),
        // By CommonMark alone the closing stars stay stars before a letter.
        1 if language == Language::Japanese => write!(text, "**{word}（{other}）**"),
        2 => write!(text, "*{word}*"),
        3 => write!(text, "[{word}](/{other}/{number}/)"),
        4 => write!(text, "[{word}](https://{other}.example.org/{number}?a=1&b=2 \"{other}\")"),
        5 => write!(text, "`{other}_{number}`"),
        _ => write!(text, "{word}"),
    };
}

fn heading(random: &mut Random, language: Language, text: &mut String) {
    text.push_str(if random.once_in(3) { "### " } else { "## " });
    clause(random, language, text);
    text.push_str("\n\n");
}

fn list(random: &mut Random, language: Language, text: &mut String) {
    let is_numbered = random.once_in(4);
    for at in 1..=3 + random.below(4) {
        let _ = if is_numbered { write!(text, "{at}. ") } else { write!(text, "- ") };
        sentence(random, language, text);
        text.push('\n');
    }
    text.push('\n');
}

fn code(random: &mut Random, text: &mut String) {
    let _ = writeln!(text, "```{}", random.pick(&["rust", "js", "python", "sql", ""]));
    for _ in 0..3 + random.below(8) {
        text.push_str(random.pick(CODE));
        text.push('\n');
    }
    text.push_str("```\n\n");
}

fn table(random: &mut Random, language: Language, text: &mut String) {
    for row in 0..3 + random.below(5) {
        text.push_str("| ");
        noun(random, language, text);
        let _ = writeln!(text, " | {} | {}.{} |", random.pick(NOUNS_EN), random.below(1_000), random.below(10));
        if row == 0 {
            text.push_str("|---|:---:|---:|\n");
        }
    }
    text.push('\n');
}

fn image(random: &mut Random, language: Language, text: &mut String) {
    text.push_str("![");
    clause(random, language, text);
    let _ = write!(text, "](/assets/{}-{}.png)\n\n", random.pick(NOUNS_EN), random.below(1_000));
}

fn quote(random: &mut Random, language: Language, text: &mut String) {
    text.push_str("> ");
    sentence(random, language, text);
    text.push_str("\n> ");
    sentence(random, language, text);
    text.push_str("\n\n");
}

const LIQUID: &str = "\
{% include note.html text=\"この記事は古いかもしれません\" %}

{{ page.title }} ({{ page.date | date: \"%Y年%-m月\" }}):{% for tag in page.tags %} {{ tag | upcase }}{% unless forloop.last %},{% endunless %}{% endfor %}

{% if page.categories contains \"技術\" %}[{{ site.title }}]({{ \"/about/\" | relative_url }}){% endif %}

{% raw %}`{{ not.liquid }}`{% endraw %}

";
