//! What a push says: whether it changed the branch that posts come from.
//!
//! In: headers and body of a request whose sender is known. Out: whether there is something to scan, or why not. Never: a
//! panic, or any belief in what a payload says beyond names of branches.

use std::borrow::Cow;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use url::form_urlencoded;

use super::proof::Sender;

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// There may be something new.
    ToScan,
    /// There is not, and why: a sentence for the sender's log.
    Nothing(&'static str),
    /// Nobody knows: the payload is none.
    Gibberish,
}

const NO_PUSH: Asked = Asked::Nothing("Ignored: this is no push.\n");
const OTHER_BRANCH: Asked = Asked::Nothing("Ignored: no branch was changed that posts come from.\n");

/// Understands a request. `branch` is the one that posts come from, if the config names it.
pub(super) fn understand(sender: Sender, headers: &HeaderMap, body: &[u8], branch: Option<&str>) -> Asked {
    let (names, pushes): (&[&str], &[&str]) = match sender {
        Sender::Github => (&["x-github-event"], &["push"]),
        // System hooks say in the payload alone what they are.
        Sender::Gitlab => (&["x-gitlab-event"], &["Push Hook", "System Hook"]),
        Sender::Gitea => (&["x-forgejo-event", "x-gitea-event", "x-gogs-event"], &["push"]),
        // Cloud, and Data Center.
        Sender::Bitbucket => (&["x-event-key"], &["repo:push", "repo:refs_changed"]),
        // Asks for a scan, and for nothing else.
        Sender::Token => return Asked::ToScan,
    };
    let event = names.iter().find_map(|name| headers.get(*name)).and_then(|event| event.to_str().ok());
    if !event.is_some_and(|event| pushes.contains(&event)) {
        return NO_PUSH;
    }
    let Some(payload) = json(headers, body) else { return Asked::Gibberish };
    match serde_json::from_slice::<Name>(&payload) {
        // What else is in it may be anything.
        Ok(name) if name.kind().is_some_and(|kind| kind != "push") => return NO_PUSH,
        Ok(_) => {}
        Err(_) => return Asked::Gibberish,
    }
    let push: Push = match serde_json::from_slice(&payload) {
        Ok(push) => push,
        Err(_) => return Asked::Gibberish,
    };
    let default = push.default_branch();
    let counts = |changed: &str| branch.or(default).is_none_or(|wanted| wanted == changed);
    match push.changed() {
        None => Asked::Gibberish,
        Some(changed) if changed.iter().any(|changed| counts(changed)) => Asked::ToScan,
        Some(_) => OTHER_BRANCH,
    }
}

/// The JSON in a body: all of it, or what a form has under `payload`.
fn json<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let media = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    if !media.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Some(Cow::Borrowed(body));
    }
    let (_, payload) = form_urlencoded::parse(body).find(|(key, _)| key == "payload")?;
    Some(Cow::Owned(payload.into_owned().into_bytes()))
}

/// What GitLab's payloads call themselves.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Name {
    object_kind: Option<String>,
    /// Of system hooks.
    event_name: Option<String>,
}

impl Name {
    fn kind(&self) -> Option<&str> {
        self.object_kind.as_deref().or(self.event_name.as_deref())
    }
}

/// What the providers' payloads have of interest, all in one: their keys do not get into each other's way.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Push {
    /// GitHub, GitLab, Gitea: `refs/heads/main`.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// GitHub.
    deleted: bool,
    /// GitHub, GitLab, Gitea: the commit; zeros if the branch is gone.
    after: Option<String>,
    /// GitHub, Gitea.
    repository: Option<Repository>,
    /// GitLab.
    project: Option<Repository>,
    /// Bitbucket Cloud.
    push: Option<CloudPush>,
    /// Bitbucket Data Center.
    changes: Option<Vec<CenterChange>>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    default_branch: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CloudPush {
    changes: Vec<CloudChange>,
}

#[derive(Debug, Deserialize)]
struct CloudChange {
    /// None if the branch is gone.
    new: Option<CloudRef>,
}

#[derive(Debug, Deserialize)]
struct CloudRef {
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct CenterChange {
    #[serde(rename = "ref")]
    reference: CenterRef,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct CenterRef {
    id: String,
}

impl Push {
    fn default_branch(&self) -> Option<&str> {
        [&self.repository, &self.project].into_iter().flatten().find_map(|place| place.default_branch.as_deref())
    }

    /// The branches that are new or have changed; tags, and what is gone, are not among them. `None` if it says nothing of
    /// the kind.
    fn changed(&self) -> Option<Vec<&str>> {
        if let Some(push) = &self.push {
            let new = push.changes.iter().filter_map(|change| change.new.as_ref());
            return Some(new.filter(|new| new.kind != "tag").map(|new| new.name.as_str()).collect());
        }
        if let Some(changes) = &self.changes {
            let left = changes.iter().filter(|change| change.kind != "DELETE");
            return Some(left.filter_map(|change| branch(&change.reference.id)).collect());
        }
        let reference = self.reference.as_deref()?;
        let is_gone = self.deleted || self.after.as_deref().is_some_and(is_zero);
        Some(branch(reference).filter(|_| !is_gone).into_iter().collect())
    }
}

/// The branch that a full reference names.
fn branch(reference: &str) -> Option<&str> {
    reference.strip_prefix("refs/heads/")
}

/// Whether this is the commit that there is not, of either length.
fn is_zero(commit: &str) -> bool {
    !commit.is_empty() && commit.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn event(sender: Sender) -> HeaderMap {
        headers(match sender {
            Sender::Github => &[("x-github-event", "push")],
            Sender::Gitlab => &[("x-gitlab-event", "Push Hook")],
            Sender::Gitea => &[("x-gitea-event", "push"), ("x-github-event", "push"), ("x-gogs-event", "push")],
            Sender::Bitbucket => &[("x-event-key", "repo:push")],
            Sender::Token => &[],
        })
    }

    fn asked(sender: Sender, payload: &Value, branch: Option<&str>) -> Asked {
        understand(sender, &event(sender), payload.to_string().as_bytes(), branch)
    }

    /// One push to a branch or tag, as each provider tells of it.
    fn push(sender: Sender, reference: &str) -> Value {
        let name = reference.rsplit('/').next().unwrap();
        let kind = if reference.contains("tags") { "tag" } else { "branch" };
        match sender {
            Sender::Gitlab => json!({
                "object_kind": "push", "event_name": "push", "ref": reference, "after": "da1560886d4f",
                "project": {"id": 15, "default_branch": "main"}, "repository": {"name": "blog"}, "commits": []
            }),
            Sender::Bitbucket => json!({
                "actor": {}, "repository": {"name": "blog", "project": {"key": "B"}}, "push": {"changes": [
                    {"new": {"type": kind, "name": name, "target": {}}, "old": null, "closed": false}
                ]}
            }),
            _ => json!({
                "ref": reference, "before": ZERO, "after": "bffeb7422404", "deleted": false,
                "repository": {"id": 140, "default_branch": "main", "private": true}, "commits": [{"id": 1}]
            }),
        }
    }

    const SENDERS: [Sender; 4] = [Sender::Github, Sender::Gitlab, Sender::Gitea, Sender::Bitbucket];

    #[test]
    fn a_push_to_the_branch_that_the_config_names_is_scanned_and_no_other() {
        for sender in SENDERS {
            assert_eq!(asked(sender, &push(sender, "refs/heads/live"), Some("live")), Asked::ToScan, "{sender:?}");
            assert_eq!(asked(sender, &push(sender, "refs/heads/main"), Some("live")), OTHER_BRANCH, "{sender:?}");
        }
    }

    #[test]
    fn without_one_it_is_the_default_branch_and_all_where_none_is_named() {
        for sender in SENDERS {
            assert_eq!(asked(sender, &push(sender, "refs/heads/main"), None), Asked::ToScan, "{sender:?}");
            let other = if sender == Sender::Bitbucket { Asked::ToScan } else { OTHER_BRANCH };
            assert_eq!(asked(sender, &push(sender, "refs/heads/try"), None), other, "{sender:?}");
        }
    }

    #[test]
    fn a_branch_may_have_slashes() {
        let payload = push(Sender::Github, "refs/heads/site/live");
        assert_eq!(asked(Sender::Github, &payload, Some("site/live")), Asked::ToScan);
        assert_eq!(asked(Sender::Github, &payload, Some("live")), OTHER_BRANCH);
    }

    #[test]
    fn tags_are_ignored() {
        for sender in SENDERS {
            assert_eq!(asked(sender, &push(sender, "refs/tags/main"), None), OTHER_BRANCH, "{sender:?}");
        }
        let tag = headers(&[("x-gitlab-event", "Tag Push Hook")]);
        assert_eq!(understand(Sender::Gitlab, &tag, b"{}", None), NO_PUSH);
    }

    #[test]
    fn a_branch_that_goes_is_ignored() {
        let gone = |key: &str, value: Value| {
            let mut payload = push(Sender::Github, "refs/heads/main");
            payload[key] = value;
            payload
        };
        assert_eq!(asked(Sender::Github, &gone("deleted", true.into()), None), OTHER_BRANCH);
        for zeros in [ZERO.to_owned(), "0".repeat(64)] {
            assert_eq!(asked(Sender::Gitea, &gone("after", zeros.into()), None), OTHER_BRANCH);
        }
        let cloud = json!({"push": {"changes": [{"new": null, "old": {"type": "branch", "name": "main"}}]}});
        assert_eq!(asked(Sender::Bitbucket, &cloud, None), OTHER_BRANCH);
    }

    #[test]
    fn bitbucket_tells_of_several_branches_at_once() {
        let change = |name| json!({"new": {"type": "branch", "name": name}});
        let payload = json!({"push": {"changes": [change("a"), {"new": null}, change("main")]}});
        assert_eq!(asked(Sender::Bitbucket, &payload, Some("main")), Asked::ToScan);
        assert_eq!(asked(Sender::Bitbucket, &payload, Some("b")), OTHER_BRANCH);
    }

    #[test]
    fn bitbucket_data_center_is_understood_too() {
        let change = |id: &str, kind: &str| json!({"changes": [{"ref": {"id": id, "type": "BRANCH"}, "type": kind}]});
        let key = headers(&[("x-event-key", "repo:refs_changed")]);
        for (id, kind, expected) in [
            ("refs/heads/main", "UPDATE", Asked::ToScan),
            ("refs/heads/main", "ADD", Asked::ToScan),
            ("refs/heads/main", "DELETE", OTHER_BRANCH),
            ("refs/heads/try", "UPDATE", OTHER_BRANCH),
            ("refs/tags/main", "UPDATE", OTHER_BRANCH),
        ] {
            let body = change(id, kind).to_string();
            assert_eq!(understand(Sender::Bitbucket, &key, body.as_bytes(), Some("main")), expected, "{id} {kind}");
        }
    }

    #[test]
    fn what_is_no_push_is_ignored() {
        let payload = push(Sender::Github, "refs/heads/main").to_string();
        for (sender, header) in [
            (Sender::Github, ("x-github-event", "ping")),
            (Sender::Github, ("x-github-event", "issues")),
            (Sender::Gitea, ("x-gitea-event", "pull_request")),
            (Sender::Gitlab, ("x-gitlab-event", "Issue Hook")),
            (Sender::Bitbucket, ("x-event-key", "diagnostics:ping")),
            (Sender::Github, ("x-event", "push")),
        ] {
            assert_eq!(understand(sender, &headers(&[header]), payload.as_bytes(), None), NO_PUSH, "{header:?}");
        }
        let system = headers(&[("x-gitlab-event", "System Hook")]);
        let of_gitlab = push(Sender::Gitlab, "refs/heads/main").to_string();
        assert_eq!(understand(Sender::Gitlab, &system, of_gitlab.as_bytes(), None), Asked::ToScan);
        assert_eq!(understand(Sender::Gitlab, &system, br#"{"event_name": "project_create"}"#, None), NO_PUSH);
        let update = br#"{"event_name": "repository_update", "changes": [{"before": "a", "after": "b", "ref": "refs/heads/main"}]}"#;
        assert_eq!(understand(Sender::Gitlab, &system, update, None), NO_PUSH);
        let merge = br#"{"object_kind": "merge_request", "changes": {"title": {}}}"#;
        assert_eq!(understand(Sender::Gitlab, &system, merge, None), NO_PUSH);
    }

    #[test]
    fn a_form_has_the_payload_in_a_field() {
        let payload = push(Sender::Github, "refs/heads/ä & b").to_string();
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload).finish();
        let mut form = event(Sender::Github);
        form.insert(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap());
        assert_eq!(understand(Sender::Github, &form, body.as_bytes(), Some("ä & b")), Asked::ToScan);
        assert_eq!(understand(Sender::Github, &form, b"other=1", None), Asked::Gibberish);
    }

    #[test]
    fn a_payload_that_is_none_is_gibberish() {
        for body in ["", "{}", "[]", "null", "{\"ref\": 7}", "{\"push\": {}}", "\u{feff}{}", "{\"ref\": \"x\""] {
            let asked = understand(Sender::Github, &event(Sender::Github), body.as_bytes(), None);
            assert_eq!(asked, Asked::Gibberish, "{body}");
        }
        let deep = format!("{{\"commits\": {}", "[".repeat(1 << 20));
        assert_eq!(understand(Sender::Gitea, &event(Sender::Gitea), deep.as_bytes(), None), Asked::Gibberish);
    }

    proptest! {
        #[test]
        fn any_body_is_understood_or_not(body in any::<Vec<u8>>(), text in r#"[{}\[\]":,a-z0\\ refpush]{0,60}"#) {
            for sender in SENDERS {
                understand(sender, &event(sender), &body, None);
                understand(sender, &event(sender), text.as_bytes(), Some("main"));
            }
        }

        #[test]
        fn only_the_branch_by_its_whole_name_is_scanned(name in "[a-z/]{1,8}", wanted in "[a-z/]{1,8}") {
            let payload = push(Sender::Gitea, &format!("refs/heads/{name}"));
            let expected = if name == wanted { Asked::ToScan } else { OTHER_BRANCH };
            prop_assert_eq!(asked(Sender::Gitea, &payload, Some(&wanted)), expected);
        }
    }
}
