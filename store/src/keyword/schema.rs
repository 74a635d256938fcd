//! The fields of a keyword index and the documents made of entries.

use footnote_core::chunk::KeywordEntry;
use tantivy::TantivyDocument;
use tantivy::schema::{BytesOptions, FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};

use super::analyzer::{Term, analyze};

/// The fields whose words are searched.
pub(super) const TEXT_FIELDS: usize = 3;

/// Fields of the index. Nothing is stored: a hit is a chunk id, the text lies in SQL and blobs.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub chunk: Field,
    pub version: Field,
    pub knowledge_base: Field,
    pub tags: Field,
    /// Title, headings and body, in this order everywhere.
    pub text: [Field; TEXT_FIELDS],
    pub lengths: [Field; TEXT_FIELDS],
}

/// Names of the fast fields with the lengths of title, headings and body.
pub(super) const LENGTH_NAMES: [&str; TEXT_FIELDS] = ["title_length", "headings_length", "body_length"];

/// The schema of every generation.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let key = BytesOptions::default().set_indexed().set_fast();
    let raw = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    // Words come analyzed; their exact counts lie in the length fields instead of rounded norms.
    let words = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let words = TextOptions::default().set_indexing_options(words);
    let fields = Fields {
        chunk: builder.add_bytes_field("chunk", key.clone()),
        version: builder.add_bytes_field("version", key.clone()),
        knowledge_base: builder.add_bytes_field("knowledge_base", BytesOptions::default().set_indexed()),
        tags: builder.add_text_field("tags", TextOptions::default().set_indexing_options(raw)),
        text: ["title", "headings", "body"].map(|name| builder.add_text_field(name, words.clone())),
        lengths: LENGTH_NAMES.map(|name| builder.add_u64_field(name, FAST)),
    };
    (builder.build(), fields)
}

/// Analyzes an entry.
pub(super) fn document(fields: &Fields, entry: &KeywordEntry) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    document.add_bytes(fields.chunk, entry.key.chunk.0.as_bytes());
    document.add_bytes(fields.version, entry.key.version.0.as_bytes());
    document.add_bytes(fields.knowledge_base, entry.key.knowledge_base.0.as_bytes());
    for tag in &entry.key.tags {
        document.add_text(fields.tags, tag.as_str());
    }
    for ((text, field), length) in texts(entry).into_iter().zip(fields.text).zip(fields.lengths) {
        let terms = analyze(text);
        document.add_u64(length, terms.iter().filter(|t| t.kind.counts()).count() as u64);
        if !terms.is_empty() {
            document.add_pre_tokenized_text(field, tokens(terms));
        }
    }
    document
}

/// The texts of an entry, in the order of [`Fields::text`].
pub(super) fn texts(entry: &KeywordEntry) -> [&str; TEXT_FIELDS] {
    [&entry.title, &entry.headings, &entry.body]
}

fn tokens(terms: Vec<Term>) -> PreTokenizedString {
    let tokens = terms.into_iter().map(|term| Token {
        offset_from: term.span.start,
        offset_to: term.span.end,
        position: term.position,
        text: term.text,
        position_length: 1,
    });
    PreTokenizedString { text: String::new(), tokens: tokens.collect() }
}
