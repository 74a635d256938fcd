//! How do people and programs reach Footnote?
//!
//! The only crate that knows HTTP, reads the configuration and chooses concrete types
//! ([`app::App`]). Routes and the command line both call the plain functions of [`service`].

mod answering;
pub mod app;
pub mod auth;
mod build;
pub mod cli;
pub mod config;
mod enriching;
pub mod error;
mod extract;
pub mod models;
pub mod openai;
pub mod openapi;
pub mod routes;
pub mod server;
pub mod service;
mod sse;
pub mod telemetry;
#[cfg(test)]
mod testing;
