//! Anchors: where a long section may be parted whatever stands before and after, so that an edit moves
//! the chunks of its own neighbourhood only.
//!
//! An anchor is an atom whose text's hash is the least within a radius on both sides. Only what lies
//! within the radius decides that, and two anchors are at least a radius apart.

use std::ops::Range;

use footnote_core::hash::ContentHash;

use super::atoms::Atom;
use super::tokens::TokenIndex;

/// Times the largest chunk: least distance of anchors from each other and from the section's ends.
/// The mean is about twice that.
const RADIUS_CHUNKS: usize = 3;

/// The atoms between anchors, as ranges of indices that tile all of them.
pub(crate) fn stretches(atoms: &[Atom], index: &TokenIndex<'_>, max: usize) -> Vec<Range<usize>> {
    let (Some(head), Some(tail)) = (atoms.first(), atoms.last()) else { return Vec::new() };
    let radius = max * RADIUS_CHUNKS;
    let total = index.count(head.bytes.start..tail.bytes.end);
    if total < 2 * radius {
        return std::iter::once(0..atoms.len()).collect();
    }
    let place = |atom: &Atom| index.count(head.bytes.start..atom.bytes.start);
    let hash = |atom: &Atom| {
        let text = index.text().get(atom.bytes.clone()).unwrap_or_default();
        ContentHash::of(text.trim().as_bytes())
    };
    let candidates: Vec<Candidate> = (0..atoms.len())
        // What a heading heads stays with it.
        .filter(|&at| at == 0 || !atoms[at - 1].heads)
        .map(|atom| Candidate { atom, place: place(&atoms[atom]), hash: hash(&atoms[atom]) })
        .collect();
    let mut begins = vec![0];
    begins.extend(least_within(&candidates, radius, total));
    let ends = begins.iter().skip(1).copied().chain([atoms.len()]).collect::<Vec<_>>();
    begins.into_iter().zip(ends).map(|(begin, end)| begin..end).collect()
}

/// An atom that may be an anchor.
struct Candidate {
    atom: usize,
    /// Tokens before it.
    place: usize,
    hash: ContentHash,
}

/// Atoms of the candidates whose hash is less than every other's nearer than `radius`; of equal texts
/// none is, so that repetitive text has no anchors. One pass with a stack of ascending hashes.
fn least_within(candidates: &[Candidate], radius: usize, total: usize) -> Vec<usize> {
    let mut least = Vec::new();
    // Candidates that no later one was less than or equal to, with whether they may still be anchors.
    let mut open: Vec<(&Candidate, bool)> = Vec::new();
    for candidate in candidates {
        let mut is_distinct = true;
        while let Some((last, may_be)) = open.pop_if(|(last, _)| last.hash >= candidate.hash) {
            let is_near = candidate.place - last.place < radius;
            is_distinct &= !(is_near && last.hash == candidate.hash);
            if may_be && !is_near {
                least.push(last.atom);
            }
        }
        let before = open.last().map_or(0, |(last, _)| last.place);
        open.push((candidate, is_distinct && candidate.place - before >= radius));
    }
    let left = open.into_iter().filter(|(last, may_be)| *may_be && total - last.place >= radius);
    least.extend(left.map(|(last, _)| last.atom));
    least.sort_unstable();
    least
}
