//! `tidings init`: a commented tidings.yaml from what is found.

use std::fs::OpenOptions;
use std::io::Write as _;

use anyhow::Context as _;
use chrono::Utc;

use super::args::Init;
use super::failure::{Exit, Failure};
use super::{output, site};
use crate::config::{ConfigFile, Content, FILE_NAME, Generator, SiteDefaults};
use crate::scan;
use crate::sites::Opened;

const TEMPLATE: &str = include_str!("init.yaml");

pub(super) fn run(args: &Init) -> Result<Exit, Failure> {
    let path = args.dir.join(FILE_NAME);
    if path.exists() {
        return Err(Failure::Usage(format!(
            "{} is there already, and init never writes over it: edit it, or move it away",
            path.display()
        )));
    }
    // Says what is wrong with the directory, if anything is.
    let file = ConfigFile::load(&args.dir, None)?;
    let Opened { site: found, defaults, because, .. } = scan::look(&file, &site::source(&file, true)?, Utc::now())?;
    let generator = found.generator();
    let text = fill(generator, &defaults);
    let mut file = OpenOptions::new();
    let written = file.write(true).create_new(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("{} cannot be written", path.display())).map_err(Failure::Failed)?;
    output::line(format!("wrote {}; the site is read as {generator}, because {because}", path.display()));
    if defaults.url.is_none() {
        output::line("set site.url in it first: every link in a feed begins with the site's address");
    }
    output::line("next: `tidings check`, then `tidings serve`");
    Ok(Exit::Done)
}

/// What the site's own config says stays there: it is shown as a comment, so that it is kept in one place.
fn fill(generator: Generator, site: &SiteDefaults) -> String {
    let setting = |key: &str, found: Option<&String>, example: &str| match found {
        Some(value) => format!("  # {key}: {}", quoted(value)),
        None => format!("  # {key}: {}", quoted(example)),
    };
    let lines = [
        setting("url", site.url.as_ref(), "https://blog.example.com"),
        setting("title", site.title.as_ref(), "My blog"),
        setting("description", site.description.as_ref(), "What it is about"),
        setting("language", site.language.as_ref(), "en"),
        setting("timezone", site.timezone.as_ref(), "UTC"),
    ];
    let feed = |found: Option<String>, default: &str| {
        let setting = found.map_or_else(|| default.to_owned(), |found| format!("# {found}"));
        format!("{setting:<30}")
    };
    let excerpt = site.feed.content.filter(|content| *content == Content::Excerpt);
    TEMPLATE
        .replace("{{site}}", &lines.join("\n"))
        .replace("{{generator}}", name(generator))
        .replace("{{limit}}", &feed(site.feed.limit.map(|limit| format!("limit: {limit}")), "limit: 20"))
        .replace("{{content}}", &feed(excerpt.map(|_| "content: excerpt".to_owned()), "content: full"))
}

fn name(generator: Generator) -> &'static str {
    match generator {
        Generator::Jekyll => "jekyll",
        Generator::Hugo => "hugo",
        Generator::Zola => "zola",
        Generator::Eleventy => "eleventy",
        Generator::Astro => "astro",
        Generator::Plain => "plain",
    }
}

/// A YAML double-quoted scalar: JSON's strings are that.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FeedDefaults, Surroundings};

    #[test]
    fn what_init_writes_is_a_config_that_holds() {
        for generator in [
            Generator::Jekyll,
            Generator::Hugo,
            Generator::Zola,
            Generator::Eleventy,
            Generator::Astro,
            Generator::Plain,
        ] {
            let defaults = SiteDefaults { title: Some("\"引用\"と: # 記号".into()), ..SiteDefaults::default() };
            let dir = tempfile::tempdir().unwrap();
            let file = ConfigFile::parse("tidings.yaml", dir.path(), fill(generator, &defaults)).unwrap();
            let defaults = SiteDefaults { url: Some("https://blog.example.com".into()), ..defaults };
            let config = file.check(&defaults, &Surroundings { out: None, env: Some(&|_| None) }).unwrap();
            assert_eq!(config.site.url.as_str(), "https://blog.example.com/");
            assert_eq!(config.webhooks.len(), 0, "none is active before it is written");
        }
    }

    #[test]
    fn what_the_sites_feed_plugin_says_still_holds() {
        let feed = FeedDefaults { limit: Some(3), content: Some(Content::Excerpt), ..FeedDefaults::default() };
        let url = Some("https://blog.example.com".to_owned());
        let defaults = SiteDefaults { url, feed, ..SiteDefaults::default() };
        let dir = tempfile::tempdir().unwrap();
        let file = ConfigFile::parse("tidings.yaml", dir.path(), fill(Generator::Jekyll, &defaults)).unwrap();
        let feeds = file.check(&defaults, &Surroundings { out: None, env: Some(&|_| None) }).unwrap().feeds;
        assert_eq!((feeds.limit, feeds.content), (Some(3), Content::Excerpt));
    }

    #[test]
    fn every_commented_example_is_a_config_that_holds_too() {
        let text = fill(Generator::Jekyll, &SiteDefaults::default());
        let uncommented: Vec<_> = text.lines().map(|line| line.replacen("#: ", "", 1)).collect();
        let dir = tempfile::tempdir().unwrap();
        let file = ConfigFile::parse("tidings.yaml", dir.path(), uncommented.join("\n")).unwrap();
        let key = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        let around = Surroundings { out: None, env: Some(&|_| Some(key.into())) };
        let defaults = SiteDefaults { url: Some("https://blog.example.com".into()), ..SiteDefaults::default() };
        let config = file.check(&defaults, &around).unwrap();
        assert_eq!(
            (config.webhooks.len(), config.feeds.custom.len()),
            (3, 1),
            "a hub and search engines are told, too"
        );
    }
}
