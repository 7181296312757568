//! CJK-friendly emphasis on top of pulldown-cmark.
//!
//! CommonMark decides by the characters beside a run of `*` whether it opens or closes emphasis, and takes for granted that
//! words are set apart by spaces. So in `**Baidu（百度）**は` the second run closes nothing: punctuation stands before it
//! and a letter after. The [CJK-friendly amendments](https://github.com/tats-u/markdown-cjk-friendly) mend the rule;
//! comrak implements them in its parser, pulldown-cmark cannot be told.
//!
//! In: Markdown. Out: the same Markdown with a mark, a character that occurs nowhere in it, between a run and its neighbour
//! wherever the amended rule decides otherwise than the plain one; and the events of the parser without the marks.
//! Never: a change to text that has no CJK character or variation selector beside a run.

mod flanking;

use std::borrow::Cow;

use memchr::memmem;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, Tag};

use self::flanking::{Delimiter, Neighbours, Wanted};
use super::bytes::position;

/// Markdown ready for the parser, and what takes the marks out of its events again.
#[derive(Debug)]
pub(super) struct Marked<'a> {
    /// For the parser.
    pub(super) text: Cow<'a, str>,
    marks: Option<Marks>,
}

/// Which rule decides beside a run of stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// That of CommonMark, with its CJK-friendly amendment.
    Friendly,
    /// kramdown's: only white space beside a run keeps it from opening or closing.
    Spaces,
}

/// Two characters that do not occur in the text.
#[derive(Debug, Clone, Copy)]
struct Marks {
    /// Counts as a letter beside a run.
    letter: char,
    /// Counts as punctuation beside a run.
    punctuation: char,
}

/// What every mark begins with in UTF-8. Every text is searched for marks, and few bytes of it are one of these.
const LEADS: [u8; 2] = [0xE2, 0xEE];

/// What stands in for a run's neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Letter,
    Punctuation,
}

impl<'a> Marked<'a> {
    /// Marks `text`; borrows it where there is nothing to mark.
    pub(super) fn new(text: &'a str, rule: Rule) -> Self {
        let unmarked = Self { text: Cow::Borrowed(text), marks: None };
        let places = if text.is_ascii() && rule == Rule::Friendly { Vec::new() } else { places(text, rule) };
        if places.is_empty() {
            return unmarked;
        }
        let Some(marks) = Marks::absent_from(text) else { return unmarked };
        Self { text: Cow::Owned(marks.inserted(text, &places)), marks: Some(marks) }
    }

    /// The text of the author's up to the first mark, that mark, and what is behind it.
    pub(super) fn split<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str, &'t str)> {
        let at = self.marks.and_then(|marks| marks.position(text))?;
        let (before, rest) = text.split_at(at);
        let (mark, rest) = rest.split_at(rest.chars().next().map_or(0, char::len_utf8));
        Some((before, mark, rest))
    }

    /// The last character of the author's in a text.
    pub(super) fn last_char(&self, text: &str) -> Option<char> {
        text.chars().rev().find(|c| self.marks.is_none_or(|marks| !marks.contain(*c)))
    }

    /// Takes the marks out of whatever text the event holds.
    pub(super) fn unmark(&self, event: &mut Event<'_>) {
        if let Some(marks) = self.marks {
            marks.remove(event);
        }
    }

    /// Takes the marks out of a piece of the marked text.
    pub(super) fn unmark_str(&self, s: &mut CowStr<'_>) {
        if let Some(marks) = self.marks {
            marks.remove_str(s);
        }
    }
}

impl Marks {
    /// Candidates are code points whose last three hexadecimal digits are decimal, so that a numeric reference to them
    /// can be recognised without parsing: `&#xE123;` must survive just as the character itself.
    fn absent_from(text: &str) -> Option<Self> {
        let letter = (0xE000..0xE999).rev().filter(|n| n & 0xF < 10 && n >> 4 & 0xF < 10 && n >> 8 & 0xF < 10);
        let punctuation = [0x2E52, 0x2E49, 0x2E41, 0x2058, 0x2056, 0x2E39, 0x2E36, 0x2E34, 0x2E18];
        Some(Self { letter: absent(text, letter)?, punctuation: absent(text, punctuation)? })
    }

    fn of(self, mark: Mark) -> char {
        match mark {
            Mark::Letter => self.letter,
            Mark::Punctuation => self.punctuation,
        }
    }

    fn inserted(self, text: &str, places: &[(usize, Mark)]) -> String {
        let mut marked = String::with_capacity(text.len() + 3 * places.len());
        let mut from = 0;
        for &(at, mark) in places {
            marked.push_str(&text[from..at]);
            marked.push(self.of(mark));
            from = at;
        }
        marked.push_str(&text[from..]);
        marked
    }

    fn remove(self, event: &mut Event<'_>) {
        match event {
            Event::Text(s)
            | Event::Code(s)
            | Event::InlineMath(s)
            | Event::DisplayMath(s)
            | Event::Html(s)
            | Event::InlineHtml(s)
            | Event::FootnoteReference(s) => self.remove_str(s),
            Event::Start(tag) => self.remove_tag(tag),
            Event::End(_) | Event::SoftBreak | Event::HardBreak | Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn remove_tag(self, tag: &mut Tag<'_>) {
        match tag {
            Tag::Heading { id, classes, attrs, .. } => {
                let attrs = attrs.iter_mut().flat_map(|(name, value)| [Some(name), value.as_mut()]).flatten();
                id.iter_mut().chain(classes).chain(attrs).for_each(|s| self.remove_str(s));
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(s)) | Tag::FootnoteDefinition(s) => self.remove_str(s),
            Tag::Link { dest_url, title, id, .. } | Tag::Image { dest_url, title, id, .. } => {
                for s in [dest_url, title, id] {
                    self.remove_str(s);
                }
            }
            _ => {}
        }
    }

    fn remove_str(self, s: &mut CowStr<'_>) {
        if self.position(s).is_some() {
            *s = s.replace([self.letter, self.punctuation], "").into();
        }
    }

    fn contain(self, c: char) -> bool {
        c == self.letter || c == self.punctuation
    }

    /// Where the first of them stands in a text.
    fn position(self, s: &str) -> Option<usize> {
        let mut from = 0;
        loop {
            from = position(s.as_bytes(), from, |byte| (byte == LEADS[0]) | (byte == LEADS[1]))?;
            let c = s[from..].chars().next()?;
            if self.contain(c) {
                return Some(from);
            }
            from += c.len_utf8();
        }
    }
}

/// The first of `candidates` that occurs in `text` neither itself nor as a numeric character reference.
fn absent(text: &str, candidates: impl IntoIterator<Item = u32>) -> Option<char> {
    let holds = |what: &str| memmem::find(text.as_bytes(), what.as_bytes()).is_some();
    let references = holds("&#");
    // A text would have to use hundreds of private characters; the limit keeps this linear all the same.
    candidates.into_iter().take(64).find_map(|n| {
        let c = char::from_u32(n)?;
        let named = references && [format!("{n:X}"), format!("{n:x}"), n.to_string()].iter().any(|s| holds(s));
        (!named && !holds(c.encode_utf8(&mut [0; 4]))).then_some(c)
    })
}

/// Where marks have to go, in order.
fn places(text: &str, rule: Rule) -> Vec<(usize, Mark)> {
    let mut places = Vec::new();
    let mut last: Option<(usize, Wanted)> = None;
    let mut at = 0;
    while let Some((start, end)) = next_run(text, at) {
        let wanted = wanted(text, start, end, rule);
        match last.take() {
            Some((previous_end, previous)) if previous_end == start => between(previous, wanted, start, &mut places),
            previous => {
                places.extend(previous.and_then(|(end, wanted)| Some((end, wanted.after?))));
                places.extend(wanted.before.map(|mark| (start, mark)));
            }
        }
        last = Some((end, wanted));
        at = end;
    }
    places.extend(last.and_then(|(end, wanted)| Some((end, wanted.after?))));
    places
}

/// Two runs touch: each is the other's neighbour, and must stay punctuation to it unless it wants otherwise.
fn between(left: Wanted, right: Wanted, at: usize, places: &mut Vec<(usize, Mark)>) {
    let marks = match (left.after, right.before) {
        (None, None) => [None, None],
        (Some(mark), Some(same)) if mark == same => [Some(mark), None],
        (after, before) => [Some(after.unwrap_or(Mark::Punctuation)), Some(before.unwrap_or(Mark::Punctuation))],
    };
    places.extend(marks.into_iter().flatten().map(|mark| (at, mark)));
}

/// The next run of delimiters at or after `at`; skips what a backslash escapes.
fn next_run(text: &str, mut at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    loop {
        at = position(bytes, at, |byte| (byte == b'*') | (byte == b'_') | (byte == b'~') | (byte == b'\\'))?;
        if bytes[at] != b'\\' {
            let len = bytes[at..].iter().take_while(|&&byte| byte == bytes[at]).count();
            return Some((at, at + len));
        }
        at += if bytes.get(at + 1).is_some_and(u8::is_ascii) { 2 } else { 1 };
    }
}

fn wanted(text: &str, start: usize, end: usize, rule: Rule) -> Wanted {
    let bytes = text.as_bytes();
    let plain_before = start == 0 || bytes[start - 1].is_ascii();
    let plain_after = bytes.get(end).is_none_or(u8::is_ascii);
    let delimiter = match (bytes[start], end - start) {
        (b'*', _) => Delimiter::Star,
        (b'_', _) => Delimiter::Underscore,
        (b'~', 2) => Delimiter::Tildes,
        _ => return Wanted::default(),
    };
    let friendly = rule == Rule::Friendly || delimiter == Delimiter::Underscore;
    if friendly && plain_before && plain_after || opens_quote(text, start) {
        return Wanted::default();
    }
    let neighbours = Neighbours::of(&text[..start], &text[end..]);
    let neighbours = if friendly { neighbours } else { neighbours.map(Neighbours::as_if_cjk) };
    neighbours.map_or(Wanted::default(), |neighbours| neighbours.wanted(delimiter))
}

/// Whether only the marks of a block quote stand before a run on its line: the parser then sees the start of a line.
fn opens_quote(text: &str, start: usize) -> bool {
    let before = text[..start].trim_end_matches(['>', ' ', '\t']);
    text[..start].ends_with('>') && (before.is_empty() || before.ends_with(['\n', '\r']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Options, Parser, html};

    use super::*;

    fn ours(text: &str) -> String {
        by(Rule::Friendly, text)
    }

    fn by(rule: Rule, text: &str) -> String {
        let marked = Marked::new(text, rule);
        let mut out = String::new();
        let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
        let unmarked = Parser::new_ext(&marked.text, options).map(|mut event| {
            marked.unmark(&mut event);
            event
        });
        html::push_html(&mut out, unmarked);
        out
    }

    fn comraks(text: &str, strikethrough: bool) -> String {
        let mut options = comrak::Options::default();
        options.extension.cjk_friendly_emphasis = true;
        options.extension.strikethrough = strikethrough;
        options.render.r#unsafe = true;
        comrak::markdown_to_html(text, &options).replace("&quot;", "\"")
    }

    fn strong(text: &str) -> usize {
        ours(text).matches("<strong>").count()
    }

    #[test]
    fn emphasis_between_cjk_letters_and_punctuation_works() {
        for text in [
            "**Baidu（百度）**は",
            "**Beijing Academy of Artificial Intelligence (BAAI - 北京智源人工知能研究院)**が",
            "これは**「強調」**です",
            "**この文は重要です。**でも",
            "価格は**$100**です、**100%**です",
            "**[リンク](https://example.com/)**をクリック",
            "먼저 **`code`**를 **스크립트(script)**라고",
            "日本語**“引用\u{FE01}”\u{FE01}**です",
            "葛\u{E0100}**「城」**市",
            "強_**「調」**_です、*（a）***（b）**は",
        ] {
            assert_eq!(ours(text), comraks(text, false), "{text}");
            assert!(strong(text) >= 1 && !ours(text).contains("**"), "{text}");
        }
    }

    #[test]
    fn struck_text_follows_the_same_rule() {
        for text in ["これは~~「削除」~~です", "~~旧（old）~~は新", "~~削除。~~**強調。**です"] {
            assert_eq!(ours(text), comraks(text, true), "{text}");
            assert!(ours(text).contains("</del>"), "{text}");
        }
    }

    #[test]
    fn a_range_with_a_tilde_is_no_strikethrough() {
        assert_eq!(ours("1~3個、5~6個"), "<p>1~3個、5~6個</p>\n");
    }

    /// The expected values are kramdown's.
    #[test]
    fn kramdown_looks_at_white_space_only() {
        for (text, strong) in [
            ("a**\"b\"**c", "<p>a<strong>\"b\"</strong>c</p>\n"),
            ("a**(b)**c ** d", "<p>a<strong>(b)</strong>c ** d</p>\n"),
            ("**Baidu（百度）**は", "<p><strong>Baidu（百度）</strong>は</p>\n"),
            ("a**b.**c `**.**`", "<p>a<strong>b.</strong>c <code>**.**</code></p>\n"),
        ] {
            assert_eq!(by(Rule::Spaces, text), strong, "{text}");
        }
    }

    #[test]
    fn marks_leave_no_trace_anywhere() {
        let text = "# あ**「い」**う {#え*「お」}\n\n\
            [か**「き」**く](/け*「こ」 \"さ*「し」す\") ![せ*「そ」た](ち*「つ」て) `と*「な」に` <b title=\"ぬ*「ね」の\">x</b>\n\n\
            [は*「ひ」ふ] <https://example.com/*「x」*y>\n\n[は*「ひ」ふ]: /へ*「ほ」ま 'み*「む」め'\n\n\
            ```も*「や」ゆ\nよ*「わ」を\n```\n\n<div a='ん*「が」ぎ'>\n\n|ぐ*「げ」ご|\n|-|\n|ざ*「じ」ず|\n";
        assert!(Marked::new(text, Rule::Friendly).marks.is_some());
        let html = ours(text);
        assert!(!html.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c)), "{html}");
        assert!(!html.contains("%EE"), "{html}");
        for kept in
            ["<code>と*「な」に</code>", "title=\"ぬ*「ね」の\"", "よ*「わ」を", "a='ん*「が」ぎ'", "id=\"え*「お」\""]
        {
            assert!(html.contains(kept), "{kept} in {html}");
        }
        assert!(html.contains("title=\"み*「む」め\""), "the reference is found: {html}");
    }

    #[test]
    fn private_characters_of_the_author_survive() {
        let all: String = (0xE990..0xE999).filter_map(char::from_u32).collect();
        let text = format!("{all}&#xE988;&#59783;**「強」**調");
        assert_eq!(strong(&text), 1);
        assert!(ours(&text).starts_with(&format!("<p>{all}\u{E988}\u{E987}<strong>")));
    }

    #[test]
    fn text_without_cjk_is_borrowed() {
        for text in ["plain **bold**", "naïve **“bold”** — *é*", "日本語だけ **bold** 日本語"] {
            assert!(matches!(Marked::new(text, Rule::Friendly).text, Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn a_quoted_line_starts_behind_its_mark() {
        assert_eq!(ours(">*a\n>*強*"), comraks(">*a\n>*強*", false));
    }

    #[test]
    fn long_runs_take_linear_time() {
        let text = format!("{}「{}」は", "*".repeat(100_000), "強*「調」".repeat(20_000));
        assert!(!ours(&text).is_empty());
    }

    fn soup() -> impl Strategy<Value = String> {
        const PIECES: &[&str] = &[
            "*",
            "**",
            "***",
            "_",
            "__",
            "a",
            "B",
            "日",
            "本",
            "あ",
            "한",
            "（",
            "）",
            "「",
            "」",
            "。",
            "！",
            "\"",
            "(",
            ")",
            ".",
            "“",
            "”",
            "€",
            " ",
            "\u{3000}",
            "\n",
            "\\",
            "\u{FE00}",
            "\u{FE01}",
            "\u{FE0E}",
            "\u{FE0F}",
            "\u{E0100}",
            "〜",
            "😀",
        ];
        proptest::collection::vec(proptest::sample::select(PIECES), 1..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn emphasis_is_what_comrak_makes_of_it(text in soup()) {
            // Code has no emphasis, and the two end it in different ways.
            prop_assume!(!text.lines().any(|line| line.starts_with("    ")));
            prop_assert_eq!(ours(&text), comraks(&text, false));
        }
    }
}
