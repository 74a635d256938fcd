//! `footnote receipts`: what answers were made from.

use footnote_core::Result;
use footnote_core::ids::MessageId;

use super::args::{OutputFormat, ReceiptsCommand};
use super::output;
use super::session::Session;
use crate::config::Config;
use crate::routes::views::ReceiptView;
use crate::service::receipts;

/// Runs one of the commands. A receipt is JSON whatever the format: there is no shorter truth.
pub(crate) async fn run(config: Config, command: ReceiptsCommand) -> Result<()> {
    let ReceiptsCommand::Show { id, knowledge_base } = command;
    let id: MessageId = id.parse()?;
    let session = Session::open(config).await?;
    let (app, principal) = (&session.app, &session.principal);
    let receipt = receipts::show(app, principal, &knowledge_base.knowledge_base, id).await;
    session.close().await;
    output::print(OutputFormat::Json, &ReceiptView::from(&receipt?), |_| Ok(()))
}
