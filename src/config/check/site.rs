//! The `site` section, over what the site's own config says.

use chrono_tz::Tz;
use url::Url;

use super::Checker;
use crate::config::file::{Step, nearest};
use crate::config::raw::{RawLanguage, RawSite};
use crate::config::{Site, SiteDefaults, SiteLanguage};
use crate::posts::{Person, html, text};

impl Checker<'_> {
    pub(super) fn site(&mut self, defaults: &SiteDefaults) -> Option<Site> {
        let raw = self.file.raw.site.clone().unwrap_or_default();
        let url = self.site_url(&raw, defaults);
        let timezone = self.timezone(&raw, defaults);
        let language = self.language(&raw, defaults);
        let url = url?;
        let title = [raw.title.as_deref(), defaults.title.as_deref()]
            .into_iter()
            .flatten()
            .map(text::one_line)
            .find(|title| !title.is_empty())
            .or_else(|| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        let image = |path: Option<&String>| path.and_then(|path| site_link(&url, path));
        Some(Site {
            description: text::allowed(
                raw.description.as_ref().or(defaults.description.as_ref()).map_or("", String::as_str),
            )
            .into_owned(),
            author: self.author(&raw, defaults, &title),
            timezone: timezone?,
            icon: image(raw.icon.as_ref().or(defaults.icon.as_ref())),
            logo: image(raw.logo.as_ref().or(defaults.logo.as_ref())),
            languages: self.languages(&raw, defaults, language.as_deref()),
            language,
            title,
            url,
        })
    }

    fn site_url(&mut self, raw: &RawSite, defaults: &SiteDefaults) -> Option<Url> {
        let steps = [Step::Key("site"), Step::Key("url")];
        let Some(text) = raw.url.as_ref().or(defaults.url.as_ref()).filter(|url| !url.trim().is_empty()) else {
            self.error(
                &steps,
                "the site's address is not known, and every link in a feed begins with it",
                "set `site.url` in tidings.yaml (`tidings init` writes one), or the address in the site's own config, to something like https://blog.example.com",
            );
            return None;
        };
        self.http_url(&steps, text)
    }

    /// An http or https URL with a host, with a trailing slash and nothing after it.
    pub(super) fn http_url(&mut self, steps: &[Step<'_>], text: &str) -> Option<Url> {
        let remedy = "write it like https://blog.example.com";
        match Url::parse(text.trim()).and_then(|url| Url::parse(&html::uri(&url))) {
            Ok(mut url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                url.set_query(None);
                url.set_fragment(None);
                let path = format!("{}/", url.path().trim_end_matches('/'));
                url.set_path(&path);
                Some(url)
            }
            Ok(url) => {
                self.error(steps, &format!("`{}:` is not http or https", url.scheme()), remedy);
                None
            }
            Err(error) => {
                self.error(steps, &format!("`{}` is no URL: {error}", text.trim()), remedy);
                None
            }
        }
    }

    fn timezone(&mut self, raw: &RawSite, defaults: &SiteDefaults) -> Option<Tz> {
        let name = raw.timezone.as_ref().or(defaults.timezone.as_ref()).map_or("UTC", |name| name.trim());
        name.parse::<Tz>()
            .map_err(|_| {
                let near = nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())).unwrap_or("Asia/Tokyo");
                self.error(
                    &[Step::Key("site"), Step::Key("timezone")],
                    &format!("there is no time zone `{name}`"),
                    &format!("use an IANA name; did you mean `{near}`?"),
                );
            })
            .ok()
    }

    fn language(&mut self, raw: &RawSite, defaults: &SiteDefaults) -> Option<String> {
        let given = raw.language.as_ref().or(defaults.language.as_ref())?;
        let language = text::language(given);
        if language.is_none() {
            self.error(
                &[Step::Key("site"), Step::Key("language")],
                &format!("`{given}` is no language tag"),
                "write it like ja, en-GB or zh-Hant (BCP 47)",
            );
        }
        language
    }

    /// The languages besides the site's own, each once.
    fn languages(&mut self, raw: &RawSite, defaults: &SiteDefaults, own: Option<&str>) -> Vec<SiteLanguage> {
        let written = |raw: &RawLanguage| match raw.clone() {
            RawLanguage::Code(code) => SiteLanguage { code, title: None },
            RawLanguage::Titled { code, title } => SiteLanguage { code, title },
        };
        let given = raw.languages.as_ref().map(|all| all.iter().map(written).collect());
        let mut all: Vec<SiteLanguage> = Vec::new();
        for (index, language) in given.unwrap_or_else(|| defaults.languages.clone()).into_iter().enumerate() {
            let Some(code) = text::language(&language.code) else {
                let steps = [Step::Key("site"), Step::Key("languages"), Step::Index(index)];
                let message = format!("`{}` is no language tag", language.code);
                self.error(&steps, &message, "write it like ja, en-GB or zh-Hant (BCP 47)");
                continue;
            };
            if own != Some(code.as_str()) && all.iter().all(|known| known.code != code) {
                let title = language.title.as_deref().map(text::one_line).filter(|title| !title.is_empty());
                all.push(SiteLanguage { code, title });
            }
        }
        all
    }

    fn author(&mut self, raw: &RawSite, defaults: &SiteDefaults, title: &str) -> Person {
        let given = raw.author.clone().unwrap_or_default();
        if given.email.as_ref().is_some_and(|email| !is_addr_spec(email)) {
            self.error(
                &[Step::Key("site"), Step::Key("author"), Step::Key("email")],
                "this is no e-mail address",
                "write it like name@example.com, without a display name",
            );
        }
        let default = defaults.author.as_ref();
        Person {
            name: given
                .name
                .or_else(|| default.map(|author| author.name.clone()))
                .map(|name| text::one_line(&name))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| title.to_owned()),
            email: given.email.or_else(|| default?.email.clone()).filter(|email| is_addr_spec(email)),
            uri: given.uri.or_else(|| default?.uri.clone()).map(|uri| text::one_line(&uri)),
        }
    }
}

/// A URL, or a path on the site. As Jekyll does: a path from the root is one from the site's root, base path included.
pub(super) fn site_link(site: &Url, path: &str) -> Option<String> {
    let link = match path.strip_prefix('/') {
        Some(rest) if !rest.starts_with('/') => site.join(rest),
        _ => site.join(path),
    };
    link.ok().as_ref().map(html::uri)
}

/// Good enough for RFC 4287's `atom:email`: something at something, without white space.
pub(super) fn is_addr_spec(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !email.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_no_control_character() {
        assert!(is_addr_spec("ada@example.com"));
        for email in ["ada@example.com\u{4}", "a da@example.com", "ada", "@example.com"] {
            assert!(!is_addr_spec(email), "{email:?}");
        }
    }

    #[test]
    fn links_of_the_site_are_percent_encoded() {
        let site = Url::parse("https://example.com/base/").unwrap();
        for (path, expected) in [
            ("/icon|[1].png", "https://example.com/base/icon%7C%5B1%5D.png"),
            ("//cdn.example/x^y", "https://cdn.example/x%5Ey"),
        ] {
            assert_eq!(site_link(&site, path).as_deref(), Some(expected), "{path}");
        }
    }
}
