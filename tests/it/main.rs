//! Tidings as the outside sees it: the real binary, real files, real sockets.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests read, write, unwrap, and say what they leave out"
)]

mod api;
mod check;
mod clocks;
mod commands;
mod daemon;
mod deploy;
mod documents;
mod endpoints;
mod errors;
mod explain;
mod faults;
mod feeds;
mod formats;
mod generators;
mod git_source;
mod git_times;
mod harness;
mod hugo;
mod identity;
mod jekyll;
mod kept;
mod layers;
mod listen;
mod memory;
mod nasty;
mod neighbours;
mod permissions;
#[path = "../fuzz/random.rs"]
mod random;
mod readers;
mod receivers;
mod reload;
mod renames;
mod rotation;
mod rules;
mod sample;
mod serving;
mod steering;
mod templates;
mod trigger;
mod untold;
mod watch;
mod websub;
