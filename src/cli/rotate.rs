//! `tidings endpoints rotate-secret`: a new signing secret, beside which the old one signs for a while.
//!
//! In: where the config keeps the webhook's secret. Out: the new one, once, on standard output and nowhere else. Never: a file
//! that is half written or that others may read, or a secret over the network.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::args::{Common, ListFormat, RotateSecret};
use super::failure::{Exit, Failure};
use super::{output, report, site};
use crate::config::{ConfigFile, Secret, SecretRef, rotation};

/// What programs get.
#[derive(Serialize)]
struct Rotated<'a> {
    endpoint: &'a str,
    secret: &'a str,
    /// Where it is kept; null: nowhere yet.
    file: Option<&'a Path>,
    /// Until when the old one signs, too; null: as long as it is in the config.
    old_until: Option<DateTime<Utc>>,
    /// What is left to do.
    next: &'a str,
}

pub(super) async fn run(common: &Common, args: &RotateSecret) -> Result<Exit, Failure> {
    let config = ConfigFile::load(&site::directory(common, args.dir.as_deref()), common.config.as_deref())?;
    let name = &args.name;
    let kept = config
        .secret_of(name)
        .ok_or_else(|| Failure::Usage(format!("there is no webhook `{name}` with a secret in {}", config.name)))?;
    let remote = args.admin.remote()?;
    let secret = fresh();
    let (file, old_until, next) = match kept {
        SecretRef::Env(variable) if site::env(variable).is_some_and(|old| rotation::is_pair(&old)) => {
            return Err(Failure::Failed(anyhow!("the variable {variable} holds {}", rotation::PAIR)));
        }
        SecretRef::Env(variable) => (None, None, in_environment(name, variable)),
        SecretRef::File(path) => {
            let (path, now) = (config.dir.join(path), Utc::now());
            in_file(&path, &secret, now, args.overlap).map_err(Failure::Failed)?;
            let next = match remote {
                Some(remote) => {
                    remote.reload().await?;
                    "the daemon was asked to read it; hand it to the receiver now"
                }
                None => {
                    "hand it to the receiver, and send HUP to a running daemon (or restart it), so that it signs with it"
                }
            };
            let until = TimeDelta::from_std(args.overlap).ok().and_then(|overlap| now.checked_add_signed(overlap));
            (Some(path), until, next.to_owned())
        }
    };
    let secret = secret.expose();
    match args.format {
        ListFormat::Json => {
            output::json(&Rotated { endpoint: name, secret, file: file.as_deref(), old_until, next: &next })?;
        }
        ListFormat::Text => {
            output::line(secret);
            if let (Some(file), Some(until)) = (&file, old_until) {
                let until = output::time(until);
                report::note(&format!("{} holds it now, and the old one until {until}", file.display()));
            }
            report::note(&next);
        }
    }
    Ok(Exit::Done)
}

/// 32 random bytes, as Standard Webhooks 1.0 writes them.
fn fresh() -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode(rand::random::<[u8; 32]>())))
}

fn in_environment(endpoint: &str, variable: &str) -> String {
    format!(
        "nothing is changed yet, since the secret of {endpoint} is in the environment. Set {variable}_NEW to the text above, write \
         `secrets: [{{env: {variable}_NEW}}, {{env: {variable}}}]` instead of `secret` in the config, and restart the daemon: \
         an environment is read at the start. When the receiver has the new one, take `{{env: {variable}}}` out"
    )
}

/// Puts a new secret into its file, which nobody else reads or changes meanwhile.
fn in_file(path: &Path, secret: &Secret, now: DateTime<Utc>, overlap: Duration) -> anyhow::Result<()> {
    // Where the file is a link, what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let staged = staging(&path)?;
    // Whoever makes it has the file to itself.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged).map_err(|error| {
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow!("{} is there: another rotation is under way, or was killed; then remove it", staged.display())
            }
            _ => anyhow!("{} cannot be written: {error}", staged.display()),
        }
    })?;
    let result = fill(&mut file, &path, secret, now, overlap)
        .and_then(|()| fs::rename(&staged, &path).with_context(|| format!("{} cannot be replaced", path.display())));
    if result.is_err() {
        let _ = fs::remove_file(&staged);
    }
    result?;
    let parent = path.parent().unwrap_or(Path::new("/"));
    File::open(parent).and_then(|dir| dir.sync_all()).with_context(|| format!("{} cannot be synced", parent.display()))
}

fn staging(path: &Path) -> anyhow::Result<PathBuf> {
    let Some(name) = path.file_name() else { bail!("{} is no file", path.display()) };
    Ok(path.with_file_name(format!(".{}.new", name.to_string_lossy())))
}

fn fill(file: &mut File, path: &Path, secret: &Secret, now: DateTime<Utc>, overlap: Duration) -> anyhow::Result<()> {
    let old = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        result => {
            keep_owner(file, path).with_context(|| format!("the owner of {} cannot be kept", path.display()))?;
            result.with_context(|| format!("{} cannot be read", path.display()))?
        }
    };
    let text = rotation::rotate(&old, secret, now, overlap)
        .map_err(|reason| anyhow!("{} cannot be rotated: {reason}", path.display()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("the new text of {} cannot be written", path.display()))
}

/// Root may rotate what the daemon's own user has to read.
fn keep_owner(file: &File, path: &Path) -> io::Result<()> {
    let (old, new) = (fs::metadata(path)?, file.metadata()?);
    if (old.uid(), old.gid()) == (new.uid(), new.gid()) {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
}
