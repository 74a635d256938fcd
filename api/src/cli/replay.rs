//! `footnote replay ID`: an answer made again from its receipt, and what differs.

use footnote_core::ids::MessageId;
use footnote_core::{Error, Result};

use super::args::{OutputFormat, ReplayArgs};
use super::output;
use super::session::Session;
use crate::config::Config;
use crate::routes::ReplayResponse;
use crate::service::replay;

/// Replays; fails where the answer differs.
pub(crate) async fn run(config: Config, args: ReplayArgs, format: OutputFormat) -> Result<()> {
    let id = args.answer.parse::<MessageId>();
    let id = id.map_err(|_| Error::invalid(format!("{:?} is no id of an answer", args.answer)))?;
    let session = Session::open(config).await?;
    let kb = &args.knowledge_base.knowledge_base;
    let replayed = replay::replay(&session.app, &session.principal, kb, id).await;
    session.close().await;
    let replayed = replayed?;
    output::print(format, &ReplayResponse::from(&replayed), |out| {
        writeln!(out, "{}", replayed.answer.text)?;
        if replayed.same {
            writeln!(out, "the same, byte for byte")?;
        }
        replayed.differences.iter().try_for_each(|difference| writeln!(out, "- {difference}"))
    })?;
    replay::require_same(&replayed)
}
