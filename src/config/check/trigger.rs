//! The `trigger` section.

use super::Checker;
use crate::config::file::Step;
use crate::config::{Secret, SecretRef, Trigger};

const TRIGGER: Step<'_> = Step::Key("trigger");
/// In bytes. Strangers may try as often as they like, so a secret has to be beyond guessing.
const SHORTEST_SECRET: usize = 16;

impl Checker<'_> {
    pub(super) fn trigger(&mut self) -> Option<Trigger> {
        let raw = self.file.raw.trigger.clone()?;
        let secrets = [&raw.github, &raw.gitlab, &raw.gitea, &raw.bitbucket, &raw.token];
        if secrets.iter().all(|secret| secret.is_none()) {
            self.error(
                &[TRIGGER],
                "the trigger has no secret, so nobody could ask for a scan",
                "add one, like `token: {env: TIDINGS_TRIGGER_TOKEN}`, or take the section out",
            );
        }
        self.around.env?;
        Some(Trigger {
            github: self.trigger_secret("github", raw.github.as_ref()),
            gitlab: self.trigger_secret("gitlab", raw.gitlab.as_ref()),
            gitea: self.trigger_secret("gitea", raw.gitea.as_ref()),
            bitbucket: self.trigger_secret("bitbucket", raw.bitbucket.as_ref()),
            token: self.trigger_secret("token", raw.token.as_ref()),
            branch: raw.branch.or_else(|| self.file.raw.source.as_ref()?.branch.clone()),
        })
    }

    fn trigger_secret(&mut self, key: &str, reference: Option<&SecretRef>) -> Option<Secret> {
        let secret = self.resolve(reference?).and_then(|secret| long_enough(key, secret));
        let remedy = "put 16 or more random characters there, as `openssl rand -hex 32` makes them";
        secret.map_err(|reason| self.error(&[TRIGGER, Step::Key(key)], &reason, remedy)).ok()
    }
}

/// The secret, if nobody can guess it. Errors hold nothing of it.
fn long_enough(key: &str, secret: Secret) -> Result<Secret, String> {
    if key == "gitlab" && secret.expose().starts_with("whsec_") {
        secret.signing_key()?;
    } else if secret.expose().len() < SHORTEST_SECRET {
        return Err("this secret is shorter than 16 characters, so it could be guessed".to_owned());
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, ConfigFile, SiteDefaults, Surroundings};
    use crate::problems::Problem;

    const LONG: &str = "0123456789abcdef";

    fn check(yaml: &str, secret: &str) -> Result<Config, Vec<Problem>> {
        let yaml = format!("site: {{url: \"https://example.com\"}}\n{yaml}");
        let file = ConfigFile::parse("tidings.yaml", Path::new("/"), yaml).unwrap();
        let around = Surroundings { out: None, env: Some(&|_| Some(secret.to_owned())) };
        file.check(&SiteDefaults::default(), &around)
    }

    fn problem(yaml: &str, secret: &str) -> String {
        let problems = check(yaml, secret).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        format!("{:?}", problems[0])
    }

    #[test]
    fn there_is_no_trigger_unless_one_is_configured() {
        assert_eq!(check("", LONG).unwrap().trigger, None);
        let trigger = check("trigger: {github: {env: X}, branch: main}\n", LONG).unwrap().trigger.unwrap();
        let expected = Trigger { github: Some(Secret::new(LONG)), branch: Some("main".into()), ..Trigger::default() };
        assert_eq!(trigger, expected);
    }

    #[test]
    fn a_trigger_without_a_secret_is_refused() {
        for yaml in ["trigger: {}\n", "trigger: {branch: main}\n"] {
            assert!(problem(yaml, LONG).contains("nobody could ask"), "{yaml}");
        }
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_refused_and_not_repeated() {
        for key in ["github", "gitlab", "gitea", "bitbucket", "token"] {
            let problem = problem(&format!("trigger: {{{key}: {{env: X}}}}\n"), "hunter2");
            assert!(problem.contains("could be guessed") && !problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn a_signing_token_of_gitlab_has_to_be_one() {
        let yaml = "trigger: {gitlab: {env: X}}\n";
        assert!(check(yaml, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").is_ok());
        assert!(problem(yaml, "whsec_0123456789abcdef!").contains("not base64"));
    }

    #[test]
    fn what_needs_no_secret_needs_none_of_the_trigger() {
        let file = ConfigFile::parse(
            "tidings.yaml",
            Path::new("/"),
            "site: {url: \"https://example.com\"}\ntrigger: {token: {env: X}}\n".to_owned(),
        );
        let config = file.unwrap().check(&SiteDefaults::default(), &Surroundings { out: None, env: None });
        assert_eq!(config.unwrap().trigger, None);
    }
}
