//! Documents reach feed readers; operators see how things stand.
//!
//! The only module that listens. Two listeners: the public one has the documents, the trigger and the hub and nothing else, the admin
//! one has health, metrics and the API. Never: reads posts, or trusts anything a request says.

mod admin;
pub mod api;
mod bearer;
mod bodies;
mod coding;
mod complaints;
mod conditional;
mod documents;
mod hub;
mod key;
mod prefix;
mod serve;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make and look at files")]
mod tests;
mod trigger;

use std::sync::Arc;

use axum::{Router, middleware};
use tokio::sync::Notify;

pub use admin::Admin;
pub use api::Api;
pub use hub::Hub;
pub use serve::{Listening, serve};
pub use trigger::pace;

use self::prefix::Prefix;
use self::trigger::Trigger;
use crate::config;
use crate::publish::Published;

/// The public listener's routes: the documents, and the trigger and the hub if there are any. `path` is that of
/// `server.public_url`; all answer with and without it, so that a reverse proxy may strip it or not. `asked` is told of every scan
/// that is asked for.
pub fn public(
    published: Published,
    path: &str,
    trigger: Option<&config::Trigger>,
    asked: &Arc<Notify>,
    websub: &config::Websub,
    hub: Option<Hub>,
) -> Router {
    let prefix = Prefix::new(path);
    let mut routes = documents::router(published.clone(), prefix.clone(), websub.clone());
    if let Some(trigger) = trigger {
        let trigger = Arc::new(Trigger::new(trigger, prefix.clone(), Arc::clone(asked)));
        routes = routes.layer(middleware::from_fn_with_state(trigger, trigger::answer));
    }
    if let (Some(config), Some(hub)) = (&websub.hub, hub) {
        let desk = Arc::new(hub::Desk::new(hub, config, published, prefix));
        routes = routes.layer(middleware::from_fn_with_state(desk, hub::answer));
    }
    routes
}

/// These routes of the public listener, and the file that proves whose an IndexNow key is. `path` as in [`public`].
pub fn with_key(routes: Router, path: &str, indexnow: &config::IndexNow) -> Router {
    key::add(routes, path, indexnow)
}

/// The admin listener's routes: `/livez`, `/readyz`, `/metrics`, and the [API](api).
pub fn admin(admin: Admin, api: Api) -> Router {
    admin::router(admin).merge(api::router(api))
}
