//! Webhooks that are told nothing any more: those that left the config, and those that are switched off in it.
//!
//! In: the config, and the store if there is one. Out: a problem for each. Never: a change, or a complaint that there is no store.

use super::output;
use crate::config::{Config, Webhook};
use crate::problems::{Code, Problem, Severity};
use crate::store::{Access, EndpointState, Left, Store, StoreError};

/// What the store holds of such webhooks, as problems of the config in `file`.
pub(super) async fn problems(config: &Config, file: &str) -> Vec<Problem> {
    match look(config).await {
        Ok((left, off)) => {
            let left = left.iter().map(|left| gone(left, file));
            left.chain(off.iter().map(|endpoint| switched_off(endpoint, file))).collect()
        }
        Err(error) => {
            tracing::debug!(%error, "what webhooks are owed is not known");
            Vec::new()
        }
    }
}

async fn look(config: &Config) -> Result<(Vec<Left>, Vec<EndpointState>), StoreError> {
    let store = Store::open(&config.store, Access::Guest).await?;
    let endpoints = store.endpoints().await?;
    let is_known = |name: &str| endpoints.iter().any(|endpoint| endpoint.name == name);
    let mut names: Vec<_> = config.webhooks.iter().map(|hook| hook.name.clone()).collect();
    let renamed = config.webhooks.iter().filter(|hook| !is_known(&hook.name));
    names.extend(renamed.filter_map(|hook| hook.renamed_from.clone()));
    let left = store.leaving(&names).await?;
    let is_off = |hook: &&std::sync::Arc<Webhook>| !hook.enabled;
    let off: Vec<_> = config.webhooks.iter().filter(is_off).map(|hook| hook.name.as_str()).collect();
    Ok((left, endpoints.into_iter().filter(|endpoint| off.contains(&endpoint.name.as_str())).collect()))
}

fn gone(left: &Left, file: &str) -> Problem {
    let name = &left.name;
    Problem {
        code: Code::Untold,
        severity: if left.pending > 0 { Severity::Warning } else { Severity::Note },
        path: file.to_owned(),
        place: None,
        message: match left.pending {
            0 => format!("the webhook `{name}` is not in the config any more; it is owed nothing"),
            n => format!("the webhook `{name}` is not in the config any more, and is still owed {}", deliveries(n)),
        },
        effect: match left.pending {
            0 => "at the next start, reload or scan it is forgotten".to_owned(),
            _ => "at the next start, reload or scan they are cancelled".to_owned(),
        },
        remedy: format!(
            "if it only has another name now, write `renamed_from: {name}` below that name; else do nothing"
        ),
    }
}

fn switched_off(endpoint: &EndpointState, file: &str) -> Problem {
    let name = &endpoint.name;
    Problem {
        code: Code::Untold,
        severity: Severity::Note,
        path: file.to_owned(),
        place: None,
        message: format!("the webhook `{name}` is switched off by `enabled: false`"),
        effect: format!("it is owed nothing new; what it is owed is kept: {}", deliveries(endpoint.pending)),
        remedy:
            "take the key out to send again; `tidings deliveries cancel --endpoint NAME` if it is to get none of them"
                .to_owned(),
    }
}

fn deliveries(n: u64) -> String {
    output::plural(usize::try_from(n).unwrap_or(usize::MAX), "delivery", "deliveries")
}
