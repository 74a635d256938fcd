//! What are the nouns and the seams of Footnote?
//!
//! This crate holds the words every other crate speaks: documents, chunks, passages, citations,
//! jobs, principals, the traits at the seams ([`ports`]) and the errors. It does no I/O: no SQL,
//! no file, no socket, no model, no clock of its own.

pub mod answer;
pub mod chunk;
pub mod citation;
pub mod dated;
pub mod document;
pub mod error;
pub mod feedback;
pub mod forgetting;
pub mod hash;
pub mod ids;
pub mod job;
pub mod knowledge_base;
pub mod model_thread;
pub mod parsed;
pub mod passage;
pub mod password;
pub mod ports;
pub mod principal;
pub mod question;
pub mod receipt;
pub mod schedule;
pub mod settings;
pub mod shingles;
pub mod source;
pub mod text;
pub mod verdict;

pub use error::{Error, ErrorKind, Result};
