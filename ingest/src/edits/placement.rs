//! On which chunk of a new version an edit is placed: the one with its text, else one that is like it.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use footnote_core::chunk::{Chunk, ChunkEdit, EditAuthor, StoredChunkEdit};
use footnote_core::ids::ChunkEditId;
use footnote_core::shingles::shingles;
use footnote_core::text::Span;

/// Letters and digits of a shingle.
const SHINGLE: usize = 5;
/// Share of common shingles from which a chunk is taken for the one that was edited.
const SAME_FROM: f32 = 0.5;
/// Shingles of a text that are compared.
const SKETCH: usize = 256;
/// Pairs of an edit and a chunk that are compared: some seconds' work. Edits beyond are left without a place, those of
/// models first.
const MOST_PAIRS: usize = 2_000_000;

/// Edits on the chunks of a version.
pub(crate) struct Placed {
    /// Per chunk, in order.
    pub(crate) on_chunks: Vec<Option<ChunkEdit>>,
    /// Those whose text is gone.
    pub(crate) unplaced: Vec<StoredChunkEdit>,
}

/// Gives each edit a chunk of its own: one with its text, else the one most like it, those of persons first.
pub(crate) fn place(edits: Vec<StoredChunkEdit>, texts: &[&str]) -> Placed {
    place_within(MOST_PAIRS, edits, texts)
}

fn place_within(most_pairs: usize, mut edits: Vec<StoredChunkEdit>, texts: &[&str]) -> Placed {
    let mut on_chunks = vec![None; texts.len()];
    if edits.is_empty() {
        return Placed { on_chunks, unplaced: edits };
    }
    // Within a rank the oldest stays first.
    edits.sort_by_key(|stored| rank(&stored.edit));
    let changed = place_same(edits, texts, &mut on_chunks);
    let unplaced = place_alike(most_pairs, changed, texts, &mut on_chunks);
    Placed { on_chunks, unplaced }
}

/// Gives each edit its place in the same text cut in another way. What was hidden hides every chunk that has any of it; a
/// note goes to the free chunk that has the most of its old one. `before` are the chunks of before, with their edits;
/// edits that had no place there are given one as in a new version.
pub(crate) fn place_again(
    before: &[Chunk],
    mut edits: Vec<StoredChunkEdit>,
    spans: &[Span],
    texts: &[&str],
) -> Placed {
    let mut on_chunks = vec![None; spans.len()];
    let of_chunk = |chunk: &Chunk| chunk.edit.as_ref().map(|edit| (edit.id, chunk.span));
    let old_spans: HashMap<ChunkEditId, Span> = before.iter().filter_map(of_chunk).collect();
    edits.sort_by_key(|stored| rank(&stored.edit));
    let mut rest = Vec::new();
    for stored in edits {
        let Some(&old) = old_spans.get(&stored.edit.id) else {
            rest.push(stored);
            continue;
        };
        let common = |at: &usize| spans[*at].end.min(old.end).saturating_sub(spans[*at].start.max(old.start));
        // From chunk to chunk both ends only ever grow.
        let first = spans.partition_point(|span| span.end <= old.start);
        let overlapping = (first..spans.len()).take_while(|&at| spans[at].start < old.end);
        if stored.edit.hidden {
            for at in overlapping {
                on_chunks[at].get_or_insert_with(|| stored.edit.clone());
            }
            continue;
        }
        let most =
            overlapping.filter(|at| on_chunks[*at].is_none()).max_by_key(|at| (common(at), Reverse(*at)));
        match most {
            Some(at) => on_chunks[at] = Some(stored.edit),
            None => rest.push(stored),
        }
    }
    let changed = place_same(rest, texts, &mut on_chunks);
    let unplaced = place_alike(MOST_PAIRS, changed, texts, &mut on_chunks);
    Placed { on_chunks, unplaced }
}

/// What a person hid comes first: without a place it would be found again.
fn rank(edit: &ChunkEdit) -> u8 {
    match (edit.author, edit.hidden) {
        (EditAuthor::Person, true) => 0,
        (EditAuthor::Person, false) => 1,
        (EditAuthor::Model, _) => 2,
    }
}

/// Places edits on free chunks with their text; gives the others back.
fn place_same(
    edits: Vec<StoredChunkEdit>,
    texts: &[&str],
    on_chunks: &mut [Option<ChunkEdit>],
) -> Vec<StoredChunkEdit> {
    let mut free: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (at, text) in texts.iter().enumerate().filter(|(at, _)| on_chunks[*at].is_none()) {
        free.entry(text).or_default().push_back(at);
    }
    let mut changed = Vec::new();
    for stored in edits {
        match free.get_mut(stored.text.as_str()).and_then(VecDeque::pop_front) {
            Some(at) => on_chunks[at] = Some(stored.edit),
            None => changed.push(stored),
        }
    }
    changed
}

/// An edit and a chunk that is like the one it was made on.
struct Pair {
    rank: u8,
    likeness: f32,
    edit: u32,
    chunk: u32,
}

/// Places edits, which come in order of rank, on free chunks, the best pairs of a rank first; gives the others back.
fn place_alike(
    most_pairs: usize,
    edits: Vec<StoredChunkEdit>,
    texts: &[&str],
    on_chunks: &mut [Option<ChunkEdit>],
) -> Vec<StoredChunkEdit> {
    if edits.is_empty() {
        return edits;
    }
    let free = (0_u32..).zip(texts).zip(on_chunks.iter()).filter(|(_, place)| place.is_none());
    let sketches: Vec<(u32, Sketch)> = free.map(|((chunk, text), _)| (chunk, Sketch::of(text))).collect();
    let Some(compared) = most_pairs.checked_div(sketches.len()) else { return edits };
    let mut pairs = Vec::new();
    for (edit, stored) in (0_u32..).zip(&edits).take(compared) {
        let (rank, wanted) = (rank(&stored.edit), Sketch::of(&stored.text));
        let alike = sketches.iter().map(|(chunk, sketch)| (*chunk, wanted.likeness(sketch)));
        let alike = alike.filter(|(_, likeness)| *likeness >= SAME_FROM);
        pairs.extend(alike.map(|(chunk, likeness)| Pair { rank, likeness, edit, chunk }));
    }
    let key = |pair: &Pair| (pair.edit, pair.chunk);
    pairs.sort_unstable_by(|a, b| {
        a.rank.cmp(&b.rank).then(b.likeness.total_cmp(&a.likeness)).then_with(|| key(a).cmp(&key(b)))
    });
    let mut left: Vec<Option<StoredChunkEdit>> = edits.into_iter().map(Some).collect();
    for Pair { edit, chunk, .. } in pairs {
        let place = &mut on_chunks[chunk as usize];
        if place.is_none() {
            *place = left[edit as usize].take().map(|stored| stored.edit);
        }
    }
    left.into_iter().flatten().collect()
}

/// The smallest hashes of a text's shingles, in order: they tell how alike texts are, however long these are.
struct Sketch(Vec<u64>);

impl Sketch {
    fn of(text: &str) -> Self {
        let mut hashes: Vec<u64> = shingles(text, SHINGLE).into_iter().collect();
        hashes.sort_unstable();
        hashes.truncate(SKETCH);
        Self(hashes)
    }

    /// The share of common ones among the smallest of both: Jaccard similarity, estimated where there are more.
    fn likeness(&self, other: &Self) -> f32 {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let (mut common, mut all) = (0_u16, 0_u16);
        while usize::from(all) < SKETCH {
            match (mine.peek(), theirs.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a == b => {
                    mine.next();
                    theirs.next();
                    common += 1;
                }
                (Some(a), Some(b)) if a > b => drop(theirs.next()),
                (Some(_), _) => drop(mine.next()),
                (None, Some(_)) => drop(theirs.next()),
            }
            all += 1;
        }
        if all == 0 { 0.0 } else { f32::from(common) / f32::from(all) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::DateTime;
    use footnote_core::hash::ContentHash;
    use footnote_core::ids::{ChunkId, GenerationId, VersionId};
    use proptest::prelude::*;

    use super::*;

    fn edit(text: &str, note: &str, hidden: bool, author: EditAuthor) -> StoredChunkEdit {
        let edit = ChunkEdit { id: ChunkEditId::new(), note: Some(note.to_owned()), hidden, author };
        StoredChunkEdit { edit, text: text.to_owned(), updated_at: DateTime::UNIX_EPOCH }
    }

    fn note(text: &str, note: &str) -> StoredChunkEdit {
        edit(text, note, false, EditAuthor::Person)
    }

    fn notes(placed: &Placed) -> Vec<Option<&str>> {
        placed.on_chunks.iter().map(|edit| edit.as_ref().and_then(|e| e.note.as_deref())).collect()
    }

    /// The notes on chunks at `spans` of a text whose chunks at `before` had these edits.
    fn placed_again(
        before: &[(usize, usize, Option<&StoredChunkEdit>)],
        spans: &[(usize, usize)],
    ) -> (Vec<Option<String>>, usize) {
        let version = VersionId::new();
        let chunk = |&(start, end, stored): &(usize, usize, Option<&StoredChunkEdit>)| Chunk {
            id: ChunkId::new(),
            version,
            generation: GenerationId::new(),
            ordinal: 0,
            span: Span::new(start, end),
            pages: None,
            heading_path: Vec::new(),
            embedded_text: ContentHash::of(b""),
            edit: stored.map(|stored| stored.edit.clone()),
        };
        let chunks: Vec<Chunk> = before.iter().map(chunk).collect();
        let edits = before.iter().filter_map(|(_, _, stored)| stored.cloned()).collect();
        let spans: Vec<Span> = spans.iter().map(|&(start, end)| Span::new(start, end)).collect();
        let placed = place_again(&chunks, edits, &spans, &vec!["of another cut"; spans.len()]);
        let notes = placed.on_chunks.iter().map(|edit| edit.as_ref().and_then(|e| e.note.clone()));
        (notes.collect(), placed.unplaced.len())
    }

    #[test]
    fn in_another_cut_nothing_hidden_is_shown_and_a_note_goes_where_most_of_its_text_is() {
        let hidden = edit("the secret of the house", "hidden", true, EditAuthor::Person);
        let told = note("what the house costs", "told");
        let on = |notes: &[Option<&str>]| notes.iter().map(|n| n.map(str::to_owned)).collect::<Vec<_>>();
        // Cut smaller, and then larger.
        let (notes, unplaced) = placed_again(
            &[(0, 10, Some(&hidden)), (11, 30, Some(&told))],
            &[(0, 4), (5, 10), (11, 14), (15, 25), (26, 30)],
        );
        assert_eq!(notes, on(&[Some("hidden"), Some("hidden"), None, Some("told"), None]));
        assert_eq!(unplaced, 0);
        let (notes, unplaced) = placed_again(
            &[(0, 4, None), (5, 10, Some(&hidden)), (11, 30, Some(&told))],
            &[(0, 30), (31, 40)],
        );
        assert_eq!(notes, on(&[Some("hidden"), None]));
        assert_eq!(unplaced, 1, "the note has no chunk of its own, which is told");
    }

    #[test]
    fn an_edit_follows_its_text() {
        let rest = "a year, and days that nobody used may be carried over until the end of March";
        let annual = format!("Annual leave is fifteen days {rest}.");
        let texts = [annual.as_str(), "Sick leave is ten days.", "差旅费每天三百元。"];
        let edits = vec![
            note("Sick leave is ten days.", "exact"),
            note(&format!("Annual leave is twelve days {rest}."), "alike"),
            note("The canteen opens at noon.", "gone"),
        ];
        let placed = place(edits, &texts);
        assert_eq!(notes(&placed), [Some("alike"), Some("exact"), None]);
        assert_eq!(placed.unplaced.len(), 1);
        assert_eq!(placed.unplaced[0].edit.note.as_deref(), Some("gone"));
    }

    #[test]
    fn a_chunk_has_one_edit() {
        let placed =
            place(vec![note("same text", "first"), note("same text", "second")], &["same text", "else"]);
        assert_eq!((notes(&placed), placed.unplaced.len()), (vec![Some("first"), None], 1));
    }

    #[test]
    fn who_is_most_alike_comes_first_and_not_who_is_oldest() {
        let text = "Annual leave is fifteen days a year, and it may be carried over until the end of March.";
        let older = text.replace("until the end of March", "for as long as six months");
        let newer = text.replace("fifteen", "fourteen");
        let placed = place(vec![note(&older, "older"), note(&newer, "newer")], &[text]);
        assert_eq!((notes(&placed), placed.unplaced.len()), (vec![Some("newer")], 1));
    }

    #[test]
    fn what_a_person_hid_is_placed_before_notes_and_those_before_a_models() {
        let text = "Annual leave is fifteen days a year, and it may be carried over until the end of March.";
        let (near, far) = (text.replace("fifteen", "fourteen"), text.replace("the end of March", "summer"));
        let by_model = || edit(&near, "model", false, EditAuthor::Model);
        let hidden = || edit(&far, "hidden", true, EditAuthor::Person);
        for edits in [vec![by_model(), note(&near, "note"), hidden()], vec![by_model(), hidden()]] {
            assert_eq!(notes(&place(edits, &[text])), [Some("hidden")]);
        }
        let same = vec![edit(text, "model", false, EditAuthor::Model), note(text, "note")];
        assert_eq!(notes(&place(same, &[text])), [Some("note")]);
    }

    #[test]
    fn where_there_are_too_many_to_compare_persons_come_first() {
        let texts = ["Annual leave is fifteen days a year.", "Trains are to be taken in the second class."];
        let by_model = edit("Annual leave is fifteen days each year.", "model", false, EditAuthor::Model);
        let by_person = note("Trains are to be taken in their second class.", "person");
        let placed = |most_pairs| {
            let placed = place_within(most_pairs, vec![by_model.clone(), by_person.clone()], &texts);
            notes(&placed).into_iter().map(|note| note.map(str::to_owned)).collect::<Vec<_>>()
        };
        let (model, person) = (Some("model".to_owned()), Some("person".to_owned()));
        assert_eq!(placed(4), [model, person.clone()]);
        assert_eq!(placed(3), [None, person]);
        assert_eq!(placed(1), [None, None]);
    }

    /// Made of few words, so that many are alike.
    fn any_text() -> impl Strategy<Value = String> {
        "((leave|days|年假规定|travel by train|of ) ?){0,9}"
    }

    fn any_edit() -> impl Strategy<Value = StoredChunkEdit> {
        let author = prop_oneof![Just(EditAuthor::Person), Just(EditAuthor::Model)];
        (any_text(), any::<bool>(), author)
            .prop_map(|(text, hidden, author)| edit(&text, "n", hidden, author))
    }

    proptest! {
        #[test]
        fn no_edit_is_lost_or_placed_twice(
            edits in prop::collection::vec(any_edit(), 0..8),
            texts in prop::collection::vec(any_text(), 0..8),
        ) {
            let placed = place(edits.clone(), &texts.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(placed.on_chunks.len(), texts.len());
            let there = placed.on_chunks.iter().flatten().map(|edit| edit.id);
            let seen: Vec<ChunkEditId> = there.chain(placed.unplaced.iter().map(|s| s.edit.id)).collect();
            let given: HashSet<ChunkEditId> = edits.iter().map(|stored| stored.edit.id).collect();
            prop_assert_eq!(seen.len(), edits.len());
            prop_assert_eq!(seen.into_iter().collect::<HashSet<_>>(), given);
        }

        #[test]
        fn nothing_takes_the_place_of_what_a_person_hid(
            edits in prop::collection::vec(any_edit(), 0..8),
            texts in prop::collection::vec(any_text(), 0..8),
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let is_hidden = |edit: &ChunkEdit| edit.hidden && edit.author == EditAuthor::Person;
            // One with a chunk's very text is on that chunk and no other.
            let changed: Vec<_> = edits.into_iter().filter(|e| !texts.contains(&e.text.as_str())).collect();
            let alone: Vec<_> = changed.iter().filter(|stored| is_hidden(&stored.edit)).cloned().collect();
            let hidden = |placed: Placed| -> Vec<_> {
                placed.on_chunks.into_iter().map(|edit| edit.filter(is_hidden).map(|edit| edit.id)).collect()
            };
            prop_assert_eq!(hidden(place(changed, &texts)), hidden(place(alone, &texts)));
        }

        #[test]
        fn likeness_is_that_of_the_shingles(a in any_text(), b in any_text()) {
            let likeness = Sketch::of(&a).likeness(&Sketch::of(&b));
            prop_assert_eq!(likeness, Sketch::of(&b).likeness(&Sketch::of(&a)));
            let (a, b) = (shingles(&a, SHINGLE), shingles(&b, SHINGLE));
            let (common, all) = (a.intersection(&b).count(), a.union(&b).count());
            prop_assert!((likeness - common as f32 / all.max(1) as f32).abs() < 1e-6);
        }
    }
}
