//! The address of a git repository, as somebody wrote it.
//!
//! In: the text, which may hold a password. Out: an [`Address`] in whose text there is none. Never: printing one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::Secret;

/// Transports that the git program has itself; others would run programs.
const SCHEMES: [&str; 7] = ["https", "http", "ssh", "git", "file", "git+ssh", "ssh+git"];

/// What holds the posts.
#[derive(Debug, Clone)]
pub enum Place {
    /// A directory, absolute.
    Directory(PathBuf),
    /// A repository, at its newest commit.
    Git(Git),
}

/// A git repository, and how much of it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Git {
    /// Where it is.
    pub address: Address,
    /// `None`: what its HEAD says.
    pub branch: Option<String>,
    /// The directory within it, relative, with `/`; empty for all of it.
    pub path: String,
    /// Where mirrors are kept, absolute.
    pub mirrors: PathBuf,
    /// A mirror has at most so many bytes.
    pub max_bytes: u64,
    /// A remote that says nothing for so long is given up.
    pub timeout: Duration,
}

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// On this machine, absolute: it is read as it is.
    Local(PathBuf),
    /// Where the git program fetches from.
    Remote(Remote),
}

/// A repository elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// For the git program: with http and https without a user, which may be a token, and without a password.
    pub url: String,
    /// Whom an http or https URL named.
    pub user: Option<Secret>,
    /// The password that it held.
    pub password: Option<Secret>,
}

impl Address {
    /// The address that `text` stands for; a path is relative to `dir`.
    ///
    /// # Errors
    ///
    /// Why it is none; holds nothing of the text, where a secret may be.
    pub fn parse(text: &str, dir: &Path) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.is_empty() || text.starts_with('-') || text.contains(char::is_control) {
            return Err("this is no address of a repository");
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return Remote::parse(&scheme.to_ascii_lowercase(), rest).map(Self::Remote);
        }
        match text.split_once(':') {
            Some((host, path)) if !host.contains('/') => match path.starts_with(':') {
                true => Err("a transport of its own would run a program"),
                false => Ok(Self::Remote(Remote { url: text.to_owned(), user: None, password: None })),
            },
            _ => Ok(Self::Local(dir.join(text))),
        }
    }
}

impl Remote {
    fn parse(scheme: &str, rest: &str) -> Result<Self, &'static str> {
        if !SCHEMES.contains(&scheme) {
            return Err("git's own transports are https, http, ssh, git and file");
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        if host.is_empty() && scheme != "file" {
            return Err("it names no host");
        }
        let (user, password) = match user.map(|user| user.split_once(':').map_or((user, None), |(u, p)| (u, Some(p)))) {
            Some((user, password)) if matches!(scheme, "http" | "https") => (Some(user), password),
            Some((_, Some(_))) => return Err("a password is of use with https only"),
            _ => return Ok(Self { url: format!("{scheme}://{rest}"), user: None, password: None }),
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (user.map(decoded), password.map(decoded));
        if [&user, &password].into_iter().flatten().any(|text| text.contains(char::is_control)) {
            return Err("a control character in a name or a password");
        }
        let secret = |text: Option<String>| text.map(Secret::new);
        Ok(Self { url: format!("{scheme}://{host}{path}"), user: secret(user), password: secret(password) })
    }

    /// What the URL begins with, up to its path; `None` if it is none.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        let (scheme, rest) = self.url.split_once("://")?;
        let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        Some(&self.url[..scheme.len() + "://".len() + host])
    }

    /// What git says, without what only it needs to know: a user's name may be a token, and so may a query.
    #[must_use]
    pub fn without_secrets(&self, text: &str) -> String {
        let text = without_users(&text.replace(&self.url, &self.to_string()));
        let secrets = [&self.user, &self.password].into_iter().flatten().map(Secret::expose);
        secrets.filter(|secret| secret.len() >= TELLING).fold(text, |text, secret| text.replace(secret, "…"))
    }
}

/// A shorter name or password is part of other words.
const TELLING: usize = 8;

/// A text without the users in its http and https URLs.
fn without_users(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let is_http = ["http", "https"].iter().any(|scheme| rest[..at].to_ascii_lowercase().ends_with(scheme));
        let (before, after) = rest.split_at(at + "://".len());
        let end =
            after.find(|c: char| matches!(c, '/' | '?' | '#' | '\'' | '"') || c.is_whitespace()).unwrap_or(after.len());
        let user = after[..end].rfind('@').filter(|_| is_http).map_or(0, |at| at + 1);
        kept.push_str(before);
        rest = &after[user..];
    }
    kept + rest
}

/// Without what may be a secret.
impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.split(['?', '#']).next().unwrap_or_default())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Remote(remote) => remote.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Address, &'static str> {
        Address::parse(text, Path::new("/site"))
    }

    fn remote(text: &str) -> Remote {
        match parse(text).unwrap() {
            Address::Remote(remote) => remote,
            Address::Local(path) => panic!("{text} is {}", path.display()),
        }
    }

    #[test]
    fn a_path_is_local_and_all_else_is_fetched() {
        for (text, path) in [(".", "/site/."), ("../blog", "/site/../blog"), ("/a:b", "/a:b"), ("a/b:c", "/site/a/b:c")]
        {
            assert_eq!(parse(text).unwrap(), Address::Local(path.into()), "{text}");
        }
        for text in ["https://h/x.git", "git@h:x.git", "ssh://git@h:22/x", "file:///srv/x", "h:x", "git://h/x"] {
            assert_eq!(remote(text), Remote { url: text.to_owned(), user: None, password: None });
            assert_eq!(remote(text).to_string(), text);
        }
    }

    #[test]
    fn what_would_run_a_program_or_leads_nowhere_is_refused() {
        for text in ["", " ", "-x", "--upload-pack=x", "ext::sh -c x", "ext://x", "https://", "http:///x", "a\nb"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("ssh://me:hunter2@h/x").unwrap_err().contains("https"));
        assert!(parse("https://me:a%0Ab@h/x").is_err(), "it would be a line of its own");
    }

    #[test]
    fn a_password_is_taken_out_of_the_url() {
        let remote = remote("HTTPS://me%40x:hunt%3Aer2@h:8443/x.git");
        assert_eq!(remote.url, "https://h:8443/x.git");
        assert_eq!(remote.user.as_ref().map(Secret::expose), Some("me@x"));
        assert_eq!(remote.password.as_ref().map(Secret::expose), Some("hunt:er2"));
        assert_eq!(remote.origin(), Some("https://h:8443"));
    }

    #[test]
    fn a_name_and_a_query_that_may_be_tokens_are_not_shown() {
        let remote = remote("https://hunt=er+2@h/x.git?sig=hunter2");
        assert_eq!(
            (remote.url.as_str(), remote.to_string().as_str()),
            ("https://h/x.git?sig=hunter2", "https://h/x.git")
        );
        // Git writes a name in its own way.
        let said = "fatal: could not read Password for 'https://hunt%3Der%2B2@h': no hunt=er+2; at https://h/x.git?sig=hunter2";
        let shown = remote.without_secrets(said);
        assert_eq!(shown, "fatal: could not read Password for 'https://h': no …; at https://h/x.git");
    }

    #[test]
    fn users_are_taken_out_of_urls_wherever_they_stand() {
        for (said, shown) in [
            ("a http://t@h and HTTPS://u:p@h/x@y, git@h:x", "a http://h and HTTPS://h/x@y, git@h:x"),
            ("ssh://git@h/x 'https://t@h'", "ssh://git@h/x 'https://h'"),
            ("://@ https://", "://@ https://"),
        ] {
            assert_eq!(without_users(said), shown);
        }
    }

    proptest! {
        #[test]
        fn no_password_is_ever_shown(scheme in "https?", user in "[a-z%@:]{0,4}", host in "[a-z.]{1,5}", end in "(/[a-z@:]{0,4})?") {
            let text = format!("{scheme}://{user}:hunter2@{host}{end}");
            if let Ok(address) = parse(&text) {
                let shown = format!("{address} {address:?}");
                prop_assert!(!shown.contains("hunter2"), "{}", shown);
            }
        }

        #[test]
        fn whatever_is_written_is_an_address_or_refused(text in ".{0,40}") {
            if let Ok(address) = parse(&text) {
                let _ = address.to_string();
            }
        }
    }
}
