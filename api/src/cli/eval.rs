//! `footnote eval …`: how good search, answers, refusals and citations are, measured on data sets.
//!
//! Every command measures a [`system`], which indexes the data set's documents as anybody's ([`corpus`]) or
//! runs elsewhere, keeps what it found out about each question ([`results`]), and ends in [`outcome`]: one
//! JSON object, an HTML report where one is wanted, and a failure where a figure is below its minimum.
//!
//! To add a measurement: a module with a `run`, its arguments in `args`, and an arm below.

mod answer_scores;
mod answers;
mod calibrate;
mod calibration;
mod citations;
mod classification;
mod corpus;
pub(crate) mod dataset;
mod gate;
mod injection;
mod intervals;
mod judge;
mod language;
mod local;
mod metrics;
mod outcome;
mod pairs;
mod pairwise;
mod parsing;
mod perturb;
mod questions;
mod rankings;
mod refusal;
mod remote;
mod report;
mod results;
mod retrieval;
mod scoring;
mod sheet;
mod system;
mod terms;
mod text_metrics;
mod versus;

use footnote_core::Result;

use super::args::{EvalCommand, OutputFormat};
use crate::config::Config;

pub(crate) use gate::Minimum;
pub(crate) use language::Language;

/// Runs one of the measurements.
pub(crate) async fn run(config: Config, command: EvalCommand, format: OutputFormat) -> Result<()> {
    match command {
        EvalCommand::Retrieval(args) => retrieval::run(config, args, format).await,
        EvalCommand::Answers(args) => answers::run(config, args, format).await,
        EvalCommand::Refusal(args) => refusal::run(config, args, format).await,
        EvalCommand::Calibrate(args) => calibrate::run(config, args, format).await,
        EvalCommand::Citations(args) => citations::run(config, args, format).await,
        EvalCommand::Parsing(args) => parsing::run(config, args, format).await,
        EvalCommand::Pairwise(args) => versus::run(config, args, format).await,
    }
}
