//! Which passages matter to a question?
//!
//! [`hybrid`] tells the story: embed the question while the keyword index searches, fuse both
//! lists ([`fuse`]), confirm every hit in SQL and fold those that only repeat a better one ([`ranking`]), rerank where
//! a [`reranker`] is installed, merge what is left into [`passages`], widen these to their [`parents`], and say whether that is [`evidence`] enough. The models
//! it runs, [`embedder`] and [`reranker`], are ONNX files read from local folders by fastembed;
//! nothing here downloads anything ([`catalogue`] only lists what could be downloaded).
//!
//! To add an embedder: put its files and an `embedder.json` ([`model_files::EmbedderCard`]) into a
//! folder. To add another kind of embedder: implement `footnote_core::ports::Embedder` and choose
//! it in `api::app`.

mod carried;
pub mod catalogue;
pub mod embedder;
pub mod evidence;
mod foreign;
pub mod fuse;
pub mod hybrid;
pub mod model_files;
pub mod passages;
mod past;
pub mod ranking;
pub mod reranker;
pub mod runtime;
pub mod tables;
pub mod tokens;
pub mod yardstick;

mod duplicates;
mod parents;
mod session_pool;
