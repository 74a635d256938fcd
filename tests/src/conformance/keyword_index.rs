//! The suite of [`KeywordIndex`].

use std::collections::BTreeMap;

use footnote_core::ErrorKind;
use footnote_core::chunk::{Hit, KeywordEntry, Tag};
use footnote_core::ids::{ChunkId, VersionId};
use footnote_core::knowledge_base::{Generation, KnowledgeBase};
use footnote_core::ports::KeywordIndex;
use footnote_core::question::Filter;

use super::{generation, key, knowledge_base, scope};

/// Texts of the made-up company, with what each is about.
const TEXTS: [&str; 6] = [
    "员工入职满一年后，每年享有十天带薪年假。年假应当在当年休完，未休完的年假可以顺延到次年三月。",
    "出差费用在返回后三十天内报销，需要提交发票原件和审批单。超过三十天的报销申请需要部门经理批准。",
    "All laptops must be encrypted. Report a lost laptop to the security desk within four hours.",
    "参考文献的著录格式应符合 GB/T 7714-2015 的规定，论文提交前由图书馆检查。",
    "If the updater stops with ERR_0x80070005, run it again as administrator and upgrade to v2.3.1 or later.",
    "Expense reports above 1,200 dollars need the approval of jane.doe@example.com, see form AC-1042.",
];

/// Runs the suite over what `reopen` gives; it is called again to see what a new process would see.
/// The index given before has been dropped by then.
pub async fn run<F>(mut reopen: F)
where
    F: AsyncFnMut() -> Box<dyn KeywordIndex>,
{
    let index = reopen().await;
    nothing_is_found_where_nothing_is(&*index).await;
    writing_twice_is_writing_once(&*index).await;
    words_are_found_in_both_languages(&*index).await;
    a_verbatim_sentence_ranks_its_chunk_first(&*index).await;
    any_text_is_a_question(&*index).await;
    a_scope_sees_its_knowledge_base_only(&*index).await;
    filters_narrow(&*index).await;
    removal_takes_one_version(&*index).await;
    coverage_is_the_share_of_weight(&*index).await;
    texts_that_it_does_not_hold_score_as_if_it_did(&*index).await;
    let (generation, base, version) = a_flushed_version(&*index).await;
    drop(index);
    a_flushed_version_survives(&*reopen().await, &generation, &base, version).await;
}

/// Filters over four entries (red and old; blue and old; blue; none) with the ordinals they let pass.
pub(super) fn filter_cases(red: &Tag, blue: &Tag, old: &Tag) -> Vec<(Vec<Vec<Tag>>, Vec<u32>)> {
    let [red, blue, old] = [red, blue, old].map(Clone::clone);
    vec![
        (vec![], vec![0, 1, 2, 3]),
        (vec![vec![red.clone()]], vec![0]),
        (vec![vec![red.clone(), blue.clone()]], vec![0, 1, 2]),
        (vec![vec![red.clone(), blue.clone()], vec![old.clone()]], vec![0, 1]),
        (vec![vec![red.clone()], vec![blue]], vec![]),
        (vec![vec![Tag::metadata("colour", "green")]], vec![]),
        (vec![vec![]], vec![]),
        (vec![vec![red], vec![]], vec![]),
    ]
}

async fn nothing_is_found_where_nothing_is(index: &dyn KeywordIndex) {
    let unknown = generation(1);
    let base = knowledge_base(unknown.id);
    let nowhere = index.search(scope(&base), &Filter::default(), "年假", 10).await;
    assert_eq!(nowhere.unwrap_err().kind(), ErrorKind::Unavailable, "an unknown generation is an error");
    assert!(index.upsert(unknown.id, vec![entry(&base, VersionId::new(), 0, "x", &[])]).await.is_err());
    assert!(index.versions(unknown.id).await.is_err());

    index.ensure(&unknown).await.unwrap();
    index.ensure(&unknown).await.expect("ensuring twice is harmless");
    assert_eq!(search(index, &base, &Filter::default(), "年假", 10).await, []);
    assert_eq!(index.versions(unknown.id).await.unwrap(), BTreeMap::new());
    assert_eq!(index.coverage(scope(&base), "年假", "").await.unwrap(), 0.0);
    index.remove(unknown.id, VersionId::new()).await.expect("removing nothing is harmless");
    index.flush(unknown.id).await.unwrap();
}

async fn texts_that_it_does_not_hold_score_as_if_it_did(index: &dyn KeywordIndex) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    let entries: Vec<KeywordEntry> =
        (0..).zip(TEXTS).map(|(ordinal, text)| entry(&base, version, ordinal, text, &[])).collect();
    index.upsert(generation.id, entries.clone()).await.unwrap();
    index.flush(generation.id).await.unwrap();
    for question in
        ["年假可以顺延到什么时候？", "lost laptop", "When is the approval needed for 1,200 dollars?", "zebra"]
    {
        let scores = index.score(scope(&base), question, entries.clone()).await.unwrap();
        assert_eq!(scores.len(), entries.len());
        let found = search(index, &base, &Filter::default(), question, 10).await;
        assert_eq!(scores.iter().filter(|score| **score > 0.0).count(), found.len(), "{question}");
        for hit in found {
            let at = entries.iter().position(|entry| entry.key.chunk == hit.chunk).unwrap();
            assert!(
                (scores[at] - hit.score).abs() < 1e-3 * hit.score,
                "{question}: {} {}",
                scores[at],
                hit.score
            );
        }
    }
    assert!(index.score(scope(&base), "lost", Vec::new()).await.unwrap().is_empty());
}

async fn writing_twice_is_writing_once(index: &dyn KeywordIndex) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    for _ in 0..2 {
        write(index, &base, version, &TEXTS).await;
        index.flush(generation.id).await.unwrap();
    }
    // Twice before one flush, too.
    write(index, &base, version, &TEXTS).await;
    write(index, &base, version, &TEXTS).await;
    index.flush(generation.id).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::from([(version, TEXTS.len() as u64)]));
    assert_eq!(search(index, &base, &Filter::default(), "laptop", 10).await.len(), 1);

    // New words under the same id replace the old ones.
    index.upsert(generation.id, vec![entry(&base, version, 2, "Pineapples are yellow.", &[])]).await.unwrap();
    index.flush(generation.id).await.unwrap();
    assert_eq!(search(index, &base, &Filter::default(), "laptop", 10).await, []);
    assert_eq!(search(index, &base, &Filter::default(), "pineapple", 10).await.len(), 1);
}

async fn words_are_found_in_both_languages(index: &dyn KeywordIndex) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    write(index, &base, version, &TEXTS).await;
    index.flush(generation.id).await.unwrap();
    let questions = [
        ("年假", 0),
        ("顺延", 0),
        ("年假有几天？", 0),
        ("ｌａｐｔｏｐ　ＬＯＳＴ", 2),
        ("reporting lost laptops", 2),
        ("what do I do when a laptop is lost?", 2),
        ("GB/T 7714-2015", 3),
        ("GB/T7714", 3),
        ("7714", 3),
        ("ERR_0x80070005", 4),
        ("0x80070005", 4),
        ("version 2.3.1", 4),
        ("AC-1042", 5),
        ("1042", 5),
        ("jane.doe@example.com", 5),
        ("1200 dollars", 5),
        ("报销", 1),
    ];
    for (question, wanted) in questions {
        let hits = search(index, &base, &Filter::default(), question, 10).await;
        let first = hits.first().map(|h| h.chunk);
        assert_eq!(first, Some(ChunkId::derive(version, generation.id, wanted)), "{question}: {hits:?}");
        assert!(hits.is_sorted_by(|a, b| a.score >= b.score), "{question}: {hits:?}");
    }
    assert_eq!(search(index, &base, &Filter::default(), "报销 laptop 7714", 2).await.len(), 2, "the limit");
    assert_eq!(search(index, &base, &Filter::default(), "报销", 0).await, []);
    assert_eq!(search(index, &base, &Filter::default(), "zebra 斑马", 10).await, []);
}

async fn a_verbatim_sentence_ranks_its_chunk_first(index: &dyn KeywordIndex) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    // Chunks that share most words, in another order.
    let mut texts = TEXTS.to_vec();
    texts.push("年假。带薪。每年。十天。员工。年假年假年假。当年。次年。三月。");
    texts.push("laptop laptop laptop. lost. The desk. security security. report a report. Four hours.");
    write(index, &base, version, &texts).await;
    index.flush(generation.id).await.unwrap();
    for (ordinal, text) in texts.iter().enumerate().take(TEXTS.len()) {
        for sentence in text.split_inclusive(['。', '.']).filter(|s| s.chars().count() > 12) {
            let hits = search(index, &base, &Filter::default(), sentence, 3).await;
            let wanted = ChunkId::derive(version, generation.id, ordinal as u32);
            assert_eq!(hits.first().map(|h| h.chunk), Some(wanted), "{sentence}");
        }
    }
}

async fn any_text_is_a_question(index: &dyn KeywordIndex) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    write(index, &base, version, &TEXTS).await;
    index.flush(generation.id).await.unwrap();
    let long = "年假应当在当年休完 laptops must be encrypted ".repeat(400);
    assert!(long.chars().count() > 10_000);
    let varied: String = (0..10_000_u32).filter_map(|n| char::from_u32(0x4e00 + n)).collect();
    for text in [
        "",
        " ",
        "？",
        "AND OR NOT",
        "body:laptop",
        "lapt*",
        "\"lost laptop",
        "(((",
        "a^2~3",
        "\\",
        "\0",
        "{[+-!:/]}",
        "的",
        "what is it",
        long.as_str(),
        varied.as_str(),
        "🙂👨‍👩‍👧",
        "\u{301}\u{202e}",
    ] {
        let found = index.search(scope(&base), &Filter::default(), text, 10).await;
        assert!(found.is_ok(), "{:?}: {found:?}", text.chars().take(20).collect::<String>());
        let covered = index.coverage(scope(&base), text, TEXTS[0]).await.unwrap();
        assert!((0.0..=1.0).contains(&covered), "{covered}");
    }
    assert_eq!(search(index, &base, &Filter::default(), "(laptop", 10).await.len(), 1);
    assert!(!search(index, &base, &Filter::default(), &long, 10).await.is_empty());
}

async fn a_scope_sees_its_knowledge_base_only(index: &dyn KeywordIndex) {
    let (generation, mine) = ready(index).await;
    let theirs = knowledge_base(generation.id);
    let (my_version, their_version) = (VersionId::new(), VersionId::new());
    write(index, &mine, my_version, &TEXTS).await;
    index.flush(generation.id).await.unwrap();
    let before = search(index, &mine, &Filter::default(), "年假 laptop", 10).await;
    let coverage = index.coverage(scope(&mine), "年假 laptop", TEXTS[0]).await.unwrap();

    write(index, &theirs, their_version, &[TEXTS[0]; 40]).await;
    index.flush(generation.id).await.unwrap();
    let after = search(index, &mine, &Filter::default(), "年假 laptop", 10).await;
    assert_eq!(before, after, "another knowledge base changes neither hits nor scores");
    assert_eq!(coverage, index.coverage(scope(&mine), "年假 laptop", TEXTS[0]).await.unwrap());
    assert_eq!(search(index, &theirs, &Filter::default(), "laptop", 10).await, []);
    let nobody = knowledge_base(generation.id);
    assert_eq!(search(index, &nobody, &Filter::default(), "年假", 10).await, []);
}

async fn filters_narrow(index: &dyn KeywordIndex) {
    let (generation, base) = ready(index).await;
    let [red, blue, old] =
        [Tag::metadata("colour", "red"), Tag::metadata("colour", "blue"), Tag::metadata("age", "old")];
    let version = VersionId::new();
    let entries = vec![
        entry(&base, version, 0, "年假", &[red.clone(), old.clone()]),
        entry(&base, version, 1, "年假", &[blue.clone(), old.clone()]),
        entry(&base, version, 2, "年假", std::slice::from_ref(&blue)),
        entry(&base, version, 3, "年假", &[]),
    ];
    index.upsert(generation.id, entries).await.unwrap();
    index.flush(generation.id).await.unwrap();
    for (all_of, wanted) in filter_cases(&red, &blue, &old) {
        let filter = Filter { all_of };
        let mut found: Vec<ChunkId> =
            search(index, &base, &filter, "年假", 10).await.iter().map(|h| h.chunk).collect();
        let mut expected: Vec<ChunkId> =
            wanted.iter().map(|&n| ChunkId::derive(version, generation.id, n)).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn removal_takes_one_version(index: &dyn KeywordIndex) {
    let (generation, base) = ready(index).await;
    let (old, new) = (VersionId::new(), VersionId::new());
    write(index, &base, old, &TEXTS).await;
    write(index, &base, new, &TEXTS[..2]).await;
    index.flush(generation.id).await.unwrap();
    index.remove(generation.id, old).await.unwrap();
    index.flush(generation.id).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::from([(new, 2)]));
    assert_eq!(search(index, &base, &Filter::default(), "laptop", 10).await, []);
    assert_eq!(search(index, &base, &Filter::default(), "年假", 10).await.len(), 1);
    // What is removed and written again within one flush is there.
    index.remove(generation.id, new).await.unwrap();
    write(index, &base, new, &TEXTS[..1]).await;
    index.flush(generation.id).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::from([(new, 1)]));
}

async fn coverage_is_the_share_of_weight(index: &dyn KeywordIndex) {
    let (generation, base) = ready(index).await;
    write(index, &base, VersionId::new(), &TEXTS).await;
    index.flush(generation.id).await.unwrap();
    let coverage =
        async |question: &str, text: &str| index.coverage(scope(&base), question, text).await.unwrap();
    assert_eq!(coverage("lost laptops", TEXTS[2]).await, 1.0);
    assert_eq!(coverage("什么是年假", TEXTS[0]).await, 1.0);
    assert_eq!(coverage("lost laptops", TEXTS[0]).await, 0.0);
    let half = coverage("laptop zebra", TEXTS[2]).await;
    assert!(half > 0.2 && half < 0.5, "an unknown word weighs more than a known one: {half}");
}

async fn a_flushed_version(index: &dyn KeywordIndex) -> (Generation, KnowledgeBase, VersionId) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    write(index, &base, version, &TEXTS).await;
    index.flush(generation.id).await.unwrap();
    (generation, base, version)
}

async fn a_flushed_version_survives(
    index: &dyn KeywordIndex,
    generation: &Generation,
    base: &KnowledgeBase,
    version: VersionId,
) {
    index.ensure(generation).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::from([(version, TEXTS.len() as u64)]));
    let hits = search(index, base, &Filter::default(), "年假", 3).await;
    assert_eq!(hits[0].chunk, ChunkId::derive(version, generation.id, 0));
    // It can still be written to.
    index.upsert(generation.id, vec![entry(base, version, 99, "pineapple", &[])]).await.unwrap();
    index.flush(generation.id).await.unwrap();
    assert_eq!(search(index, base, &Filter::default(), "pineapple", 3).await.len(), 1);
}

async fn ready(index: &dyn KeywordIndex) -> (Generation, KnowledgeBase) {
    let generation = generation(1);
    index.ensure(&generation).await.unwrap();
    let base = knowledge_base(generation.id);
    (generation, base)
}

async fn write(index: &dyn KeywordIndex, base: &KnowledgeBase, version: VersionId, texts: &[&str]) {
    let entries = texts.iter().zip(0..).map(|(text, ordinal)| entry(base, version, ordinal, text, &[]));
    index.upsert(base.generation, entries.collect()).await.unwrap();
}

async fn search(
    index: &dyn KeywordIndex,
    base: &KnowledgeBase,
    filter: &Filter,
    text: &str,
    limit: usize,
) -> Vec<Hit> {
    index.search(scope(base), filter, text, limit).await.unwrap()
}

fn entry(base: &KnowledgeBase, version: VersionId, ordinal: u32, body: &str, tags: &[Tag]) -> KeywordEntry {
    KeywordEntry {
        key: key(base, version, ordinal, tags),
        title: String::new(),
        headings: String::new(),
        body: body.to_owned(),
    }
}
