//! What would become of a file? Parsed and cut as a knowledge base would, and nothing stored.

use std::path::Path;
use std::sync::Arc;

use footnote_core::Result;
use footnote_core::document::Lineage;
use footnote_core::knowledge_base::ChunkerSettings;
use footnote_core::parsed::ParsedDocument;
use footnote_core::password::Password;
use footnote_core::ports::Embedder;
use footnote_core::text::CanonicalText;

use crate::chunk::{ChunkBudget, ChunkDraft, Composer, chunk};
use crate::context::IngestContext;
use crate::entries::{compute, own_title};
use crate::language::language_of;
use crate::members::DropMembers;
use crate::progress::Progress;

/// A file as it would be indexed.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What parsing made of it, but for the text.
    pub parsed: ParsedDocument,
    /// Its canonical text.
    pub text: CanonicalText,
    /// See [`VersionFacts::language`](footnote_core::document::VersionFacts::language).
    pub language: Option<String>,
    /// Its chunks in order.
    pub chunks: Vec<PreviewChunk>,
}

/// A chunk as it would be indexed.
#[derive(Debug, Clone)]
pub struct PreviewChunk {
    /// Where it lies.
    pub draft: ChunkDraft,
    /// What would be embedded for it: title, heading path, the header of a table that it continues, its text.
    pub embedded_text: String,
    /// Tokens of its own text, as the embedder counts them.
    pub tokens: usize,
}

/// Parses the file at `path`, which people call `file_name` and `password` may open, and cuts it by `chunker` for `embedder`.
pub async fn preview(
    ctx: &IngestContext,
    path: &Path,
    file_name: &str,
    password: Option<Password>,
    chunker: ChunkerSettings,
    embedder: Arc<dyn Embedder>,
) -> Result<Preview> {
    let budget = ChunkBudget::new(&chunker, embedder.max_tokens())?;
    let (lineage, progress) = (Lineage::default(), Progress::default());
    let mut parsed = ctx
        .parser
        .parse_with_members(path, file_name, password, lineage, &mut DropMembers, &progress)
        .await?;
    let file_name = file_name.to_owned();
    compute(move || {
        let tokens = embedder.tokens();
        let drafts = chunk(&parsed, &chunker, budget, &*tokens)?;
        let text = CanonicalText::new(std::mem::take(&mut parsed.text));
        let title = own_title(&parsed).unwrap_or(&file_name).to_owned();
        let mut composer = Composer::new(&title, &text, &parsed, &*tokens, budget);
        let mut chunks = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let embedded_text = composer.compose(draft.span, &draft.heading_path, None)?.unwrap_or_default();
            let own = text.slice(draft.span).unwrap_or_default();
            chunks.push(PreviewChunk { tokens: tokens.token_ends(own)?.len(), embedded_text, draft });
        }
        let language = language_of(text.as_str());
        Ok(Preview { parsed, text, language, chunks })
    })
    .await
}
