//! The suite of [`DocumentStore`](footnote_core::ports::DocumentStore).

mod confirm;
mod deletion;
mod edits;
mod listing;
mod members;
mod vectors;
mod versions;

use super::bed::Sql;

/// Runs the suite, each case on an empty database.
pub async fn run(open: impl AsyncFn() -> Sql) {
    versions::run(&open).await;
    confirm::run(&open).await;
    deletion::run(&open).await;
    edits::run(&open).await;
    listing::run(&open).await;
    members::run(&open).await;
    vectors::run(&open).await;
}

/// Checks the suite's properties, on many empty databases.
pub fn properties(open: impl AsyncFn() -> Sql) {
    versions::properties(&open);
    listing::properties(&open);
}
