//! Compares SQL with both indexes in both directions and repairs the indexes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use footnote_core::ids::{GenerationId, VersionId};
use footnote_core::knowledge_base::Generation;
use footnote_core::ports::Embedder;
use footnote_core::{Error, Result};

use super::Outcome;
use crate::chunk::ChunkBudget;
use crate::context::IngestContext;
use crate::entries::{self, Targets, VersionEntries, title_of};
use crate::progress::Progress;

/// What one reconciliation found, and repaired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriftReport {
    /// Versions that the vector index lacked, wholly or in part.
    pub vectors_missing: u64,
    /// Versions that the vector index held without right.
    pub vectors_surplus: u64,
    /// Versions that the keyword index lacked, wholly or in part.
    pub keywords_missing: u64,
    /// Versions that the keyword index held without right.
    pub keywords_surplus: u64,
}

impl DriftReport {
    /// Versions that an index lacked.
    pub fn missing(&self) -> u64 {
        self.vectors_missing + self.keywords_missing
    }

    /// Versions that an index held without right.
    pub fn surplus(&self) -> u64 {
        self.vectors_surplus + self.keywords_surplus
    }
}

/// Reconciles as a job.
pub async fn run(ctx: &IngestContext, generation: GenerationId, progress: &Progress) -> Result<Outcome> {
    let (generation, embedder) = ctx.generation(generation).await?;
    let report = reconcile(ctx, &generation, embedder, progress).await?;
    ctx.drift.record(report.missing(), report.surplus());
    if report == DriftReport::default() {
        tracing::debug!(generation.id = %generation.id, "indexes agree with sql");
    } else {
        tracing::warn!(
            generation.id = %generation.id,
            drift.vectors_missing = report.vectors_missing,
            drift.vectors_surplus = report.vectors_surplus,
            drift.keywords_missing = report.keywords_missing,
            drift.keywords_surplus = report.keywords_surplus,
            "indexes drifted from sql and were repaired"
        );
    }
    Ok(Outcome::Done)
}

/// Sends again what an index lacks and removes what no row owns.
pub async fn reconcile(
    ctx: &IngestContext,
    generation: &Generation,
    embedder: Arc<dyn Embedder>,
    progress: &Progress,
) -> Result<DriftReport> {
    progress.stage("comparing", 0);
    tokio::try_join!(ctx.vectors.ensure(generation), ctx.keywords.ensure(generation))?;
    let drift = compare(ctx, generation.id).await?;

    progress.stage("repairing", drift.work());
    for &version in &drift.vectors.surplus {
        ctx.vectors.remove(generation.id, version).await?;
        progress.advance(1);
    }
    for &version in &drift.keywords.surplus {
        ctx.keywords.remove(generation.id, version).await?;
        progress.advance(1);
    }
    let missing: BTreeSet<VersionId> =
        drift.vectors.missing.union(&drift.keywords.missing).copied().collect();
    for version in missing {
        let targets = Targets {
            vectors: drift.vectors.missing.contains(&version),
            keywords: drift.keywords.missing.contains(&version),
        };
        resend(ctx, generation, &embedder, version, targets).await?;
        progress.advance(1);
    }
    entries::flush(ctx, generation.id, Targets::BOTH).await?;
    Ok(drift.report())
}

#[derive(Debug, Default)]
struct IndexDrift {
    missing: BTreeSet<VersionId>,
    surplus: BTreeSet<VersionId>,
}

#[derive(Debug, Default)]
struct Difference {
    vectors: IndexDrift,
    keywords: IndexDrift,
}

impl Difference {
    fn report(&self) -> DriftReport {
        DriftReport {
            vectors_missing: self.vectors.missing.len() as u64,
            vectors_surplus: self.vectors.surplus.len() as u64,
            keywords_missing: self.keywords.missing.len() as u64,
            keywords_surplus: self.keywords.surplus.len() as u64,
        }
    }

    fn work(&self) -> u64 {
        let resent = self.vectors.missing.union(&self.keywords.missing).count() as u64;
        resent + self.report().surplus()
    }
}

/// The order matters, because jobs work meanwhile: indexes first, then SQL. A version that becomes
/// current in between looks missing and is sent twice, which is harmless; the other way round it
/// would look surplus and be removed. For the same reason what is pending is asked before and after.
async fn compare(ctx: &IngestContext, generation: GenerationId) -> Result<Difference> {
    let (vectors, keywords) =
        tokio::try_join!(ctx.vectors.versions(generation), ctx.keywords.versions(generation))?;
    let held: Vec<VersionId> =
        vectors.keys().chain(keywords.keys()).copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut pending = ctx.documents.pending_among(&held).await?;
    let expected = ctx.documents.expected_versions(generation).await?;
    let suspects: Vec<VersionId> = held.into_iter().filter(|v| !expected.contains_key(v)).collect();
    if !suspects.is_empty() {
        pending.extend(ctx.documents.pending_among(&suspects).await?);
        pending.extend(ctx.documents.expected_versions(generation).await?.into_keys());
    }
    let pending: BTreeSet<VersionId> = pending.into_iter().collect();
    Ok(Difference {
        vectors: differ(&vectors, &expected, &pending),
        keywords: differ(&keywords, &expected, &pending),
    })
}

fn differ(
    held: &BTreeMap<VersionId, u64>,
    expected: &BTreeMap<VersionId, u64>,
    spared: &BTreeSet<VersionId>,
) -> IndexDrift {
    IndexDrift {
        missing: expected.iter().filter(|(v, count)| held.get(v) != Some(count)).map(|(v, _)| *v).collect(),
        surplus: held.keys().filter(|v| !expected.contains_key(v) && !spared.contains(v)).copied().collect(),
    }
}

async fn resend(
    ctx: &IngestContext,
    generation: &Generation,
    embedder: &Arc<dyn Embedder>,
    version: VersionId,
    targets: Targets,
) -> Result<()> {
    let Some(row) = ctx.documents.version(version).await? else {
        return Ok(());
    };
    let Some(document) = ctx.documents.document(row.document).await? else {
        return Ok(());
    };
    let (text, parsed) =
        tokio::try_join!(ctx.documents.canonical_text(version), ctx.documents.parsed(version))?;
    let (Some(text), Some(parsed)) = (text, parsed) else {
        return Err(Error::corrupt(format!("the text of {} ({version}) is missing", document.key)));
    };
    // An index with too many entries of it holds some that no row owns.
    if targets.vectors {
        ctx.vectors.remove(generation.id, version).await?;
    }
    if targets.keywords {
        ctx.keywords.remove(generation.id, version).await?;
    }
    let chunks = ctx.documents.chunks(version, generation.id).await?;
    let entries = VersionEntries {
        title: title_of(&document, &parsed),
        document: Arc::new(document),
        text,
        parsed,
        generation: generation.id,
        embedder: embedder.clone(),
        budget: ChunkBudget::new(&generation.spec.chunker, embedder.max_tokens())?,
    };
    entries::write(ctx, &entries, &chunks, targets, &Progress::default()).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
