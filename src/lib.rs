//! Tidings turns a repository of Markdown posts into feeds and notifications.
//!
//! ```text
//!  sources ──► sites/posts ──► catalog ──► feeds ──┐
//!                                │                 ├─► publish ──► store (outbox) ──► deliveries ──► webhooks
//!                                └─────► events ───┘      │
//!                                                         └─► documents ──► server ──► feed readers
//! ```
//!
//! One module a stage, in pipeline order. `posts`, `sites`, `catalog`, `feeds` and `events` are pure:
//! no I/O, no clock (now is an argument), no async. `sources` alone reads posts, `publish` alone writes
//! documents, `store` alone speaks SQL, `deliveries` alone calls out, `server` alone listens. `scan` runs
//! the stages of one pass in order; `cli` wires everything together.

/// Here, so that tests and benchmarks have it, too. Its settings are in `.cargo/config.toml`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

mod failpoint;

pub mod problems;

pub mod config;

pub mod sources;

pub mod posts;

pub mod sites;

pub mod catalog;

pub mod feeds;

pub mod events;

pub mod publish;

pub mod store;

pub mod scan;

pub mod deliveries;

pub mod server;

pub mod cli;
