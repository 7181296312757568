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
    /// For the git program: without a password.
    pub url: String,
    /// The user and the password that the URL held.
    pub credentials: Option<(String, Secret)>,
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
                false => Ok(Self::Remote(Remote { url: text.to_owned(), credentials: None })),
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
        let Some((user, password)) = user.and_then(|user| user.split_once(':')) else {
            return Ok(Self { url: format!("{scheme}://{rest}"), credentials: None });
        };
        if !matches!(scheme, "http" | "https") {
            return Err("a password is of use with https only");
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (decoded(user), decoded(password));
        if format!("{user}{password}").contains(char::is_control) {
            return Err("a control character in a name or a password");
        }
        Ok(Self { url: format!("{scheme}://{host}{path}"), credentials: Some((user, Secret::new(password))) })
    }

    /// What git says, without what only it needs to know: a user's name may be a token, and so may a query.
    #[must_use]
    pub fn without_secrets(&self, text: &str) -> String {
        let name = self.to_string();
        let text = text.replace(&self.url, &name);
        match self.user() {
            Some(user) => text.replace(&format!("{user}@"), ""),
            None => text,
        }
    }

    /// The user in a URL whose scheme is http or https.
    fn user(&self) -> Option<&str> {
        let rest = self.url.strip_prefix("http")?.trim_start_matches('s').strip_prefix("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        authority.rsplit_once('@').map(|(user, _)| user)
    }
}

/// Without what may be a secret.
impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        match self.user() {
            Some(user) => f.write_str(&url.replacen(&format!("{user}@"), "", 1)),
            None => f.write_str(url),
        }
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
            assert_eq!(remote(text), Remote { url: text.to_owned(), credentials: None });
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
        assert_eq!(remote.credentials.as_ref().map(|(user, _)| user.as_str()), Some("me@x"));
        assert_eq!(remote.credentials.as_ref().map(|(_, secret)| secret.expose()), Some("hunt:er2"));
    }

    #[test]
    fn a_name_and_a_query_that_may_be_tokens_are_not_shown() {
        let remote = remote("https://hunter2@h/x.git?sig=hunter2");
        assert_eq!(remote.to_string(), "https://h/x.git");
        let said = "fatal: could not read Password for 'https://hunter2@h': no; at https://hunter2@h/x.git?sig=hunter2";
        let shown = remote.without_secrets(said);
        assert_eq!(shown, "fatal: could not read Password for 'https://h': no; at https://h/x.git");
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
