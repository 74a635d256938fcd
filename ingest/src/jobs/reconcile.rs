//! Compares SQL with both indexes in both directions and repairs the indexes.

use std::collections::{BTreeMap, BTreeSet};

use footnote_core::ids::{GenerationId, VersionId};
use footnote_core::knowledge_base::Generation;
use footnote_core::{Error, Result};

use super::Outcome;
use super::resend_document::{is_current, send};
use super::sweep_version::remove_unwanted;
use crate::context::IngestContext;
use crate::entries::{Targets, Writes};
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
    let generation = ctx.generation(generation).await?;
    let report = reconcile(ctx, &generation, progress).await?;
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

/// Sends again what an index lacks and removes what no row owns. A version that cannot be repaired
/// does not keep the others from it: it is told at the end.
pub async fn reconcile(
    ctx: &IngestContext,
    generation: &Generation,
    progress: &Progress,
) -> Result<DriftReport> {
    progress.stage("comparing", 0);
    tokio::try_join!(ctx.vectors.ensure(generation), ctx.keywords.ensure(generation))?;
    let drift = compare(ctx, generation.id).await?;
    let report = drift.report();
    ctx.drift.record(generation.id, report.missing(), report.surplus());

    progress.stage("repairing", drift.work());
    let writes = Writes::begin(ctx, generation.id);
    let mut failures = Vec::new();
    for version in drift.surplus() {
        if let Err(error) = remove_unwanted(ctx, version, generation.id).await {
            failures.push((version, error));
        }
        progress.advance(1);
    }
    for version in drift.missing() {
        if let Err(error) = resend(ctx, generation, version, &drift).await {
            failures.push((version, error));
        }
        progress.advance(1);
    }
    writes.flush(ctx).await?;
    let count = failures.len();
    match failures.into_iter().next() {
        None => Ok(report),
        Some((version, error)) => Err(Error::new(
            error.kind(),
            format!("{count} versions cannot be repaired; the first is {version}"),
        )
        .with_source(error)),
    }
}

#[derive(Debug, Default)]
struct IndexDrift {
    missing: BTreeSet<VersionId>,
    surplus: BTreeSet<VersionId>,
    /// Those of the missing that have entries which no row owns.
    overfull: BTreeSet<VersionId>,
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

    fn missing(&self) -> BTreeSet<VersionId> {
        self.vectors.missing.union(&self.keywords.missing).copied().collect()
    }

    fn surplus(&self) -> BTreeSet<VersionId> {
        self.vectors.surplus.union(&self.keywords.surplus).copied().collect()
    }

    fn work(&self) -> u64 {
        (self.missing().len() + self.surplus().len()) as u64
    }
}

type Held = BTreeMap<VersionId, u64>;

/// The order matters, because jobs work meanwhile. What SQL expects is in the indexes before SQL says
/// so, and what is pending is asked before and after: nothing that a job is writing looks surplus.
/// What looks missing was perhaps half written when the indexes were read: they are read again.
async fn compare(ctx: &IngestContext, generation: GenerationId) -> Result<Difference> {
    let (vectors, keywords) = held(ctx, generation).await?;
    let all: BTreeSet<VersionId> = vectors.keys().chain(keywords.keys()).copied().collect();
    let all: Vec<VersionId> = all.into_iter().collect();
    let mut spared = ctx.documents.pending_among(&all).await?;
    let expected = ctx.documents.expected_versions(generation).await?;
    let suspects: Vec<VersionId> = all.into_iter().filter(|v| !expected.contains_key(v)).collect();
    if !suspects.is_empty() {
        spared.extend(ctx.documents.pending_among(&suspects).await?);
        spared.extend(ctx.documents.expected_versions(generation).await?.into_keys());
    }
    let spared: BTreeSet<VersionId> = spared.into_iter().collect();
    let first = Difference {
        vectors: differ(&vectors, &expected, &spared),
        keywords: differ(&keywords, &expected, &spared),
    };
    if first.missing().is_empty() {
        return Ok(first);
    }
    let (vectors, keywords) = held(ctx, generation).await?;
    let now = ctx.documents.expected_versions(generation).await?;
    let still: Held = expected.into_iter().filter(|(version, _)| now.contains_key(version)).collect();
    let again = |first: IndexDrift, held: &Held| IndexDrift {
        surplus: first.surplus,
        ..differ(held, &still, &BTreeSet::new())
    };
    Ok(Difference { vectors: again(first.vectors, &vectors), keywords: again(first.keywords, &keywords) })
}

async fn held(ctx: &IngestContext, generation: GenerationId) -> Result<(Held, Held)> {
    tokio::try_join!(ctx.vectors.versions(generation), ctx.keywords.versions(generation))
}

fn differ(held: &Held, expected: &Held, spared: &BTreeSet<VersionId>) -> IndexDrift {
    let differs = |(version, count): &(&VersionId, &u64)| held.get(*version) != Some(*count);
    let missing: BTreeSet<VersionId> = expected.iter().filter(differs).map(|(v, _)| *v).collect();
    IndexDrift {
        overfull: missing.iter().filter(|v| held.get(v) > expected.get(v)).copied().collect(),
        surplus: held.keys().filter(|v| !expected.contains_key(v) && !spared.contains(v)).copied().collect(),
        missing,
    }
}

/// Entries keep their ids: writing them again replaces what is there, and only what no row owns makes
/// it necessary to remove the version first.
async fn resend(
    ctx: &IngestContext,
    generation: &Generation,
    version: VersionId,
    drift: &Difference,
) -> Result<()> {
    if !is_current(ctx, version).await? {
        return Ok(());
    }
    if drift.vectors.overfull.contains(&version) {
        ctx.vectors.remove(generation.id, version).await?;
    }
    if drift.keywords.overfull.contains(&version) {
        ctx.keywords.remove(generation.id, version).await?;
    }
    let targets = Targets {
        vectors: drift.vectors.missing.contains(&version),
        keywords: drift.keywords.missing.contains(&version),
    };
    send(ctx, generation, version, targets, &Progress::default()).await.map(drop)
}

#[cfg(test)]
mod tests;
