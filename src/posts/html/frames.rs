//! The page behind a frame, where there is a better one than the frame's own.
//!
//! In: the address of a frame. Out: the page on which people watch or read what it shows. Never: a guess; unknown players
//! keep their address.

use url::Url;

/// `https://www.youtube.com/embed/x` is watched at `https://www.youtube.com/watch?v=x`.
pub(super) fn page_of(frame: &str) -> Option<String> {
    let url = Url::parse(frame).ok()?;
    let host = url.host_str()?.trim_start_matches("www.");
    let mut path = url.path_segments()?;
    let (first, second) = (path.next()?, path.next().unwrap_or_default());
    let named = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    match (host, first) {
        ("youtube.com" | "youtube-nocookie.com", "embed") if second == "videoseries" => {
            let list = url.query_pairs().find(|(name, _)| name == "list")?.1.into_owned();
            named(&list).then(|| format!("https://www.youtube.com/playlist?list={list}"))
        }
        ("youtube.com" | "youtube-nocookie.com", "embed" | "v") => {
            named(second).then(|| format!("https://www.youtube.com/watch?v={second}"))
        }
        ("player.vimeo.com", "video") => named(second).then(|| format!("https://vimeo.com/{second}")),
        ("dailymotion.com", "embed") => {
            let id = path.next()?;
            (second == "video" && named(id)).then(|| format!("https://www.dailymotion.com/video/{id}"))
        }
        ("player.bilibili.com", "player.html") => {
            let id = url.query_pairs().find(|(name, _)| name == "bvid")?.1.into_owned();
            named(&id).then(|| format!("https://www.bilibili.com/video/{id}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn players_lead_to_their_pages() {
        for (frame, page) in [
            ("https://www.youtube.com/embed/a-B_1?start=3", Some("https://www.youtube.com/watch?v=a-B_1")),
            ("https://www.youtube-nocookie.com/embed/x", Some("https://www.youtube.com/watch?v=x")),
            ("https://www.youtube.com/embed/videoseries?list=PL1", Some("https://www.youtube.com/playlist?list=PL1")),
            ("https://player.vimeo.com/video/7", Some("https://vimeo.com/7")),
            ("https://www.dailymotion.com/embed/video/x1", Some("https://www.dailymotion.com/video/x1")),
            ("https://player.bilibili.com/player.html?bvid=BV1&page=2", Some("https://www.bilibili.com/video/BV1")),
            ("https://www.youtube.com/embed/", None),
            ("https://e.com/embed/x", None),
            ("https://www.youtube.com/embed/%22x", None),
        ] {
            assert_eq!(page_of(frame).as_deref(), page, "{frame}");
        }
    }
}
