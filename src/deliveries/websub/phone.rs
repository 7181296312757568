//! One call to a stranger's callback.
//!
//! In: a request. Out: an answer's head, or why there is none. Never: an address that is not public, or longer than a call may
//! take.

use reqwest::{Client, Method, RequestBuilder, Response, Url};
use tokio::time::{Instant, timeout_at};

use super::super::addresses::Policy;
use super::super::client::Timeouts;
use super::super::failure::Failure;

#[derive(Debug)]
pub(super) struct Phone {
    client: Client,
    timeouts: Timeouts,
}

/// An answer whose body may be read until the deadline.
pub(super) struct Heard {
    pub(super) response: Response,
    deadline: Instant,
}

impl Phone {
    pub(super) const fn new(client: Client, timeouts: Timeouts) -> Self {
        Self { client, timeouts }
    }

    /// A request to a callback, to be sent by [`call`](Self::call).
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Makes the call.
    pub(super) async fn call(&self, url: &Url, request: RequestBuilder) -> Result<Heard, Failure> {
        let deadline = Instant::now() + self.timeouts.total;
        // The resolver is not asked about literals, so they are checked here.
        if let Some(host) = url.host() {
            Policy::Stranger.check_host(&host).map_err(|refused| Failure::from(&refused))?;
        }
        let response = timeout_at(deadline, request.send())
            .await
            .map_err(|_| Failure::late(&self.timeouts))?
            .map_err(|error| Failure::of(&error, &self.timeouts))?;
        Ok(Heard { response, deadline })
    }

    /// Whether an answer's body is exactly `expected`. No more of it is read than it takes to know.
    pub(super) async fn says(&self, heard: Heard, expected: &[u8]) -> Result<bool, Failure> {
        let Heard { mut response, deadline } = heard;
        let mut rest = expected;
        loop {
            let chunk = timeout_at(deadline, response.chunk()).await.map_err(|_| Failure::late(&self.timeouts))?;
            match chunk.map_err(|error| Failure::of(&error, &self.timeouts))? {
                None => return Ok(rest.is_empty()),
                Some(chunk) => match rest.strip_prefix(chunk.as_ref()) {
                    Some(after) => rest = after,
                    None => return Ok(false),
                },
            }
        }
    }
}
