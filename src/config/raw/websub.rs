//! The `websub` section as written.

use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RawWebsub {
    pub(in crate::config) ping: Vec<String>,
}
