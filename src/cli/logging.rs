//! Where log lines go: standard error, as text or as JSON.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use super::args::{Common, LogFormat};

/// Sets up logging for the rest of the process. `TIDINGS_LOG` overrides what `-v` and `-q` say.
pub(super) fn init(common: &Common) {
    let default = match (common.quiet, common.verbose) {
        (true, _) => "error",
        // A directory that is gone is no longer watched; `notify` warns of it.
        (_, 0) => "warn,notify=error,tidings=info",
        (_, 1) => "info,tidings=debug",
        (_, _) => "debug,tidings=trace",
    };
    let filter = EnvFilter::builder().with_env_var("TIDINGS_LOG").try_from_env();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new(default)))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match common.log_format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
