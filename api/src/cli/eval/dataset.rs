//! Evaluation sets in BEIR layout: `corpus.jsonl`, `queries.jsonl` and a tab-separated qrels file.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::Path;

use footnote_core::error::Context;
use footnote_core::question::QuestionText;
use footnote_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::corpus::CorpusDocument;
use super::metrics::Judgements;
use super::questions::{DocumentPage, standalone};

/// A query with its judgements.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JudgedQuery {
    /// Its id.
    pub(crate) id: String,
    /// The question.
    pub(crate) text: String,
    /// The question that it follows.
    pub(crate) earlier: Option<String>,
    /// Relevance by document id.
    pub(crate) judgements: Judgements,
    /// Pages that answer, where they are known.
    pub(crate) pages: Vec<DocumentPage>,
}

impl JudgedQuery {
    /// What is searched for.
    pub(crate) fn searched(&self) -> Result<QuestionText> {
        standalone(&self.text, self.earlier.as_deref())
    }
}

/// A corpus with judged queries.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// Name of its folder.
    pub(crate) name: String,
    /// The documents.
    pub(crate) corpus: Vec<CorpusDocument>,
    /// The queries that have judgements, in the order of `queries.jsonl`.
    pub(crate) queries: Vec<JudgedQuery>,
    /// Judged queries that `queries.jsonl` lacks.
    unknown_queries: usize,
    /// Judged queries without any word.
    wordless_queries: usize,
    /// Relevant documents of the queries that the corpus lacks.
    unknown_documents: usize,
}

#[derive(Deserialize)]
struct CorpusLine {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct QueryLine {
    #[serde(rename = "_id")]
    id: String,
    text: String,
}

impl Dataset {
    /// Loads a folder; `qrels` replaces the folder's `qrels.tsv`.
    pub(crate) fn load(dir: &Path, qrels: Option<&Path>) -> Result<Self> {
        let default_qrels = dir.join("qrels.tsv");
        let mut judgements = load_qrels(qrels.unwrap_or(&default_qrels))?;
        let queries: Vec<QueryLine> = load_lines(&dir.join("queries.jsonl"))?;
        let queries: Vec<JudgedQuery> = queries
            .into_iter()
            .filter_map(|query| {
                let judgements = judgements.remove(&query.id)?;
                let QueryLine { id, text } = query;
                Some(JudgedQuery { id, text, earlier: None, judgements, pages: Vec::new() })
            })
            .collect();
        let corpus = load_corpus(&dir.join("corpus.jsonl"))?;
        let unknown_queries = judgements.len();
        Ok(Self { unknown_queries, ..Self::of(name_of(dir), corpus, queries) })
    }

    /// Of judged queries.
    pub(crate) fn of(name: String, corpus: Vec<CorpusDocument>, mut queries: Vec<JudgedQuery>) -> Self {
        let judged = queries.len();
        queries.retain(|query| query.text.chars().any(char::is_alphanumeric));
        let wordless_queries = judged - queries.len();
        let ids: HashSet<&str> = corpus.iter().map(|document| document.id.as_str()).collect();
        let relevant = queries.iter().flat_map(|query| &query.judgements).filter(|&(_, &r)| r > 0);
        let unknown_documents = relevant.filter(|(id, _)| !ids.contains(id.as_str())).count();
        Self { name, corpus, queries, unknown_queries: 0, wordless_queries, unknown_documents }
    }

    /// What makes the figures mean something else than their reader may think.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.unknown_queries > 0 {
            let count = self.unknown_queries;
            warnings.push(format!("{count} judged queries are not in queries.jsonl and are left out"));
        }
        if self.wordless_queries > 0 {
            let count = self.wordless_queries;
            warnings.push(format!("{count} judged queries have no words and are left out"));
        }
        if self.unknown_documents > 0 {
            let count = self.unknown_documents;
            warnings.push(format!("{count} relevant documents are not in the corpus and count as not found"));
        }
        warnings
    }
}

/// What a data set is called: the name of its folder.
pub(crate) fn name_of(dir: &Path) -> String {
    // `.` and `..` have a name, too.
    let dir = fs_err::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
    dir.file_name().map_or_else(|| "dataset".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The documents of a `corpus.jsonl`.
pub(crate) fn load_corpus(path: &Path) -> Result<Vec<CorpusDocument>> {
    let lines: Vec<CorpusLine> = load_lines(path)?;
    let documents: Vec<CorpusDocument> =
        lines.into_iter().map(|line| CorpusDocument::text(line.id, line.title, line.text)).collect();
    let mut ids = HashSet::new();
    if let Some(twice) = documents.iter().find(|document| !ids.insert(document.id.as_str())) {
        return Err(Error::invalid(format!("corpus.jsonl has the document {:?} twice", twice.id)));
    }
    Ok(documents)
}

/// The values of a file of JSON lines; an error names the line.
pub(crate) fn load_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let mut items = Vec::new();
    for (number, line) in lines(path)?.enumerate() {
        let line = line.context(ErrorKind::InvalidInput, || format!("cannot read {}", path.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        let item = serde_json::from_str(&line).context(ErrorKind::InvalidInput, || {
            format!("{} line {} is not as the layout wants it", path.display(), number + 1)
        })?;
        items.push(item);
    }
    Ok(items)
}

/// Lines of `query-id TAB corpus-id TAB score` (BEIR), or of TREC's four columns, which blanks may part;
/// a header that names its first column is passed over.
fn load_qrels(path: &Path) -> Result<HashMap<String, Judgements>> {
    let mut all: HashMap<String, Judgements> = HashMap::new();
    for (number, line) in lines(path)?.enumerate() {
        let line = line.context(ErrorKind::InvalidInput, || format!("cannot read {}", path.display()))?;
        let columns: Vec<&str> = match line.contains('\t') {
            true => line.split('\t').map(str::trim).collect(),
            false => line.split_whitespace().collect(),
        };
        let parsed = match columns.as_slice() {
            [] => continue,
            [query, document, score] | [query, _, document, score] => {
                score.parse::<i64>().ok().map(|score| (*query, *document, score))
            }
            _ => None,
        };
        match parsed {
            Some((query, document, score)) => {
                let relevance = u32::try_from(score).unwrap_or(0);
                all.entry(query.to_owned()).or_default().insert(document.to_owned(), relevance);
            }
            None if number == 0 && is_header(&columns) => {}
            None => {
                return Err(Error::invalid(format!(
                    "{} line {} is not `query TAB document TAB score`",
                    path.display(),
                    number + 1
                )));
            }
        }
    }
    Ok(all)
}

fn is_header(columns: &[&str]) -> bool {
    columns.first().is_some_and(|name| {
        let name = name.to_lowercase();
        ["query", "qid", "topic"].iter().any(|start| name.starts_with(start))
    })
}

fn lines(path: &Path) -> Result<std::io::Lines<BufReader<fs_err::File>>> {
    let file = fs_err::File::open(path)
        .context(ErrorKind::InvalidInput, || "the data set is incomplete".to_owned())?;
    Ok(BufReader::new(file).lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_the_layout_and_names_a_bad_line() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs_err::write(dir.path().join(name), text).unwrap();
        write(
            "corpus.jsonl",
            "{\"_id\":\"d1\",\"title\":\"T\",\"text\":\"x\"}\n\n{\"_id\":\"d2\",\"text\":\"y\"}\n",
        );
        write("queries.jsonl", "{\"_id\":\"q1\",\"text\":\"x?\"}\n{\"_id\":\"q2\",\"text\":\"unjudged\"}\n");
        write("qrels.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\n");
        let set = Dataset::load(dir.path(), None).unwrap();
        assert_eq!((set.corpus.len(), set.queries.len()), (2, 1));
        assert_eq!(set.queries[0].judgements["d1"], 1);

        write("qrels.tsv", "q1\td1\t1\nnonsense\n");
        let error = Dataset::load(dir.path(), None).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");

        write("qrels.tsv", "q1\td1\tone\n");
        let error = Dataset::load(dir.path(), None).unwrap_err().to_string();
        assert!(error.contains("line 1"), "a bad first line is no header: {error}");
    }

    #[test]
    fn ids_may_hold_blanks_and_what_is_left_out_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs_err::write(dir.path().join(name), text).unwrap();
        write("corpus.jsonl", "{\"_id\":\"a document\",\"text\":\"x\"}\n");
        write("queries.jsonl", "{\"_id\":\"q 1\",\"text\":\"x?\"}\n{\"_id\":\"q 0\",\"text\":\"?\"}\n");
        write("qrels.tsv", "q 1\ta document\t1\nq 1\tgone\t1\nq 2\ta document\t1\nq 0\ta document\t1\n");
        let set = Dataset::load(dir.path(), None).unwrap();
        assert_eq!((set.queries.len(), set.queries[0].judgements["a document"]), (1, 1));
        let warnings = set.warnings().join("; ");
        for told in ["1 judged queries are not in", "1 judged queries have no words", "1 relevant"] {
            assert!(warnings.contains(told), "{warnings}");
        }

        write("corpus.jsonl", "{\"_id\":\"d\",\"text\":\"x\"}\n{\"_id\":\"d\",\"text\":\"y\"}\n");
        let error = Dataset::load(dir.path(), None).unwrap_err().to_string();
        assert!(error.contains("\"d\" twice"), "{error}");
    }
}
