//! Measures the keyword index on a data set in BEIR layout, to choose the defaults of
//! `Bm25Settings`: `cargo run -p footnote-store --example bm25_eval -- DIR [name=value…]`.
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use footnote_core::chunk::{IndexKey, KeywordEntry};
use footnote_core::ids::{ApiKeyId, ChunkId, GenerationId, KnowledgeBaseId, VersionId, WorkspaceId};
use footnote_core::knowledge_base::{ChunkerSettings, Generation, GenerationSpec, KnowledgeBase};
use footnote_core::ports::{Clock as _, KeywordIndex as _, SystemClock};
use footnote_core::principal::{ApiKey, KeyScope, KeySecret, Principal, Role};
use footnote_core::question::Filter;
use footnote_store::keyword::{ANALYZER_VERSION, Bm25Settings, TantivyKeywordIndex};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("give the folder of a data set")?;
    let mut settings = Bm25Settings::default();
    let mut title_field = false;
    for argument in arguments {
        let (name, value) = argument.split_once('=').ok_or("give settings as name=value")?;
        let value: f32 = value.parse()?;
        match name {
            "k1" => settings.k1 = value,
            "b" => settings.b = value,
            "title" => {
                settings.fields[0] = value;
                title_field = true;
            }
            "long_word" => settings.long_word = value,
            "cross_bigram" => settings.cross_bigram = value,
            "identifier" => settings.identifier = value,
            "piece" => settings.piece = value,
            "stop_word" => settings.stop_word = value,
            "word_order" => settings.word_order = value,
            "stop_bigram" => settings.stop_bigram = value,
            _ => return Err(format!("there is no setting {name}").into()),
        }
    }
    let set = DataSet::read(Path::new(&folder))?;
    let place = tempfile::tempdir()?;
    let index = TantivyKeywordIndex::open_with(place.path().to_owned(), settings)?;
    let knowledge_base = knowledge_base();
    let generation = Generation { id: knowledge_base.generation, spec: spec() };
    index.ensure(&generation).await?;

    let began = Instant::now();
    let mut names = HashMap::new();
    for batch in set.corpus.chunks(256) {
        let mut entries = Vec::new();
        for (name, title, text) in batch {
            let entry = entry(&knowledge_base, title, text, title_field);
            names.insert(entry.key.chunk, name.as_str());
            entries.push(entry);
        }
        index.upsert(generation.id, entries).await?;
    }
    index.flush(generation.id).await?;
    let indexed = began.elapsed();

    let scope = principal(&knowledge_base)?.scope(&knowledge_base)?;
    let (mut ndcg, mut recall, mut first) = (0.0, 0.0, 0.0);
    let began = Instant::now();
    for (query, relevant) in &set.queries {
        let hits = index.search(scope, &Filter::default(), query, 10).await?;
        let ranked: Vec<f64> = hits.iter().map(|h| gain(relevant, names[&h.chunk])).collect();
        let mut ideal: Vec<f64> = relevant.values().copied().collect();
        ideal.sort_by(|a, b| b.total_cmp(a));
        ideal.truncate(10);
        ndcg += discounted(&ranked) / discounted(&ideal);
        recall += ranked.iter().filter(|g| **g > 0.0).count() as f64 / relevant.len() as f64;
        first += ranked.iter().position(|g| *g > 0.0).map_or(0.0, |rank| 1.0 / (rank + 1) as f64);
    }
    let count = set.queries.len() as f64;
    println!(
        "{{\"dataset\": {folder:?}, \"documents\": {}, \"queries\": {count}, \"ndcg@10\": {:.4}, \"recall@10\": {:.4}, \
         \"mrr@10\": {:.4}, \"index_seconds\": {:.2}, \"milliseconds_per_query\": {:.3}}}",
        set.corpus.len(),
        ndcg / count,
        recall / count,
        first / count,
        indexed.as_secs_f64(),
        began.elapsed().as_secs_f64() * 1e3 / count,
    );
    Ok(())
}

struct DataSet {
    corpus: Vec<(String, String, String)>,
    queries: Vec<(String, HashMap<String, f64>)>,
}

impl DataSet {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let mut corpus = Vec::new();
        for row in rows(&folder.join("corpus.jsonl"))? {
            corpus.push((text(&row, "_id"), text(&row, "title"), text(&row, "text")));
        }
        let mut judged: HashMap<String, HashMap<String, f64>> = HashMap::new();
        for line in fs_err::read_to_string(folder.join("qrels.tsv"))?.lines().skip(1) {
            let [query, document, grade] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
            let grade: f64 = grade.parse()?;
            if grade > 0.0 {
                judged.entry(query.to_owned()).or_default().insert(document.to_owned(), grade);
            }
        }
        let mut queries = Vec::new();
        for row in rows(&folder.join("queries.jsonl"))? {
            if let Some(relevant) = judged.remove(&text(&row, "_id")) {
                queries.push((text(&row, "text"), relevant));
            }
        }
        Ok(Self { corpus, queries })
    }
}

fn rows(path: &Path) -> Result<Vec<Value>, Failure> {
    let text = fs_err::read_to_string(path)?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn text(row: &Value, key: &str) -> String {
    row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn entry(knowledge_base: &KnowledgeBase, title: &str, text: &str, title_field: bool) -> KeywordEntry {
    let version = VersionId::new();
    let key = IndexKey {
        chunk: ChunkId::derive(version, knowledge_base.generation, 0),
        version,
        knowledge_base: knowledge_base.id,
        tags: Vec::new(),
    };
    if title_field {
        return KeywordEntry { key, title: title.into(), headings: String::new(), body: text.into() };
    }
    KeywordEntry { key, title: String::new(), headings: String::new(), body: format!("{title}\n{text}") }
}

fn gain(relevant: &HashMap<String, f64>, document: &str) -> f64 {
    relevant.get(document).copied().unwrap_or(0.0)
}

fn discounted(gains: &[f64]) -> f64 {
    gains.iter().enumerate().map(|(rank, gain)| gain / (rank as f64 + 2.0).log2()).sum()
}

fn spec() -> GenerationSpec {
    GenerationSpec {
        embedder: "none".into(),
        dimension: 1,
        analyzer: ANALYZER_VERSION,
        chunker: ChunkerSettings::default(),
    }
}

fn knowledge_base() -> KnowledgeBase {
    KnowledgeBase {
        id: KnowledgeBaseId::new(),
        workspace: WorkspaceId::DEFAULT,
        name: "eval".into(),
        description: String::new(),
        settings: Default::default(),
        generation: GenerationId::new(),
        next_generation: None,
        created_at: SystemClock.now(),
    }
}

/// Somebody with a key of the one workspace that exists here.
fn principal(knowledge_base: &KnowledgeBase) -> footnote_core::Result<Principal> {
    let secret = KeySecret::from_random([7; 32]);
    let key = ApiKey {
        id: ApiKeyId::new(),
        workspace: knowledge_base.workspace,
        name: "eval".into(),
        secret_hash: secret.hash(),
        role: Role::Reader,
        scope: KeyScope::All,
        created_at: knowledge_base.created_at,
        revoked_at: None,
    };
    Principal::authenticate(&secret, &key)
}
