//! Edits of chunks in memory, and what a model is to write.

use super::*;

impl Memory {
    /// Has a model write about the documents of every knowledge base.
    pub(crate) fn enable_enrichment(&self) {
        for knowledge_base in &mut self.state().knowledge_bases {
            knowledge_base.settings.enrichment.enabled = true;
        }
    }
}

impl State {
    pub(super) fn put_chunk_edit(
        &mut self,
        document: DocumentId,
        edit: NewChunkEdit,
        now: DateTime<Utc>,
    ) -> Option<Job> {
        let knowledge_base = self.documents.iter().find(|d| d.id == document)?.knowledge_base;
        let chunk = self.chunks.values_mut().flatten().find(|chunk| chunk.id == edit.chunk)?;
        let NewChunkEdit { text, note, hidden, author, embedded_text, .. } = edit;
        let made = ChunkEdit { id: ChunkEditId::new(), note, hidden, author };
        chunk.embedded_text = embedded_text;
        chunk.edit = Some(made.clone());
        self.edits.push(stored_edit(&text, made));
        let kind = JobKind::ResendDocument { document };
        Some(self.push_job(NewJob { kind, knowledge_base: Some(knowledge_base), run_at: now }, now))
    }
}
