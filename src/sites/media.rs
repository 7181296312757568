//! Enclosures as front matter names them.
//!
//! In: front matter. Out: attachments with absolute URLs, and what a podcast's post says of itself.
//! Never: how large a local file is; that is looked up when a feed is made.

use crate::posts::front_matter::{Map, Value};
use crate::posts::media::{self, Attachment, Episode, EpisodeKind};
use crate::posts::text;

use super::report::Report;

/// Whatever stands under these is a file.
const ENCLOSURES: [&str; 2] = ["enclosure", "enclosures"];

/// What stands under these is one if its type is known: sites keep flags and the ids of videos there, too.
const PLAYERS: [&str; 3] = ["audio", "podcast", "video"];

/// No post has more files than this; what is beyond is left out.
const MAX: usize = 32;

/// The post's files in the order of the keys, no URL twice. `resolve` makes a URL or path absolute.
pub(super) fn attachments(
    data: &Map,
    resolve: &dyn Fn(&str) -> Option<String>,
    report: &mut Report<'_>,
) -> Vec<Attachment> {
    let mut all: Vec<Attachment> = Vec::new();
    for key in ENCLOSURES.into_iter().chain(PLAYERS) {
        let Some(value) = data.get(key).filter(|value| value.is_truthy()) else { continue };
        let is_enclosure = ENCLOSURES.contains(&key);
        let found: Vec<_> =
            items(value).iter().filter_map(|item| Written::read(item)?.check(resolve, is_enclosure)).collect();
        if found.is_empty() && is_enclosure {
            report.odd_field(data, key, "the URL or path of a file, or a mapping with a `url`");
        }
        for attachment in found {
            if all.len() < MAX && all.iter().all(|earlier| earlier.url != attachment.url) {
                all.push(attachment);
            }
        }
    }
    if let Some(first) = all.first_mut() {
        first.duration = first.duration.or_else(|| seconds(data.get("duration")?.as_text()?));
    }
    all
}

/// What the post says of itself as an episode, at the top or in the mapping of its file.
pub(super) fn episode(data: &Map) -> Option<Episode> {
    let maps = ENCLOSURES.into_iter().chain(PLAYERS).filter_map(|key| data.get(key)?.as_map());
    let maps: Vec<&Map> = maps.chain([data]).collect();
    let find = |keys: &[&str]| maps.iter().find_map(|map| keys.iter().find_map(|key| map.get(key)));
    let number = |keys: &[&str]| find(keys)?.as_text()?.trim().parse().ok().filter(|number| *number > 0);
    let episode = Episode {
        number: number(&["episode", "episode_number"]),
        season: number(&["season"]),
        kind: find(&["episode_type", "episodeType"]).and_then(Value::as_text).and_then(EpisodeKind::from_name),
        explicit: find(&["explicit"]).and_then(Value::as_bool),
    };
    (episode != Episode::default()).then_some(episode)
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => &items[..items.len().min(MAX)],
        other => std::slice::from_ref(other),
    }
}

/// One file as it is written.
#[derive(Default)]
struct Written<'a> {
    location: &'a str,
    media_type: Option<&'a str>,
    length: Option<&'a str>,
    duration: Option<&'a str>,
    title: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn read(value: &'a Value) -> Option<Self> {
        match value {
            Value::Scalar(scalar) => Self::from_lines(&scalar.text),
            Value::Map(map) => Self::from_map(map),
            Value::Null | Value::List(_) => None,
        }
    }

    /// A URL; or, as importers copy them from WordPress, a URL, a length and a type on lines of their own.
    fn from_lines(text: &'a str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Some(Self { location: lines.next()?, length: lines.next(), media_type: lines.next(), ..Self::default() })
    }

    fn from_map(map: &'a Map) -> Option<Self> {
        let get = |keys: &[&str]| {
            keys.iter().find_map(|key| map.get(key)?.as_text().map(str::trim).filter(|text| !text.is_empty()))
        };
        Some(Self {
            location: get(&["url", "path", "src", "file", "href"])?,
            media_type: get(&["type", "mime_type", "media_type"]),
            length: get(&["length", "size", "bytes", "size_in_bytes"]),
            duration: get(&["duration", "duration_in_seconds"]),
            title: get(&["title", "name"]),
        })
    }

    fn check(self, resolve: &dyn Fn(&str) -> Option<String>, any_type: bool) -> Option<Attachment> {
        let url = resolve(self.location).filter(|url| url.starts_with("http://") || url.starts_with("https://"))?;
        let given = self.media_type.map(str::to_ascii_lowercase).filter(|given| media::is_type(given));
        let known = given.or_else(|| media::type_of(&url).map(str::to_owned));
        let media_type = known.or_else(|| any_type.then(|| "application/octet-stream".to_owned()))?;
        Some(Attachment {
            url,
            media_type,
            length: self.length.and_then(bytes),
            duration: self.duration.or(self.length.filter(|length| length.contains(':'))).and_then(seconds),
            title: self.title.map(text::one_line).filter(|title| !title.is_empty()),
        })
    }
}

/// `12345`, `12,345`. Nobody knows the size of what has none.
fn bytes(written: &str) -> Option<u64> {
    written.replace([',', '_'], "").parse().ok().filter(|bytes| *bytes > 0)
}

/// `95`, `1:35`, `0:01:35`; of a fraction, the whole part.
fn seconds(written: &str) -> Option<u64> {
    let whole = written.trim().split('.').next()?;
    let parts: Vec<u64> = whole.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let sum = |sum: u64, part: &u64| sum.checked_mul(60)?.checked_add(*part);
    (parts.len() <= 3).then(|| parts.iter().try_fold(0, sum)).flatten().filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::posts::front_matter::parse;
    use crate::posts::html;

    /// URL, type, length, duration, title.
    type Known = (String, String, Option<u64>, Option<u64>, Option<String>);

    fn read(yaml: &str) -> (Vec<Known>, usize) {
        let data = parse(yaml, 0..yaml.len()).unwrap();
        let mut report = Report::new("x.md", yaml);
        let resolve = |path: &str| html::absolute(path, "https://example.com/a/");
        let found = attachments(&data, &resolve, &mut report);
        let known = found.into_iter().map(|a| (a.url, a.media_type, a.length, a.duration, a.title)).collect();
        (known, report.into_problems().len())
    }

    fn known(path: &str, media_type: &str) -> Known {
        (format!("https://example.com/{path}"), media_type.into(), None, None, None)
    }

    #[test]
    fn a_file_is_a_text_or_a_mapping_and_there_may_be_several() {
        assert_eq!(read("enclosure: 一 x.mp3").0, [known("a/%E4%B8%80%20x.mp3", "audio/mpeg")]);
        let whole = "audio: {src: /x.bin, mime_type: Audio/MPEG, bytes: '1,234', duration: '1:02:03', title: ' T '}";
        let (url, media_type) = ("https://example.com/x.bin".into(), "audio/mpeg".into());
        assert_eq!(read(whole).0, [(url, media_type, Some(1234), Some(3723), Some("T".into()))]);
        let several = "enclosures: [x.pdf, {url: y.mp4}, x.pdf]\nvideo: [y.mp4, z.webm]";
        let expected =
            [known("a/x.pdf", "application/pdf"), known("a/y.mp4", "video/mp4"), known("a/z.webm", "video/webm")];
        assert_eq!(read(several), (expected.into(), 0), "no URL twice");
    }

    #[test]
    fn what_importers_write_on_three_lines_is_understood() {
        let (url, media_type) = ("https://m.example/x".into(), "audio/mpeg".into());
        let expected = vec![(url, media_type, Some(77), None, None)];
        assert_eq!(read("enclosure: |\n  https://m.example/x\n  77\n  audio/mpeg\n"), (expected, 0));
    }

    #[test]
    fn only_an_enclosure_may_be_of_any_type() {
        assert_eq!(read("enclosure: /x").0, [known("x", "application/octet-stream")]);
        for flag in ["podcast: true", "video: dQw4w9WgXcQ", "audio: ~", "video: https://v.example/watch?v=1"] {
            assert_eq!(read(flag), (vec![], 0), "{flag}");
        }
        for odd in ["enclosure: {title: x}", "enclosure: 'javascript:x'", "enclosures: [[x]]"] {
            assert_eq!(read(odd), (vec![], 1), "{odd}");
        }
    }

    #[test]
    fn durations_are_seconds_or_clock_times() {
        for (written, expected) in [("95", Some(95)), ("1:35", Some(95)), ("01:00:00.5", Some(3600)), ("0", None)] {
            assert_eq!(seconds(written), expected, "{written}");
        }
        for odd in ["", "1:2:3:4", "x", "-5", "99999999999999999999", "9999999999999999:0:0"] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
        assert_eq!(read("audio: {url: x.mp3, length: '00:10:00'}").0[0].3, Some(600), "a length that is a time");
        assert_eq!(read("audio: x.mp3\nduration: 60").0[0].3, Some(60));
    }

    #[test]
    fn an_episode_is_described_at_the_top_or_beside_its_file() {
        let read = |yaml: &str| episode(&parse(yaml, 0..yaml.len()).unwrap());
        let expected =
            Episode { number: Some(3), season: Some(2), kind: Some(EpisodeKind::Bonus), explicit: Some(true) };
        assert_eq!(read("podcast: {episode: 3, explicit: yes}\nseason: 2\nepisodeType: Bonus"), Some(expected));
        assert_eq!(read("episode: 0\nseason: one\ntitle: x"), None);
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_is_too_odd(yaml in "(enclosure|audio|duration|episode): ?[\\PC\n ]{0,40}") {
            if let Ok(data) = parse(&yaml, 0..yaml.len()) {
                let mut report = Report::new("x.md", &yaml);
                let resolve = |path: &str| html::absolute(path, "https://example.com/");
                for found in attachments(&data, &resolve, &mut report) {
                    prop_assert!(found.url.is_ascii() && media::is_type(&found.media_type));
                }
                let _ = episode(&data);
            }
        }
    }
}
