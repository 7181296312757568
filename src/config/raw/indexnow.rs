//! The `indexnow` section as written.

use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(in crate::config) struct RawIndexNow {
    pub(in crate::config) key: Option<String>,
    pub(in crate::config) endpoint: Option<String>,
    pub(in crate::config) key_location: Option<String>,
}
