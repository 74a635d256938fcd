//! The one integration binary: what must be true of the whole.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends there")]

mod annual_report;
mod api_ask;
mod api_chunks;
mod api_conversations;
mod api_deletion;
mod api_documents;
mod api_enrichment;
mod api_feedback;
mod api_jobs;
mod api_keys;
mod api_lines;
mod api_members;
mod api_proof;
mod api_search;
mod api_sources;
mod api_why;
mod architecture;
mod bad_files;
mod bad_requests;
mod blob_conformance;
mod cli;
mod cli_evaluation;
mod consistency;
mod end_to_end;
mod index_conformance;
mod kill;
mod metadata;
mod model_conformance;
mod openai;
mod openapi;
mod same_request;
mod sql_conformance;
mod tidy;
mod untrusted;
