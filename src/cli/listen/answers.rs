//! What a receiver answers, and every way in which it can fail to.
//!
//! In: `--answer` and its like, and how many messages came before. Out: a response, sooner or later or never. Never: an end of
//! its own to one that hangs.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Frame;
use tokio::time::{Interval, interval};
use tokio_util::sync::CancellationToken;

/// Between two bytes of a body that drips.
const DRIP: Duration = Duration::from_secs(1);

/// What a message is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Answer {
    /// This status.
    Status(StatusCode),
    /// A redirect to another path.
    Redirect,
    /// Nothing, and the connection stays.
    Hang,
    /// 200, and a body of a byte a second.
    Drip,
    /// Nothing, and the connection is closed.
    Close,
}

impl Answer {
    const GOOD: Self = Self::Status(StatusCode::NO_CONTENT);
}

impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "redirect" => Self::Redirect,
            "hang" => Self::Hang,
            "drip" => Self::Drip,
            "close" => Self::Close,
            number => {
                let status = number.parse().ok().filter(|status: &StatusCode| (200..600).contains(&status.as_u16()));
                Self::Status(status.ok_or("a status from 200 to 599, or `redirect`, `hang`, `drip`, `close`")?)
            }
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{}", status.as_u16()),
            Self::Redirect => f.write_str("redirect"),
            Self::Hang => f.write_str("hang"),
            Self::Drip => f.write_str("drip"),
            Self::Close => f.write_str("close"),
        }
    }
}

/// Which messages are answered how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) answer: Answer,
    /// So many are taken first.
    pub(super) after: usize,
    /// So many are answered so, then all are taken again; `None`: all are.
    pub(super) times: Option<usize>,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
}

impl Plan {
    /// What a message is answered before which so many came.
    pub(super) fn answer(&self, before: usize) -> Answer {
        let end = self.times.map_or(usize::MAX, |times| self.after.saturating_add(times));
        if (self.after..end).contains(&before) { self.answer } else { Answer::GOOD }
    }

    pub(super) async fn carry_out(&self, answer: Answer, stop: &CancellationToken) -> Response {
        let mut response = match answer {
            Answer::Status(status) => status.into_response(),
            Answer::Redirect => (StatusCode::FOUND, [(LOCATION, "/elsewhere")]).into_response(),
            Answer::Hang => {
                stop.cancelled().await;
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
            Answer::Drip => Body::new(Drip(interval(DRIP))).into_response(),
            Answer::Close => Body::new(Broken).into_response(),
        };
        if let Some(seconds) = self.retry_after.filter(|_| answer != Answer::GOOD) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A body that never ends.
struct Drip(Interval);

impl hyper::body::Body for Drip {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        ready!(self.0.poll_tick(cx));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b".")))))
    }
}

/// A body that fails before its first byte: the connection is closed before the head is written.
struct Broken;

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_status_or_a_way_to_fail() {
        for text in ["200", "410", "500", "redirect", "hang", "drip", "close"] {
            assert_eq!(text.parse::<Answer>().unwrap().to_string(), text);
        }
        for text in ["", "100", "600", "ok", "-1", "2000"] {
            assert!(text.parse::<Answer>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_plan_says_which_messages_are_answered_so() {
        let answers = |after, times| -> Vec<bool> {
            let plan = Plan { answer: Answer::Hang, after, times, retry_after: None };
            (0..4).map(|before| plan.answer(before) == Answer::Hang).collect()
        };
        assert_eq!(answers(0, None), [true; 4]);
        assert_eq!(answers(1, None), [false, true, true, true]);
        assert_eq!(answers(1, Some(2)), [false, true, true, false]);
        assert_eq!(answers(usize::MAX, Some(2)), [false; 4]);
    }
}
