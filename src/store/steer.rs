//! What operators do to deliveries: send them again, or not at all.
//!
//! In: which ones. Out: how many. Never: a change to a delivery that was made, or a request; the courier notices by itself.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite, Transaction, query};

use super::deliveries::push_selection;
use super::{DeliveryState, Selection, Store, StoreError};

/// The reason of a delivery that somebody cancelled.
pub const CANCELLED: &str = "cancelled by the operator";

/// Whether something is done, or only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is done.
    Real,
    /// Nothing changes; what would is counted.
    Dry,
}

/// Endpoints that are owed something which was made due at this moment, and whose breaker would keep it back.
const PROBE: &str = "
    UPDATE endpoint SET opens_at = ?1
    WHERE opens_at > ?1 AND EXISTS (SELECT 1 FROM delivery d
        WHERE d.endpoint = name AND d.state = 'pending' AND d.is_retry = 0 AND d.due_at = ?1)";

impl Store {
    /// Makes deliveries due at `now` again, with all their tries before them: dead ones, and pending ones that wait.
    /// Those under way, and those to endpoints that the store does not know any more, are left as they are. A breaker that is
    /// open lets one of them through at once. Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn retry(&self, selection: &Selection, now: DateTime<Utc>, mode: Mode) -> Result<u64, StoreError> {
        let now = now.timestamp_millis();
        let mut sql = QueryBuilder::<Sqlite>::new("UPDATE delivery SET state = 'pending', due_at = ");
        sql.push_bind(now).push(
            ", attempts = 0, first_failed_at = NULL, lease_until = NULL, finished_at = NULL, reason = NULL \
             WHERE id IN (SELECT d.id FROM delivery d \
             WHERE d.state IN ('pending', 'dead') AND d.endpoint IN (SELECT name FROM endpoint) \
             AND (d.lease_until IS NULL OR d.lease_until <= ",
        );
        sql.push_bind(now).push(")");
        push_selection(&mut sql, selection);
        sql.push(")");
        let mut tx = self.write().await?;
        let done = sql.build().execute(&mut *tx).await?;
        query(PROBE).bind(now).execute(&mut *tx).await?;
        end(tx, mode).await?;
        Ok(done.rows_affected())
    }

    /// Cancels deliveries: pending ones, unless the selection names the dead. Of one that is under way only the attempt
    /// is recorded when it ends. Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn cancel(
        &self,
        selection: &Selection,
        reason: &str,
        now: DateTime<Utc>,
        mode: Mode,
    ) -> Result<u64, StoreError> {
        let state = match selection.state {
            Some(DeliveryState::Dead) => DeliveryState::Dead,
            _ => DeliveryState::Pending,
        };
        let mut sql =
            QueryBuilder::<Sqlite>::new("UPDATE delivery SET state = 'cancelled', lease_until = NULL, reason = ");
        sql.push_bind(reason.to_owned()).push(", finished_at = ").push_bind(now.timestamp_millis());
        sql.push(" WHERE id IN (SELECT d.id FROM delivery d WHERE d.state = '").push(state.as_str()).push("'");
        push_selection(&mut sql, selection);
        sql.push(")");
        let mut tx = self.write().await?;
        let done = sql.build().execute(&mut *tx).await?;
        end(tx, mode).await?;
        Ok(done.rows_affected())
    }
}

async fn end(tx: Transaction<'_, Sqlite>, mode: Mode) -> sqlx::Result<()> {
    match mode {
        Mode::Real => tx.commit().await,
        Mode::Dry => tx.rollback().await,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::fixtures::*;
    use super::*;

    #[tokio::test]
    async fn the_dead_and_the_waiting_can_be_sent_again_with_all_their_tries() {
        let (_place, store) = one_of_each_state().await;

        assert_eq!(store.retry(&Selection::default(), at(5), Mode::Real).await.unwrap(), 2);

        let claims = claim_all(&store, "hook", 5).await;
        assert_eq!(ids(&claims), ["dead", "late"]);
        for claim in claims {
            assert_eq!((claim.attempts, claim.first_failed_at), (0, None));
            assert!(complete(&store, &claim, Verdict::Delivered, 6).await);
        }
    }

    #[tokio::test]
    async fn only_what_is_selected_is_sent_again() {
        let (_place, store) = one_of_each_state().await;
        let selected = |state, event_id: Option<&str>| Selection {
            state,
            event_id: event_id.map(str::to_owned),
            ..Selection::default()
        };
        for state in [DeliveryState::Delivered, DeliveryState::Cancelled] {
            assert_eq!(store.retry(&selected(Some(state), None), at(5), Mode::Real).await.unwrap(), 0);
        }
        assert_eq!(store.retry(&selected(None, Some("done")), at(5), Mode::Real).await.unwrap(), 0);
        assert_eq!(store.retry(&Selection { limit: 1, ..Selection::default() }, at(5), Mode::Real).await.unwrap(), 1);
        assert_eq!(ids(&claim_all(&store, "hook", 5).await), ["late"], "the newest one");
        assert_eq!(store.retry(&selected(Some(DeliveryState::Dead), None), at(5), Mode::Real).await.unwrap(), 1);
        assert_eq!(ids(&claim_all(&store, "hook", 5).await), ["dead"]);
    }

    #[tokio::test]
    async fn what_is_under_way_is_not_sent_again() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);

        assert_eq!(store.retry(&Selection::default(), at(59), Mode::Real).await.unwrap(), 0);
        assert!(complete(&store, &claim, Verdict::Delivered, 59).await);
    }

    #[tokio::test]
    async fn what_is_dead_at_an_endpoint_that_left_the_config_stays_dead() {
        let (_place, store) = one_of_each_state().await;
        store.sync_endpoints(&[], at(4)).await.unwrap();
        assert_eq!(store.retry(&Selection::default(), at(5), Mode::Real).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_breaker_lets_through_what_is_to_be_sent_again() {
        let (_place, store) = one_of_each_state().await;
        let open = query("UPDATE endpoint SET opens_at = ?").bind(at(1_000).timestamp_millis());
        open.execute(&store.writer).await.unwrap();
        let opens_at = async || store.endpoint("hook").await.unwrap().unwrap().opens_at;
        let other = Selection { endpoint: Some("other".to_owned()), ..Selection::default() };
        assert_eq!(store.retry(&other, at(5), Mode::Real).await.unwrap(), 0);
        assert_eq!(opens_at().await, Some(at(1_000)));
        store.retry(&Selection::default(), at(5), Mode::Real).await.unwrap();
        assert_eq!(opens_at().await, Some(at(5)));
        assert_eq!(claim_all(&store, "hook", 5).await.len(), 1, "one, to see whether it arrives");
    }

    #[tokio::test]
    async fn what_is_only_counted_stays_as_it_is() {
        let (_place, store) = one_of_each_state().await;
        let before = store.deliveries(&Selection::default()).await.unwrap();
        assert_eq!(store.retry(&Selection::default(), at(5), Mode::Dry).await.unwrap(), 2);
        assert_eq!(store.cancel(&Selection::default(), "no", at(5), Mode::Dry).await.unwrap(), 1);
        assert_eq!(store.deliveries(&Selection::default()).await.unwrap(), before);
    }

    #[tokio::test]
    async fn what_is_pending_is_cancelled_and_the_dead_if_they_are_named() {
        let (_place, store) = one_of_each_state().await;
        assert_eq!(store.cancel(&Selection::default(), "no more", at(5), Mode::Real).await.unwrap(), 1);
        let late =
            Selection { event_id: Some("late".to_owned()), endpoint: Some("hook".to_owned()), ..Selection::default() };
        let late = store.deliveries(&late).await.unwrap().remove(0);
        assert_eq!((late.state, late.finished_at, late.due_at), (DeliveryState::Cancelled, Some(at(5)), None));
        assert_eq!(late.reason.as_deref(), Some("no more"));

        let dead = Selection { state: Some(DeliveryState::Dead), ..Selection::default() };
        assert_eq!(store.cancel(&dead, "no more", at(6), Mode::Real).await.unwrap(), 1);
        assert_eq!(store.retry(&Selection::default(), at(7), Mode::Real).await.unwrap(), 0, "it is final");
        let done = Selection { state: Some(DeliveryState::Delivered), ..Selection::default() };
        assert_eq!(store.cancel(&done, "no more", at(8), Mode::Real).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_under_way_is_cancelled_and_its_attempt_still_recorded() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        assert_eq!(store.cancel(&Selection::default(), "no", at(1), Mode::Real).await.unwrap(), 1);

        assert!(!complete(&store, &claim, Verdict::Delivered, 2).await);
        let story = store.stories("a").await.unwrap().remove(0);
        assert_eq!((story.delivery.state, story.history.len()), (DeliveryState::Cancelled, 1));
    }
}
