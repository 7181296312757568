//! The `websub` section: the hubs that feeds name.

use url::Url;

/// Who tells subscribers of feeds that they changed (WebSub).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Websub {
    /// Hubs of others that are told of every document of a feed that changed. Each http or https, none twice.
    pub ping: Vec<Url>,
}
