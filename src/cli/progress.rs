//! Progress of long work, where somebody watches.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is over sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A progress bar on standard error, if that is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    /// Where nobody looks there is none: making one takes longer than many a scan takes to find a post.
    bar: Option<ProgressBar>,
    step: Mutex<&'static str>,
    started: std::time::Instant,
}

impl Progress {
    /// A bar that appears if the work takes long. `wanted` is false where nobody asked for words.
    pub(super) fn new(wanted: bool) -> Self {
        let bar = (wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            match ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { bar, step: Mutex::new(""), started: std::time::Instant::now() }
    }

    /// Shows how far a step is.
    pub(super) fn show(&self, step: &'static str, done: usize, of: usize) {
        let Some(bar) = self.bar.as_ref().filter(|bar| !bar.is_hidden() && self.started.elapsed() >= PATIENCE) else {
            return;
        };
        let mut shown = self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *shown != step {
            *shown = step;
            bar.set_message(step);
            bar.set_length(of as u64);
        }
        bar.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
