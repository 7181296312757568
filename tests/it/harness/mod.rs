//! What every test works with: a site in a directory of its own, the program, a receiver whose answers can be scripted.
//!
//! Nothing here sleeps: a test waits for a line of the log, for a message, or for the process to end. What is left over when
//! a part of the harness is dropped fails the test.

mod daemon;
mod disk;
mod receiver;
mod site;
mod unsigned;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use daemon::{Daemon, client, fetch};
pub(crate) use disk::{BrokenDisk, SmallDisk};
pub(crate) use receiver::{Answer, Message, Receiver};
pub(crate) use site::{Done, Site};
pub(crate) use unsigned::{Request, Unsigned};

/// A secret that signs the messages of all tests.
pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// How long a test waits for what must come: long, because a machine may be busy, and never the whole of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test.
pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_tidings")
}

/// A path in this repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program that a suite needs, if `tests/prepare.sh` found it. In CI no suite may be left out.
pub(crate) fn suite(name: &str) -> Option<PathBuf> {
    let variable = format!("TIDINGS_TEST_{name}");
    let found = std::env::var_os(&variable).map(PathBuf::from);
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{variable} is not set: run `make test`, which sets it");
        println!("left out: {variable} is not set; `make test` sets it");
    }
    found
}
