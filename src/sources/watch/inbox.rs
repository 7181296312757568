//! Events on their way from the system's thread to ours.
//!
//! In: events as they come. Out: those that may mean something, in order; or the word that there were too many. Never: blocks.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use notify::Event;
use tokio::sync::Notify;

use super::tree::is_change;

/// More events than this at once are as good as an overflow.
const MAX_EVENTS: usize = 10_000;

/// Events that nobody has looked at yet.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    held: Mutex<Held>,
    arrived: Notify,
}

/// What came.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// In the order in which it happened.
    pub(super) events: Vec<Event>,
    /// Whether there was more, or the watcher failed.
    pub(super) lost: bool,
}

impl Inbox {
    /// What a watcher calls.
    pub(super) fn handler(self: Arc<Self>) -> impl Fn(notify::Result<Event>) + Send + 'static {
        move |event| {
            if event.as_ref().is_ok_and(|event| !is_change(event.kind)) {
                return;
            }
            self.held.lock().unwrap_or_else(PoisonError::into_inner).add(event);
            self.arrived.notify_one();
        }
    }

    /// Waits for events. Nothing is lost if the wait is given up.
    pub(super) async fn next(&self) -> Held {
        self.arrived.notified().await;
        self.take()
    }

    /// What came until now.
    pub(super) fn take(&self) -> Held {
        mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Held {
    fn add(&mut self, event: notify::Result<Event>) {
        match event {
            Ok(event) if !self.lost && self.events.len() < MAX_EVENTS => self.events.push(event),
            _ => *self = Self { events: Vec::new(), lost: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, AccessMode, CreateKind, EventKind};

    use super::*;

    #[tokio::test]
    async fn reading_is_no_event_and_too_much_is_one() {
        let inbox = Arc::new(Inbox::default());
        let tell = Arc::clone(&inbox).handler();
        tell(Ok(Event::new(EventKind::Access(AccessKind::Open(AccessMode::Any)))));
        tell(Ok(Event::new(EventKind::Access(AccessKind::Close(AccessMode::Write)))));
        tell(Ok(Event::new(EventKind::Create(CreateKind::File))));
        let held = inbox.next().await;
        assert_eq!((held.events.len(), held.lost), (2, false));
        for _ in 0..=MAX_EVENTS {
            tell(Ok(Event::new(EventKind::Create(CreateKind::File))));
        }
        assert!(inbox.next().await.lost);
        tell(Err(notify::Error::generic("broken")));
        assert!(inbox.next().await.lost);
    }
}
