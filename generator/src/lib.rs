//! What do the passages say, and how do we know?
//!
//! [`answerer`] tells the story: decide from the evidence, build a [`prompt`] that fits, let a model write
//! ([`gguf`]), and [`cite`] every sentence by an exact span of a passage. Text of documents is
//! data here: it never reaches a model as a special token, and it never makes a marker.
//!
//! To add a model family: give it a variant in [`gguf::family::Family`] and, where its layers
//! differ, a field in `gguf::decoder::Layer`. To add another kind of generator (a remote one, say),
//! implement `footnote_core::ports::Generator`; the answerer takes any.

pub mod answerer;
pub mod cite;
pub mod counting;
mod disagreement;
pub mod enrich;
mod extract;
pub mod facts;
mod fit;
pub mod gguf;
mod headers;
mod markers;
pub mod prompt;
mod refusal;
pub mod rewrite;
mod sentence;
pub mod summary;
mod support;
pub mod tables;
mod transcript;
pub mod translate;
pub mod verify;

pub use answerer::{AnswerRequest, Answerer, Begun};
pub use gguf::{GeneratorConfig, GgufGenerator};
pub use markers::without_markers;
pub use sentence::sentences;
pub use verify::{Calibration, SupportModels};
