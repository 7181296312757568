//! Shortcodes in a body, as far as they go without the site's templates.
//!
//! In: a body. Out: the same in Markdown. Zola's own shortcodes become links to what they embed; those that show an image
//! become the image; of others the text that they enclose (or are given) stays, and the first such spot is told. As in Zola,
//! code is no shelter, `{{/* */}}` is one, and braces that hold no call are text. Never: a template run.

use std::borrow::Cow;
use std::ops::Range;

use super::calls::Call;
use crate::sites::links;

/// A body without shortcodes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run<'a> {
    pub(super) text: Cow<'a, str>,
    /// The first call that meant something which is now missing: its bytes in the body.
    pub(super) dropped: Option<Range<usize>>,
}

/// Ends a text that is printed as it is.
const SHIELDED_END: &str = "{%/* end */%}";

/// Whether there may be one in `body`.
pub(super) fn are_in(body: &str) -> bool {
    body.contains("{{") || body.contains("{%")
}

/// Runs the shortcodes of a body.
pub(super) fn run(body: &str) -> Run<'_> {
    if !are_in(body) {
        return Run { text: body.into(), dropped: None };
    }
    let (out, last_end) = (String::with_capacity(body.len()), ends(body).last());
    let last_shielded_end = body.rfind(SHIELDED_END);
    let mut pass = Pass { body, at: 0, out, open: 0, last_end, last_shielded_end, dropped: None };
    while pass.step() {}
    Run { text: pass.out.into(), dropped: pass.dropped }
}

struct Pass<'a> {
    body: &'a str,
    at: usize,
    out: String,
    /// How many shortcodes are open.
    open: usize,
    /// Where the last `{% end %}` is: what opens after it encloses nothing.
    last_end: Option<usize>,
    /// The same for [`SHIELDED_END`].
    last_shielded_end: Option<usize>,
    dropped: Option<Range<usize>>,
}

impl Pass<'_> {
    /// Goes past the next brace; `false` at the end.
    fn step(&mut self) -> bool {
        let brace = self.body[self.at..].bytes().position(|byte| byte == b'{').map(|at| self.at + at);
        let Some(brace) = brace else {
            self.out.push_str(&self.body[self.at..]);
            return false;
        };
        self.out.push_str(&self.body[self.at..brace]);
        let inside = self.body.get(brace + 2..).unwrap_or_default();
        let len = match self.body.as_bytes().get(brace + 1) {
            Some(b'{') => self.shielded(inside, "*/}}").or_else(|| self.inline(brace, inside)),
            Some(b'%') => self.shielded_body(inside).or_else(|| self.end(inside)).or_else(|| self.open(brace, inside)),
            _ => None,
        };
        self.at = match len {
            Some(len) => brace + 2 + len,
            None => {
                self.out.push('{');
                brace + 1
            }
        };
        true
    }

    /// `/* call */}}` is printed as a call.
    fn shielded(&mut self, inside: &str, closer: &str) -> Option<usize> {
        let call = inside.strip_prefix("/*")?;
        let (_, len) = Call::parse(call, closer)?;
        let braces = &closer[2..];
        let opening = if braces == "}}" { "{{" } else { "{%" };
        self.out.extend([opening, &call[..len - closer.len()], braces]);
        Some(len + 2)
    }

    /// So is everything up to `{%/* end */%}`.
    fn shielded_body(&mut self, inside: &str) -> Option<usize> {
        let at = self.body.len() - inside.len();
        if self.last_shielded_end < Some(at) {
            return None;
        }
        let kept = self.out.len();
        let start = self.shielded(inside, "*/%}")?;
        let Some(len) = inside[start..].find(SHIELDED_END) else {
            self.out.truncate(kept);
            return None;
        };
        self.out.extend([&inside[start..start + len], "{% end %}"]);
        Some(start + len + SHIELDED_END.len())
    }

    fn inline(&mut self, brace: usize, inside: &str) -> Option<usize> {
        let (call, len) = Call::parse(inside, "}}")?;
        self.call(&call, brace..brace + 2 + len);
        Some(len)
    }

    fn open(&mut self, brace: usize, inside: &str) -> Option<usize> {
        let (call, len) = Call::parse(inside, "%}").filter(|_| self.last_end > Some(brace))?;
        self.open += 1;
        self.call(&call, brace..brace + 2 + len);
        Some(len)
    }

    fn end(&mut self, inside: &str) -> Option<usize> {
        let len = end_len(inside).filter(|_| self.open > 0)?;
        self.open -= 1;
        Some(len)
    }

    fn call(&mut self, call: &Call<'_>, range: Range<usize>) {
        match embedded(call).or_else(|| image(call)) {
            Some(markdown) => self.out.push_str(&markdown),
            None => {
                self.out.push_str(call.first(&["text", "body", "content"]).unwrap_or_default());
                self.dropped.get_or_insert(range);
            }
        }
    }
}

/// Where each `{% end %}` is.
fn ends(body: &str) -> impl Iterator<Item = usize> {
    body.match_indices("{%").map(|(at, _)| at).filter(|at| end_len(&body[at + 2..]).is_some())
}

/// How long the rest of an `{% end %}` is.
fn end_len(inside: &str) -> Option<usize> {
    let rest = inside.trim_ascii_start().strip_prefix("end")?.trim_ascii_start().strip_prefix("%}")?;
    Some(inside.len() - rest.len())
}

/// A link to what Zola's own shortcodes embed.
fn embedded(call: &Call<'_>) -> Option<String> {
    let at = |start: &str, key: &str| call.get(key).map(|id| format!("<{start}{}>", links::escape(id)));
    match call.name {
        "youtube" => match call.get("playlist") {
            Some(_) => at("https://www.youtube.com/playlist?list=", "playlist"),
            None => at("https://www.youtube.com/watch?v=", "id"),
        },
        "vimeo" => at("https://vimeo.com/", "id"),
        "streamable" => at("https://streamable.com/", "id"),
        "gist" => call.get("url").map(|url| format!("[{}](<{}>)", escaped(url), target(url))),
        _ => None,
    }
}

/// The image that a shortcode of the site's own most likely shows.
fn image(call: &Call<'_>) -> Option<String> {
    const EXTENSIONS: [&str; 8] = ["png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "bmp"];
    let is_image = |value: &str| {
        let path = value.split(['?', '#']).next().unwrap_or_default();
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        EXTENSIONS.contains(&extension.as_str())
    };
    let is_source = |key: &str| matches!(key, "src" | "path" | "url" | "image" | "link") || key.ends_with("_src");
    let (_, source) = call.args.iter().find(|(key, value)| is_source(key) && is_image(value))?;
    let words = call.first(&["alt", "caption", "title"]).unwrap_or_default();
    Some(format!("![{}](<{}>)", escaped(words), target(source)))
}

/// As text in Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(if c.is_ascii_control() { ' ' } else { c });
    }
    out
}

/// As a target between `<` and `>`.
fn target(url: &str) -> String {
    let clean = url.replace(|c: char| c.is_ascii_control(), "");
    clean.trim().replace('<', "%3C").replace('>', "%3E").replace('\\', "%5C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> String {
        run(body).text.into_owned()
    }

    fn dropped(body: &str) -> Option<&str> {
        run(body).dropped.map(|range| &body[range])
    }

    #[test]
    fn zolas_own_become_links() {
        assert_eq!(text("a {{ youtube(id=\"x_1\") }} b"), "a <https://www.youtube.com/watch?v=x_1> b");
        assert_eq!(text("{{youtube(playlist='p>')}}"), "<https://www.youtube.com/playlist?list=p%3E>");
        assert_eq!(
            text("{{ vimeo(id=\"1\") }}{{ streamable(id=\"z\") }}"),
            "<https://vimeo.com/1><https://streamable.com/z>"
        );
        let gist = text("{{ gist(url=\"https://gist.example/a_b\") }}");
        assert_eq!(gist, "[https\\:\\/\\/gist\\.example\\/a\\_b](<https://gist.example/a_b>)");
        assert_eq!(dropped("{{ youtube(id=\"x\") }}"), None);
    }

    #[test]
    fn what_shows_an_image_becomes_one() {
        assert_eq!(text("{{ image(src=\"a b.PNG\", alt=\"x [y]\") }}"), "![x \\[y\\]](<a b.PNG>)");
        assert_eq!(text("{{ two(light_src=\"l.webp?v=1\", dark_src=\"d.webp\") }}"), "![](<l.webp?v=1>)");
        assert_eq!(
            dropped("{{ image(src=\"a.png\") }}{{ other(src=\"a.html\") }}"),
            Some("{{ other(src=\"a.html\") }}")
        );
    }

    #[test]
    fn of_others_the_text_stays() {
        assert_eq!(text("{% note(kind=\"x\") %}\nA *b* {{ c() }}.\n{% end %}\nd"), "\nA *b* .\n\nd");
        assert_eq!(dropped("a {% note() %}b{% end %}"), Some("{% note() %}"));
        assert_eq!(text("{% a() %}x{% b() %}y{%end%}z{% end %}"), "xyz");
        assert_eq!(text("{{ aside(text=\"A *b*.\") }}"), "A *b*.");
        assert_eq!(text("`{{ code() }}`"), "``");
    }

    #[test]
    fn what_is_no_call_is_text() {
        for body in ["{{ x }}", "{% if x %}", "{% end %}", "{% open() %} x", "{{ a( }}", "{", "{{", "{%", "a {b}"] {
            assert_eq!((text(body).as_str(), dropped(body)), (body, None));
        }
    }

    #[test]
    fn a_comment_shields_a_call() {
        assert_eq!(text("`{{/* youtube(id=\"x\") */}}`"), "`{{ youtube(id=\"x\") }}`");
        assert_eq!(text("{%/* q() */%} {{ a() }} {%/* end */%}."), "{% q() %} {{ a() }} {% end %}.");
        assert_eq!(text("{%/* q() */%} x"), "{%/* q() */%} x");
    }

    #[test]
    fn many_braces_take_linear_time() {
        for unit in ["{{", "{%", "{% a() %}", "{{ a(b=\"", "{{a(b=[", "{% end %}", "{%/* a() */%}", "{{/*", "{% a("] {
            let body = unit.repeat(400_000 / unit.len());
            assert!(text(&body).len() <= body.len(), "{unit}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_call_is_left(body in "((\\{\\{|\\}\\}|\\{%|%\\}|a\\(|\\)|b=\"x\"|end|é)[ \n]?){0,40}") {
            let once = text(&body);
            let calls = once.match_indices("{{").filter(|(at, _)| Call::parse(&once[at + 2..], "}}").is_some());
            // What a call leaves behind may make another one of its neighbours, as in `{{{ a() }} b() }}`.
            proptest::prop_assert!(calls.count() <= body.matches("{{").count() / 2);
        }
    }
}
