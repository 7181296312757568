//! Values between Rust and SQLite where sqlx has no conversion of its own.
//!
//! In: columns and Rust values. Out: the other of the two. Never: a statement.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::config::EventType;

/// A point in time from a column that is never null.
pub(super) fn time(row: &SqliteRow, column: &str) -> sqlx::Result<DateTime<Utc>> {
    decode(column, row.try_get(column)?, DateTime::from_timestamp_millis)
}

/// A point in time from a column that may be null.
pub(super) fn optional_time(row: &SqliteRow, column: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
    let millis: Option<i64> = row.try_get(column)?;
    millis.map(|millis| decode(column, millis, DateTime::from_timestamp_millis)).transpose()
}

/// An event's type by its name on the wire.
pub(super) fn event_type(row: &SqliteRow, column: &str) -> sqlx::Result<EventType> {
    decode(column, row.try_get::<&str, _>(column)?, EventType::from_name)
}

/// A value that was kept as JSON text.
pub(super) fn json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> sqlx::Result<T> {
    serde_json::from_str(row.try_get(column)?).map_err(|error| decode_error(column, error.into()))
}

/// A column's value as the Rust type that `read` makes of it; what it does not know is an error that names the column.
pub(super) fn decode<V: Debug + Copy, T>(column: &str, value: V, read: impl FnOnce(V) -> Option<T>) -> sqlx::Result<T> {
    read(value).ok_or_else(|| decode_error(column, format!("unknown value {value:?}").into()))
}

/// The JSON text of a value; of a list of names, what `json_each` reads.
pub(super) fn json_text<T: Serialize + ?Sized>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn decode_error(column: &str, source: Box<dyn std::error::Error + Send + Sync>) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source }
}
