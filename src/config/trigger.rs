//! The `trigger` section: who may ask for a scan over HTTP.

use super::Secret;

/// Who may ask for a scan over HTTP, and after a push to which branch. At least one of the secrets is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trigger {
    /// What GitHub signs with.
    pub github: Option<Secret>,
    /// What GitLab sends along; or, if it begins with `whsec_`, signs with.
    pub gitlab: Option<Secret>,
    /// What Gitea, Forgejo or Gogs signs with.
    pub gitea: Option<Secret>,
    /// What Bitbucket signs with.
    pub bitbucket: Option<Secret>,
    /// What anybody else sends as a bearer token.
    pub token: Option<Secret>,
    /// The branch that posts come from. `None`: the repository's default branch, where the push names it, else every one.
    pub branch: Option<String>,
}
