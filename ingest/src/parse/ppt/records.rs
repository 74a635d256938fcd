//! The records that a PowerPoint stream consists of, and those of its edits.

use std::collections::HashMap;

use crate::parse::compound::{size_at, u16_at, u32_at};

const USER_EDIT: u16 = 0x0ff5;
const PERSIST_DIRECTORY: u16 = 0x1772;
/// Most edits of a file that was saved fast.
const MAX_EDITS: usize = 1_000;

/// A record: its instance, its type and its content.
pub(super) struct Record<'r> {
    pub(super) instance: u16,
    pub(super) kind: u16,
    pub(super) content: &'r [u8],
    pub(super) is_container: bool,
}

/// The records that follow each other in `bytes`; ends at a damaged one.
pub(super) fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let record = record_at(bytes, at)?;
        at += 8 + record.content.len();
        Some(record)
    })
}

/// The record that begins at `at`.
pub(super) fn record_at(bytes: &[u8], at: usize) -> Option<Record<'_>> {
    let head = u16_at(bytes, at)?;
    let kind = u16_at(bytes, at.checked_add(2)?)?;
    let length = size_at(bytes, at.checked_add(4)?)?;
    let content = bytes.get(at.checked_add(8)?..)?;
    let content = content.get(..length.min(content.len()))?;
    Some(Record { instance: head >> 4, kind, content, is_container: head & 0xf == 0xf })
}

/// Offsets of the records by their identifiers, the newest edit first.
pub(super) fn persists(stream: &[u8], last_edit: usize) -> HashMap<u32, usize> {
    let mut found = HashMap::new();
    let mut edit = last_edit;
    for _ in 0..MAX_EDITS {
        let Some(user) = record_at(stream, edit).filter(|r| r.kind == USER_EDIT) else { break };
        let directory = size_at(user.content, 12).and_then(|at| record_at(stream, at));
        if let Some(directory) = directory.filter(|r| r.kind == PERSIST_DIRECTORY) {
            read_directory(directory.content, &mut found);
        }
        match size_at(user.content, 8) {
            Some(earlier) if earlier != 0 && earlier < edit => edit = earlier,
            _ => break,
        }
    }
    found
}

/// Runs of offsets: a first identifier and their number in one value, then the offsets.
fn read_directory(content: &[u8], found: &mut HashMap<u32, usize>) {
    let mut at = 0;
    while let Some(run) = u32_at(content, at) {
        at += 4;
        let (first, count) = (run & 0x000f_ffff, run >> 20);
        for id in first..first + count {
            let Some(offset) = size_at(content, at) else { return };
            found.entry(id).or_insert(offset);
            at += 4;
        }
    }
}
