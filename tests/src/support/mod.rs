//! The service under test: started for real, spoken to through its public API only.
//!
//! [`TestApp`] runs it in this process, [`Server`] as a process of its own that can be killed. Both
//! use real models and, for parsing, the real binary.

mod app;
mod binary;
mod citations;
mod client;
mod files;
mod knowledge_base;
mod models;
mod multipart;
mod server;

pub use app::TestApp;
pub use binary::footnote_binary;
pub use citations::check_citations;
pub use client::{Client, Reply, ServerEvent};
pub use files::{
    docx, encrypted_pdf, locked_pdf, pdf, repository, samples, shared_data, zip_bomb, zip_in_gbk, zip_of,
};
pub use knowledge_base::TestKnowledgeBase;
pub use models::models_folder;
pub use multipart::Form;
pub use server::{Ready, Server};
