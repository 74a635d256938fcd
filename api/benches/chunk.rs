//! Cutting a megabyte of text into chunks, tokenization included.
#![expect(clippy::expect_used, reason = "a bench that cannot run stops")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use footnote_core::Result;
use footnote_core::knowledge_base::ChunkerSettings;
use footnote_core::parsed::{Block, BlockKind, ContentType, ParsedDocument};
use footnote_core::ports::TokenCounter;
use footnote_core::text::Span;
use footnote_ingest::chunk::{ChunkBudget, chunk};

/// Words of ASCII letters are one token, every other visible character is one: as many tokens as an
/// embedder's tokenizer gives, at no cost, so that the cutting itself is measured.
struct Words;

impl TokenCounter for Words {
    fn token_ends(&self, text: &str) -> Result<Vec<usize>> {
        let mut ends = Vec::new();
        let mut in_word = false;
        for (at, c) in text.char_indices() {
            let is_word = c.is_ascii_alphanumeric();
            if in_word && is_word {
                ends.pop();
            }
            if !c.is_whitespace() {
                ends.push(at + c.len_utf8());
            }
            in_word = is_word;
        }
        Ok(ends)
    }
}

fn document(paragraph: &str, per_block: usize, bytes: usize) -> ParsedDocument {
    let block_text = paragraph.repeat(per_block);
    let (mut text, mut blocks, mut chars) = (String::new(), Vec::new(), 0);
    while text.len() < bytes {
        let span = Span::new(chars, chars + block_text.chars().count());
        let heading_path = vec![format!("Section {}", blocks.len() / 8)];
        blocks.push(Block { kind: BlockKind::Paragraph, span, page: None, heading_path, level: 0 });
        text.push_str(&block_text);
        text.push_str("\n\n");
        chars = span.end + 2;
    }
    ParsedDocument {
        content_type: ContentType::Text,
        title: None,
        text,
        pages: Vec::new(),
        blocks,
        lines: Vec::new(),
        warnings: Vec::new(),
        engine: "bench".to_owned(),
    }
}

fn cutting(criterion: &mut Criterion) {
    let english = "The committee met on the third of May and agreed, after some debate, to postpone it. ";
    let chinese = "员工每年享有十天年假，未休的年假可以顺延到第二年三月；逾期作废。";
    let settings = ChunkerSettings::default();
    let budget = ChunkBudget::new(&settings, 508).expect("the defaults fit");
    let mut group = criterion.benchmark_group("chunk");
    for (name, paragraph, per_block) in [
        ("english paragraphs", english, 6),
        ("english one block", english, 12_000),
        ("chinese paragraphs", chinese, 6),
        ("chinese one block", chinese, 12_000),
    ] {
        let parsed = document(paragraph, per_block, 1_000_000);
        group.throughput(Throughput::Bytes(parsed.text.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| chunk(black_box(&parsed), &settings, budget, &Words).expect("cut"));
        });
    }
    group.finish();
}

criterion_group!(benches, cutting);
criterion_main!(benches);
