//! Documents reach feed readers; operators see how things stand.
//!
//! The only module that listens. Two listeners: the public one has the documents and nothing else, the admin one has
//! health and metrics. Never: reads posts, or trusts anything a request says.

mod admin;
mod bodies;
mod coding;
mod complaints;
mod conditional;
mod documents;
mod serve;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make and look at files")]
mod tests;

use axum::Router;

pub use admin::Admin;
pub use serve::serve;

use crate::publish::Published;

/// The public listener's routes. `prefix` is the path of `server.public_url`: documents answer with and without it, so
/// that a reverse proxy may strip it or not.
pub fn public(published: Published, prefix: &str) -> Router {
    documents::router(published, prefix)
}

/// The admin listener's routes: `/livez`, `/readyz`, `/metrics`.
pub fn admin(admin: Admin) -> Router {
    admin::router(admin)
}
