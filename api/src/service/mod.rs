//! What can be done, as plain functions of the [`App`](crate::app::App) and a principal.
//!
//! Routes, OpenAI's dialect and the command line all call these; none of them checks permissions
//! by itself. Whatever belongs to a knowledge base is looked up through [`knowledge_bases::reach`],
//! so another's knowledge base looks like one that does not exist.

pub mod ask;
pub mod chunks;
pub mod conversations;
pub mod documents;
pub mod feedback;
pub mod file_name;
pub mod filter;
mod history;
pub mod jobs;
pub mod keys;
pub mod knowledge_bases;
pub mod names;
pub mod receipts;
pub mod replay;
pub mod schedules;
pub mod search;
pub mod sources;
pub mod uploads;
pub mod why;

pub use file_name::FileName;
pub use names::Name;
