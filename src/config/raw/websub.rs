//! The `websub` section as written.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::config::Signature;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(in crate::config) struct RawWebsub {
    pub(in crate::config) hub: Option<bool>,
    pub(in crate::config) max_subscriptions: Option<u32>,
    pub(in crate::config) ping: Vec<String>,
    pub(in crate::config) signatures: BTreeMap<String, Signature>,
}
