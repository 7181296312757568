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
    bar: ProgressBar,
    step: Mutex<&'static str>,
    started: std::time::Instant,
}

impl Progress {
    /// A bar that appears if the work takes long. `wanted` is false where nobody asked for words.
    pub(super) fn new(wanted: bool) -> Self {
        let target = match wanted && std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr_with_hz(10),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
            bar.set_style(style);
        }
        Self { bar, step: Mutex::new(""), started: std::time::Instant::now() }
    }

    /// Shows how far a step is.
    pub(super) fn show(&self, step: &'static str, done: usize, of: usize) {
        if self.bar.is_hidden() || self.started.elapsed() < PATIENCE {
            return;
        }
        let mut shown = self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *shown != step {
            *shown = step;
            self.bar.set_message(step);
            self.bar.set_length(of as u64);
        }
        self.bar.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
