//! Deliveries: what was sent, is owed or was given up; and sending it again, or not at all.
//!
//! In: which ones, in a query or a body. Out: a page of them, the story of one message, or how many were changed. Never: more
//! than a page at a time.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use chrono::DateTime;
use url::form_urlencoded;

use super::answer::{Json, Trouble};
use super::{Api, Changed, Order};
use crate::store::{CANCELLED, Delivery, DeliveryState, Selection, Story};

/// The most deliveries on a page.
pub const PAGE: usize = 1000;
/// Where nothing is said.
const USUAL_PAGE: usize = 50;

const NOTHING_SAID: Trouble = Trouble::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "say which: `id`, `endpoint`, `since` (RFC 3339), or `state`; without any, all would be meant",
);
const NO_BODY: Trouble =
    Trouble::new(StatusCode::PAYLOAD_TOO_LARGE, "the body has at most 16 KiB, and has to arrive whole");
const NO_ORDER: Trouble = Trouble::new(
    StatusCode::BAD_REQUEST,
    "the body is a JSON object with some of `id`, `endpoint`, `state`, `since` (RFC 3339), `dry_run`",
);
const BAD_QUERY: Trouble = Trouble::new(
    StatusCode::BAD_REQUEST,
    "the query holds `endpoint`, `state` (pending, delivered, dead, cancelled), `since` (RFC 3339), `limit` (1 to 1000) and \
     `cursor` (the `number` of the last one on the page before)",
);

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Delivery>>, Trouble> {
    let selection = read_query(query.as_deref().unwrap_or_default()).ok_or(BAD_QUERY)?;
    Ok(Json(api.store.deliveries(&selection).await?))
}

pub(super) async fn show(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<Json<Vec<Story>>, Trouble> {
    let stories = api.store.stories(&id).await?;
    if stories.is_empty() {
        return Err(Trouble::new(StatusCode::NOT_FOUND, "no endpoint was ever owed this message"));
    }
    Ok(Json(stories))
}

type Body = Result<Bytes, BytesRejection>;

pub(super) async fn retry(State(api): State<Arc<Api>>, body: Body) -> Result<Json<Changed>, Trouble> {
    let (order, selection) = read_order(&body.map_err(|_| NO_BODY)?)?;
    let count = api.store.retry(&selection, api.clock.now(), order.mode()).await?;
    Ok(changed(&api, &order, count, "are due again"))
}

pub(super) async fn cancel(State(api): State<Arc<Api>>, body: Body) -> Result<Json<Changed>, Trouble> {
    let (order, selection) = read_order(&body.map_err(|_| NO_BODY)?)?;
    let count = api.store.cancel(&selection, CANCELLED, api.clock.now(), order.mode()).await?;
    Ok(changed(&api, &order, count, "are cancelled"))
}

fn changed(api: &Api, order: &Order, count: u64, what: &str) -> Json<Changed> {
    if !order.dry_run {
        tracing::info!(count, "deliveries {what}, as the admin API was asked");
        api.wake.notify_one();
    }
    Json(Changed { count, dry_run: order.dry_run })
}

fn read_order(body: &[u8]) -> Result<(Order, Selection), Trouble> {
    let order: Order = serde_json::from_slice(body).map_err(|_| NO_ORDER)?;
    let selection = order.selection().ok_or(NOTHING_SAID)?;
    Ok((order, selection))
}

/// `None` if it holds something else than it may.
fn read_query(query: &str) -> Option<Selection> {
    let mut selection = Selection { limit: USUAL_PAGE, ..Selection::default() };
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "endpoint" => selection.endpoint = Some(value.into_owned()),
            "state" => selection.state = Some(DeliveryState::from_name(&value)?),
            "since" => selection.since = Some(DateTime::parse_from_rfc3339(&value).ok()?.to_utc()),
            "limit" => selection.limit = value.parse().ok().filter(|limit| (1..=PAGE).contains(limit))?,
            "cursor" => selection.below = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some(selection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_which_page_of_which_deliveries() {
        let usual = Selection { limit: 50, ..Selection::default() };
        assert_eq!(read_query(""), Some(usual.clone()));
        let all = "endpoint=a%2Fb&state=dead&since=2026-11-22T10:00:00%2B09:00&limit=1000&cursor=7";
        let expected = Selection {
            endpoint: Some("a/b".to_owned()),
            state: Some(DeliveryState::Dead),
            since: Some("2026-11-22T01:00:00Z".parse().unwrap()),
            below: Some(7),
            limit: 1000,
            ..usual
        };
        assert_eq!(read_query(all), Some(expected));
        for bad in ["limit=0", "limit=1001", "limit=x", "state=lost", "since=yesterday", "cursor=a", "endpont=x"] {
            assert_eq!(read_query(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_order_for_everything_has_to_be_said() {
        let read = |body: &str| read_order(body.as_bytes()).map(|(order, selection)| (order.dry_run, selection));
        let dead = Selection { state: Some(DeliveryState::Dead), ..Selection::default() };
        assert_eq!(read(r#"{"state":"dead"}"#), Ok((false, dead.clone())));
        assert_eq!(read(r#"{"state":"dead","dry_run":true}"#), Ok((true, dead)));
        for body in ["{}", r#"{"dry_run":true}"#, r#"{"id":null}"#] {
            assert_eq!(read(body), Err(NOTHING_SAID), "{body}");
        }
        for body in ["", "[1]", "x", r#"{"ids":[]}"#, r#"{"state":"lost"}"#, r#"{"since":"yesterday"}"#] {
            assert_eq!(read(body), Err(NO_ORDER), "{body}");
        }
    }
}
