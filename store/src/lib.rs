//! What is on disk, and is it true?
//!
//! SQL is the truth ([`sqlite`]), originals and canonical texts lie in a content-addressed blob
//! store ([`blobs`]), and two indexes ([`vector`], [`keyword`]) hold nothing that these cannot
//! rebuild. [`open`] is the one place that chooses backends.
//!
//! Deliberately absent: HTTP, models, parsing, and any decision about what a question means.

pub mod blobs;
pub mod keyword;
pub mod open;
mod rows;
pub mod sqlite;
pub mod vector;
