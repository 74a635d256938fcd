//! Between SQL values and nouns: one place that knows how ids, times, hashes and JSON are stored.
//!
//! A row that does not fit its noun is corrupt data, reported with the column's name; nothing here
//! panics or defaults.

use chrono::{DateTime, Utc};
use footnote_core::hash::ContentHash;
use footnote_core::ports::{ListRequest, Listing};
use footnote_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};
use uuid::Uuid;

/// A row about to become a noun.
pub(crate) struct Fields<'r> {
    row: &'r SqliteRow,
    noun: &'static str,
}

impl<'r> Fields<'r> {
    /// Reads `row` as a `noun`, which errors name.
    pub(crate) fn of(row: &'r SqliteRow, noun: &'static str) -> Self {
        Self { row, noun }
    }

    /// The column as any type that sqlx decodes.
    pub(crate) fn get<T>(&self, column: &str) -> Result<T>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        self.row.try_get(column).map_err(|cause| self.corrupt(column).with_source(cause))
    }

    /// A text.
    pub(crate) fn text(&self, column: &str) -> Result<String> {
        self.get(column)
    }

    /// An id.
    pub(crate) fn id(&self, column: &str) -> Result<Uuid> {
        self.get(column)
    }

    /// A number that is never negative and fits `T`.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T> {
        T::try_from(self.get::<i64>(column)?).map_err(|_| self.corrupt(column))
    }

    /// As [`Self::number`], or nothing.
    pub(crate) fn maybe_number<T: TryFrom<i64>>(&self, column: &str) -> Result<Option<T>> {
        let value: Option<i64> = self.get(column)?;
        value.map(|v| T::try_from(v).map_err(|_| self.corrupt(column))).transpose()
    }

    /// A flag.
    pub(crate) fn flag(&self, column: &str) -> Result<bool> {
        match self.get::<i64>(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt(column)),
        }
    }

    /// A time.
    pub(crate) fn time(&self, column: &str) -> Result<DateTime<Utc>> {
        time_of(self.get(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// A time, or nothing.
    pub(crate) fn maybe_time(&self, column: &str) -> Result<Option<DateTime<Utc>>> {
        let micros: Option<i64> = self.get(column)?;
        micros.map(|m| time_of(m).ok_or_else(|| self.corrupt(column))).transpose()
    }

    /// A hash.
    pub(crate) fn hash(&self, column: &str) -> Result<ContentHash> {
        let bytes: Vec<u8> = self.get(column)?;
        bytes.try_into().map(ContentHash).map_err(|_| self.corrupt(column))
    }

    /// A structure stored as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|cause| self.corrupt(column).with_source(cause))
    }

    /// A structure stored as JSON, or nothing.
    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let text: Option<String> = self.get(column)?;
        text.map(|t| serde_json::from_str(&t).map_err(|cause| self.corrupt(column).with_source(cause)))
            .transpose()
    }

    /// A name of a closed set, told by the set's own `from_name`.
    pub(crate) fn named<T>(&self, column: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<T> {
        from_name(&self.text(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// The error for this row and column.
    pub(crate) fn corrupt(&self, column: &str) -> Error {
        Error::corrupt(format!("stored {} has a value in column {column} that does not fit", self.noun))
    }
}

/// Microseconds since 1970 as a time; `None` outside the calendar.
fn time_of(micros: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros)
}

/// A time as stored.
pub(crate) fn micros(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}

/// The time as it will be read back: stored times have microseconds.
pub(crate) fn stored_time(time: DateTime<Utc>) -> DateTime<Utc> {
    time_of(micros(time)).unwrap_or(time)
}

/// A count as SQLite's signed integer.
pub(crate) fn integer(value: impl TryInto<i64>) -> Result<i64> {
    value.try_into().map_err(|_| Error::invalid("a number is too large to be stored"))
}

/// A hash as stored.
pub(crate) fn hash_bytes(hash: ContentHash) -> Vec<u8> {
    hash.0.to_vec()
}

/// A structure as stored.
pub(crate) fn to_json<T: Serialize>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|cause| Error::invalid(format!("{what} cannot be stored as JSON")).with_source(cause))
}

/// Says what we were doing when SQL failed, and sorts the failure into its kind.
pub(crate) trait Doing<T> {
    /// "cannot {what}".
    fn doing(self, what: &str) -> Result<T>;
}

impl<T> Doing<T> for std::result::Result<T, sqlx::Error> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|cause| Error::new(kind_of(&cause), format!("cannot {what}")).with_source(cause))
    }
}

/// Whether a uniqueness rule refused the write.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.is_unique_violation())
}

/// Whether the row that a write refers to is missing.
pub(crate) fn is_dangling(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.is_foreign_key_violation())
}

fn kind_of(error: &sqlx::Error) -> ErrorKind {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => ErrorKind::Unavailable,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => ErrorKind::Corrupt,
        sqlx::Error::Database(database) => kind_of_code(database.code().as_deref()),
        _ => ErrorKind::Internal,
    }
}

/// SQLite's result codes, the low byte of which is the primary one: <https://sqlite.org/rescode.html>
fn kind_of_code(code: Option<&str>) -> ErrorKind {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const READ_ONLY: u32 = 8;
    const IO: u32 = 10;
    const CORRUPT: u32 = 11;
    const FULL: u32 = 13;
    const CANNOT_OPEN: u32 = 14;
    const NOT_A_DATABASE: u32 = 26;
    match code.and_then(|c| c.parse::<u32>().ok()).map(|c| c & 0xff) {
        Some(BUSY | LOCKED | READ_ONLY | IO | FULL | CANNOT_OPEN) => ErrorKind::Unavailable,
        Some(CORRUPT | NOT_A_DATABASE) => ErrorKind::Corrupt,
        _ => ErrorKind::Internal,
    }
}

/// The bounds of one part of a list: everything before an id, newest first.
pub(crate) struct Page {
    /// Ids below this one.
    pub(crate) before: Uuid,
    /// One more row than wanted, which tells whether there is a next part.
    pub(crate) fetch: i64,
    wanted: usize,
}

impl Page {
    /// The part that `list` asks for.
    pub(crate) fn of(list: &ListRequest) -> Self {
        let wanted = list.limit.clamp(1, 200);
        // The largest UUID stands for "from the newest": no id that we make reaches it.
        Self {
            before: list.after.unwrap_or(Uuid::max()),
            fetch: i64::from(wanted) + 1,
            wanted: wanted as usize,
        }
    }

    /// The listing made of the fetched rows.
    pub(crate) fn listing<T>(
        &self,
        rows: &[SqliteRow],
        read: impl Fn(&SqliteRow) -> Result<T>,
        id_of: impl Fn(&T) -> Uuid,
    ) -> Result<Listing<T>> {
        let items: Vec<T> = rows.iter().take(self.wanted).map(read).collect::<Result<_>>()?;
        let next = if rows.len() > self.wanted { items.last().map(id_of) } else { None };
        Ok(Listing { items, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_disk_may_be_tried_again_and_damage_may_not() {
        assert_eq!(kind_of_code(Some("13")), ErrorKind::Unavailable);
        assert_eq!(kind_of_code(Some("266")), ErrorKind::Unavailable, "SQLITE_IOERR_READ");
        assert_eq!(kind_of_code(Some("11")), ErrorKind::Corrupt);
        assert_eq!(kind_of_code(Some("1")), ErrorKind::Internal);
        assert_eq!(kind_of_code(None), ErrorKind::Internal);
    }

    #[test]
    fn a_page_has_at_least_one_and_at_most_200_items() {
        let page = |limit| Page::of(&ListRequest { after: None, limit }).fetch;
        assert_eq!((page(0), page(7), page(u32::MAX)), (2, 8, 201));
    }
}
