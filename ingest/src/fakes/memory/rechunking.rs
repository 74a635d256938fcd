//! The change to another generation in memory.

use super::*;

impl Memory {
    pub(crate) fn add_generation(&self, spec: GenerationSpec) -> GenerationId {
        let generation = Generation { id: GenerationId::new(), spec };
        let id = generation.id;
        self.state().generations.push(generation);
        id
    }
}

impl State {
    fn changing(&mut self, id: KnowledgeBaseId) -> &mut KnowledgeBase {
        self.knowledge_bases.iter_mut().find(|k| k.id == id).unwrap()
    }

    pub(super) fn change_generation(
        &mut self,
        id: KnowledgeBaseId,
        generation: GenerationId,
        now: DateTime<Utc>,
    ) -> KnowledgeBase {
        let kind = JobKind::RechunkDocuments { knowledge_base: id, generation };
        self.push_job(NewJob { kind, knowledge_base: Some(id), run_at: now }, now);
        let changing = self.changing(id);
        changing.next_generation = Some(generation);
        changing.clone()
    }

    pub(super) fn left(&self, generation: GenerationId) -> Vec<VersionId> {
        let current = self.documents.iter().filter_map(|d| d.current);
        current.filter(|&version| !self.chunks.contains_key(&(version, generation))).collect()
    }

    pub(super) fn put_rechunked(&mut self, lease: Lease, rechunked: RechunkedVersion<'_>) -> Result<bool> {
        self.row(lease)?;
        let meanwhile = std::mem::take(&mut self.edits_meanwhile);
        self.edits.extend(meanwhile);
        let RechunkedVersion { document, version, generation, chunks, edits, unplaced, .. } = rechunked;
        assert!(unplaced.is_empty(), "edits without a place are told of in `tests/`");
        let is_same = self.documents.iter().any(|d| d == document);
        if !is_same || self.edits.iter().map(|stored| &stored.edit.id).ne(edits) {
            return Ok(false);
        }
        self.chunks.insert((version, generation), chunks.to_vec());
        self.row(lease)?.job.attempts = 1;
        Ok(true)
    }

    pub(super) fn forget_swept(&mut self, version: VersionId, generation: GenerationId) {
        let Some(document) = self.documents.iter().find(|d| d.current == Some(version)) else { return };
        let of = self.knowledge_bases.iter().find(|k| k.id == document.knowledge_base).unwrap();
        if of.generation != generation && of.next_generation != Some(generation) {
            self.chunks.remove(&(version, generation));
        }
    }

    pub(super) fn finish_generation_change(
        &mut self,
        lease: Lease,
        id: KnowledgeBaseId,
        generation: GenerationId,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        if !self.left(generation).is_empty() {
            return Ok(false);
        }
        for document in self.documents.clone() {
            if let Some(version) = document.current {
                self.sweep(&document, version, now);
            }
        }
        let changing = self.changing(id);
        (changing.generation, changing.next_generation) = (generation, None);
        self.end(lease, JobState::Succeeded, None, now)?;
        Ok(true)
    }
}
