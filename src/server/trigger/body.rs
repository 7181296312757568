//! The body of a request, read within bounds: bytes, time, and memory for all of them together.
//!
//! In: a stranger's body. Out: its bytes, each shown as it comes. Never: more than is allowed held in memory, or longer than
//! is allowed waited for.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Body as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// The longest body, in bytes: GitHub sends no longer ones, and the others far shorter.
pub(super) const LONGEST: usize = 25 << 20;
/// What all bodies under way may hold, in bytes.
const MEMORY: usize = 64 << 20;
/// For a body to arrive. Providers wait about ten seconds for the answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a body is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TooLong,
    TooSlow,
    /// Others hold all memory.
    NoRoom,
    /// The client went away, or does not speak HTTP.
    Broken,
}

/// Takes bodies in.
#[derive(Debug)]
pub(super) struct Intake {
    memory: Semaphore,
    patience: Duration,
}

/// A body, and its share of the memory.
#[derive(Debug)]
pub(super) struct Held<'a> {
    pub(super) bytes: Vec<u8>,
    room: Option<SemaphorePermit<'a>>,
}

impl Default for Intake {
    fn default() -> Self {
        Self { memory: Semaphore::new(MEMORY), patience: PATIENCE }
    }
}

impl Intake {
    /// Reads a body, and shows each part to `each` as it comes.
    pub(super) async fn read(&self, body: Body, each: impl FnMut(&[u8])) -> Result<Held<'_>, Refusal> {
        if body.size_hint().lower() > LONGEST as u64 {
            return Err(Refusal::TooLong);
        }
        timeout(self.patience, self.read_all(body, each)).await.unwrap_or(Err(Refusal::TooSlow))
    }

    async fn read_all(&self, mut body: Body, mut each: impl FnMut(&[u8])) -> Result<Held<'_>, Refusal> {
        let mut held = Held { bytes: Vec::new(), room: None };
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            // What is no data is a trailer, which nobody asked for.
            let Ok(bytes) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
            if held.bytes.len() + bytes.len() > LONGEST {
                return Err(Refusal::TooLong);
            }
            held.make_room(&self.memory, bytes.len())?;
            each(&bytes);
            held.bytes.extend_from_slice(&bytes);
        }
        Ok(held)
    }
}

impl<'a> Held<'a> {
    fn make_room(&mut self, memory: &'a Semaphore, bytes: usize) -> Result<(), Refusal> {
        let bytes = u32::try_from(bytes).map_err(|_| Refusal::NoRoom)?;
        let more = memory.try_acquire_many(bytes).map_err(|_| Refusal::NoRoom)?;
        match &mut self.room {
            Some(room) => room.merge(more),
            room => *room = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use axum::body::Bytes;

    use super::*;

    #[tokio::test]
    async fn a_body_of_the_longest_length_is_read_and_no_longer_one() {
        let intake = Intake::default();
        let mut shown = 0;
        let held = intake.read(Body::from(vec![7; LONGEST]), |part| shown += part.len()).await.unwrap();
        assert_eq!((held.bytes.len(), shown), (LONGEST, LONGEST));
        assert_eq!(intake.memory.available_permits(), MEMORY - LONGEST);
        drop(held);
        assert_eq!(intake.read(Body::from(vec![7; LONGEST + 1]), |_| {}).await.unwrap_err(), Refusal::TooLong);
        assert_eq!(intake.memory.available_permits(), MEMORY);
    }

    #[tokio::test]
    async fn a_body_that_does_not_say_how_long_it_is_ends_at_the_bound() {
        let intake = Intake::default();
        assert_eq!(intake.read(Body::new(Endless), |_| {}).await.unwrap_err(), Refusal::TooLong);
        assert_eq!(intake.memory.available_permits(), MEMORY);
    }

    #[tokio::test]
    async fn all_bodies_together_have_their_bound() {
        let intake = Intake::default();
        let (a, _b) = (hold(&intake).await.unwrap(), hold(&intake).await.unwrap());
        assert_eq!(hold(&intake).await.unwrap_err(), Refusal::NoRoom);
        drop(a);
        assert!(hold(&intake).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let intake = Intake { patience: Duration::from_millis(5), ..Intake::default() };
        assert_eq!(intake.read(Body::new(Silent), |_| {}).await.unwrap_err(), Refusal::TooSlow);
    }

    async fn hold(intake: &Intake) -> Result<Held<'_>, Refusal> {
        intake.read(Body::from(vec![7; LONGEST]), |_| {}).await
    }

    pub(in super::super) struct Endless;

    impl hyper::body::Body for Endless {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from_static(&[7; 4096])))))
        }
    }

    struct Silent;

    impl hyper::body::Body for Silent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }
}
