//! `footnote parse FILE`: what the parser makes of a file, by the same child process as in service.

use std::io::Write;

use footnote_core::Result;
use footnote_core::parsed::{BlockKind, ParsedDocument};
use footnote_core::text::CanonicalText;

use super::args::{OutputFormat, ParseArgs};
use super::output;
use crate::app;
use crate::config::Config;

/// Parses and prints.
pub(crate) async fn run(config: Config, args: ParseArgs, format: OutputFormat) -> Result<()> {
    let host = app::parse_host(&config, super::worker_command()?).await;
    let name = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let parsed = host.parse(&args.file, &name).await?;
    output::print(format, &parsed, |out| describe(&parsed, out))
}

fn describe(parsed: &ParsedDocument, out: &mut dyn Write) -> std::io::Result<()> {
    let text = CanonicalText::new(parsed.text.as_str());
    let mut page = None;
    for block in &parsed.blocks {
        if block.page != page {
            page = block.page;
            writeln!(out, "{}", output::dim(&format!("-- page {}", page.unwrap_or_default())))?;
        }
        let words = text.slice(block.span).unwrap_or_default();
        match block.kind {
            BlockKind::Heading => {
                let marks = "#".repeat(usize::from(block.level.max(1)));
                writeln!(out, "{}\n", output::bold(&format!("{marks} {words}")))?;
            }
            _ => writeln!(out, "{words}\n")?,
        }
    }
    for warning in &parsed.warnings {
        let place = warning.page.map(|p| format!("page {p}: ")).unwrap_or_default();
        writeln!(out, "{}", output::dim(&format!("{}: {place}{}", warning.kind.name(), warning.message)))?;
    }
    let summary = format!(
        "{} by {}: {} pages, {} blocks, {} characters",
        parsed.content_type.name(),
        parsed.engine,
        parsed.pages.len(),
        parsed.blocks.len(),
        text.char_len()
    );
    writeln!(out, "{}", output::dim(&summary))
}
