//! Questions with what is known of their answers: folders of `qa.jsonl` beside `corpus.jsonl`, `docs/`,
//! `pdfs/` or `contexts.jsonl`, and judged queries. See `docs/evaluation.md` for the fields.

use std::path::Path;

use footnote_core::error::Context;
use footnote_core::question::QuestionText;
use footnote_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::args::EvalQuestionArgs;
use super::corpus::{Content, CorpusDocument};
use super::dataset::{self, Dataset, JudgedQuery};
use super::metrics::Judgements;
use crate::service::FileName;

/// A question with what is known of its answer; what is unknown is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Question {
    /// Its id.
    pub(crate) id: String,
    /// Its text.
    pub(crate) text: String,
    /// The question that it follows.
    pub(crate) earlier: Option<String>,
    /// Right answers, each by itself.
    pub(crate) references: Vec<String>,
    /// What the answer comes down to: yes, no or maybe.
    pub(crate) decision: Option<String>,
    /// Ids of the documents that answer.
    pub(crate) documents: Vec<String>,
    /// Sets of sentences of the documents that prove the answer, each by itself.
    pub(crate) evidence: Vec<Vec<String>>,
    /// Pages that answer, from 1.
    pub(crate) pages: Vec<DocumentPage>,
    /// Whether the documents answer it.
    pub(crate) answerable: bool,
}

impl Question {
    /// What is searched for.
    pub(crate) fn searched(&self) -> Result<QuestionText> {
        standalone(&self.text, self.earlier.as_deref())
    }
}

/// A question with the one that it follows, where it makes no sense without.
pub(crate) fn standalone(text: &str, earlier: Option<&str>) -> Result<QuestionText> {
    let earlier: Vec<&str> = earlier.into_iter().collect();
    Ok(QuestionText::parse(text)?.with_what_it_follows(&earlier))
}

/// A page of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DocumentPage {
    /// The document's id.
    pub(crate) document: String,
    /// From 1.
    pub(crate) page: u32,
}

/// Documents and questions.
#[derive(Debug)]
pub(crate) struct QuestionSet {
    /// Name of its folder.
    pub(crate) name: String,
    /// The documents.
    pub(crate) corpus: Vec<CorpusDocument>,
    /// The questions, in the order of the file.
    pub(crate) questions: Vec<Question>,
    /// Whether a question makes sense only within its own document.
    pub(crate) within_context: bool,
}

impl QuestionSet {
    /// Loads a folder with the questions that are asked.
    pub(crate) fn chosen(dir: &Path, asked: &EvalQuestionArgs) -> Result<Self> {
        let mut set = Self::load(dir)?;
        let all = set.questions.len();
        asked.choose(&mut set.questions);
        if set.questions.is_empty() {
            let name = dir.display();
            return Err(Error::invalid(format!(
                "{name} has {all} questions, and --skip or --queries leaves none"
            )));
        }
        Ok(set)
    }

    /// Loads a folder.
    pub(crate) fn load(dir: &Path) -> Result<Self> {
        let has = |name: &str| dir.join(name).exists();
        let mut set = if has("qa.jsonl") { Self::load_qa(dir)? } else { Self::load_judged(dir)? };
        let all = set.questions.len();
        set.questions.retain(|question| question.text.chars().any(char::is_alphanumeric));
        if set.questions.len() < all {
            let count = all - set.questions.len();
            anstream::eprintln!("note: {count} questions have no words and are left out");
        }
        if set.questions.is_empty() {
            return Err(Error::invalid(format!("{} has no questions", dir.display())));
        }
        Ok(set)
    }

    fn load_qa(dir: &Path) -> Result<Self> {
        let lines: Vec<Line> = dataset::load_lines(&dir.join("qa.jsonl"))?;
        let contexts = dir.join("contexts.jsonl");
        let corpus = if dir.join("corpus.jsonl").exists() {
            dataset::load_corpus(&dir.join("corpus.jsonl"))?
        } else if contexts.exists() {
            let contexts: Vec<ContextLine> = dataset::load_lines(&contexts)?;
            contexts.into_iter().map(ContextLine::document).collect()
        } else {
            let folders = [dir.join("docs"), dir.join("pdfs")];
            let folder = folders.iter().find(|folder| folder.is_dir()).ok_or_else(|| {
                Error::invalid(format!(
                    "{} has no corpus.jsonl, contexts.jsonl, docs/ or pdfs/",
                    dir.display()
                ))
            })?;
            files(folder)?
        };
        Ok(Self {
            name: dataset::name_of(dir),
            corpus,
            questions: lines.into_iter().map(Line::question).collect(),
            within_context: contexts.exists(),
        })
    }

    /// The questions that documents answer as judged queries: each names its documents, or their pages.
    pub(crate) fn judged(self) -> Result<Dataset> {
        if self.within_context {
            return Err(Error::invalid(
                "each question of the set is asked within its own document, so there is none to find",
            ));
        }
        let mut queries = Vec::new();
        for Question { id, text, earlier, documents, pages, answerable, .. } in self.questions {
            let of_pages = pages.iter().map(|place| place.document.clone());
            let judgements: Judgements = documents.into_iter().chain(of_pages).map(|id| (id, 1)).collect();
            if answerable && !judgements.is_empty() {
                queries.push(JudgedQuery { id, text, earlier, judgements, pages });
            }
        }
        Ok(Dataset::of(self.name, self.corpus, queries))
    }

    fn load_judged(dir: &Path) -> Result<Self> {
        let judged = Dataset::load(dir, None)?;
        let questions = judged.queries.into_iter().map(|query| {
            let relevant = query.judgements.into_iter().filter(|&(_, relevance)| relevance > 0);
            let mut documents: Vec<String> = relevant.map(|(id, _)| id).collect();
            documents.sort_unstable();
            Question { id: query.id, text: query.text, documents, answerable: true, ..Question::default() }
        });
        let questions = questions.collect();
        Ok(Self { name: judged.name, corpus: judged.corpus, questions, within_context: false })
    }
}

/// The files below a folder, by their paths.
fn files(folder: &Path) -> Result<Vec<CorpusDocument>> {
    let mut documents = Vec::new();
    let visible = |entry: &walkdir::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    for entry in
        walkdir::WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter().filter_entry(visible)
    {
        let entry = entry.context(ErrorKind::InvalidInput, || format!("cannot list {}", folder.display()))?;
        if !entry.file_type().is_file() {
            continue;
        }
        let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let id = parts.join("/");
        let name = FileName::parse(&id)?;
        documents.push(CorpusDocument {
            key: name.key().to_owned(),
            title: name.title().to_owned(),
            id,
            content: Content::File(entry.path().to_path_buf()),
        });
    }
    Ok(documents)
}

/// A table with the paragraphs around it.
#[derive(Deserialize)]
struct ContextLine {
    doc_id: String,
    table: Vec<Vec<String>>,
    paragraphs: Vec<String>,
}

impl ContextLine {
    fn document(self) -> CorpusDocument {
        let cell = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        let row = |cells: &Vec<String>| {
            let cells: Vec<String> = cells.iter().map(cell).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = self.paragraphs.join("\n\n");
        text.push_str("\n\n");
        for (at, cells) in self.table.iter().enumerate() {
            text.push_str(&row(cells));
            if at == 0 {
                text.push_str(&format!("|{}\n", "---|".repeat(cells.len())));
            }
        }
        let key = format!("{}.md", self.doc_id);
        CorpusDocument { id: self.doc_id, key, title: String::new(), content: Content::Text(text) }
    }
}

/// The fields that `qa.jsonl` may have.
#[derive(Deserialize)]
struct Line {
    id: String,
    question: String,
    context: Option<String>,
    #[serde(default)]
    answers: Vec<Value>,
    answer: Option<Value>,
    #[serde(default)]
    scale: String,
    long_answer: Option<String>,
    final_decision: Option<String>,
    doc_id: Option<String>,
    #[serde(default)]
    doc_ids: Vec<String>,
    #[serde(default)]
    docs: Vec<String>,
    #[serde(default)]
    evidences: Vec<String>,
    #[serde(default)]
    evidence_sentences: Vec<Vec<String>>,
    #[serde(default)]
    evidence: Vec<FileEvidence>,
    #[serde(default)]
    reference_pools: Vec<Vec<PageReference>>,
    answerable: Option<bool>,
    unanswerable: Option<bool>,
}

#[derive(Deserialize)]
struct FileEvidence {
    file: String,
    text: String,
}

/// `page_raw` counts from 0.
#[derive(Deserialize)]
struct PageReference {
    doc: String,
    page_raw: u32,
}

impl Line {
    fn question(self) -> Question {
        let answerable = self.answerable.unwrap_or(!self.unanswerable.unwrap_or(false));
        let mut references: Vec<String> =
            self.answers.iter().chain(&self.answer).flat_map(|value| texts(value, &self.scale)).collect();
        references.extend(self.long_answer);
        if !answerable {
            references.clear();
        }
        let mut documents: Vec<String> =
            self.doc_id.into_iter().chain(self.doc_ids).chain(self.docs).collect();
        for file in self.evidence.iter().map(|evidence| &evidence.file) {
            if !documents.contains(file) {
                documents.push(file.clone());
            }
        }
        let alternatives = self.evidences.into_iter().map(|sentence| vec![sentence]);
        let mut evidence: Vec<Vec<String>> = alternatives.chain(self.evidence_sentences).collect();
        evidence.push(self.evidence.into_iter().map(|evidence| evidence.text).collect());
        evidence.retain(|set| !set.is_empty());
        let pages = self.reference_pools.into_iter().flatten();
        Question {
            id: self.id,
            text: self.question,
            earlier: self.context,
            references,
            decision: self.final_decision,
            documents,
            evidence,
            pages: pages.map(|p| DocumentPage { document: p.doc, page: p.page_raw + 1 }).collect(),
            answerable,
        }
    }
}

/// The ways to write an answer: a list is one answer of several parts, and a number may have its scale.
fn texts(value: &Value, scale: &str) -> Vec<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            parts.join(", ")
        }
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Null | Value::Object(_) => return Vec::new(),
    };
    let scaled = match scale {
        "" => None,
        "percent" => Some(format!("{text}%")),
        scale => Some(format!("{text} {scale}")),
    };
    std::iter::once(text).chain(scaled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn answers_evidence_and_answerability_are_read_whatever_their_fields() {
        let dir = folder(&[
            ("corpus.jsonl", r#"{"_id":"d1","title":"T","text":"x y"}"#),
            (
                "qa.jsonl",
                concat!(
                    r#"{"id":"1","question":"a?","answers":["x","y"],"doc_id":"d1","evidences":["x y","x"]}"#,
                    "\n",
                    r#"{"id":"2","question":"b?","answerable":false,"answers":[],"doc_ids":["d1"],"evidence_sentences":[]}"#,
                    "\n",
                    r#"{"id":"3","question":"c?","context":"b?","answer":-22.5,"scale":"percent","final_decision":"no","long_answer":"It is not."}"#,
                    "\n",
                    r#"{"id":"4","question":"d?","answer":["p","q"],"evidence":[{"file":"d1","text":"x"},{"file":"d1","text":"y"}]}"#,
                ),
            ),
        ]);
        let set = QuestionSet::load(dir.path()).unwrap();
        let [one, two, three, four] = &set.questions[..] else { panic!("{:?}", set.questions) };
        assert_eq!(one.references, ["x", "y"]);
        assert_eq!(one.evidence, [["x y"], ["x"]]);
        assert!(one.answerable && !two.answerable && two.references.is_empty());
        assert_eq!(three.references, ["-22.5", "-22.5%", "It is not."]);
        assert_eq!((three.earlier.as_deref(), three.decision.as_deref()), (Some("b?"), Some("no")));
        assert_eq!(
            (&four.references[..], &four.documents[..]),
            (&["p, q".to_owned()][..], &["d1".to_owned()][..])
        );
        assert_eq!(four.evidence, [["x", "y"]]);
        assert!(!set.within_context);
        let asked = |skip| EvalQuestionArgs { queries: Some(2), skip, fresh: false };
        let chosen = QuestionSet::chosen(dir.path(), &asked(1)).unwrap().questions;
        assert_eq!(chosen, set.questions[1..3]);
        let error = QuestionSet::chosen(dir.path(), &asked(4)).unwrap_err();
        assert!(error.to_string().contains("has 4 questions"), "{error}");
    }

    #[test]
    fn a_table_becomes_markdown_and_its_questions_stay_within() {
        let context = r#"{"doc_id":"t","table":[["","2019"],["a|b","1"]],"paragraphs":["Before."]}"#;
        let dir = folder(&[("contexts.jsonl", context), ("qa.jsonl", r#"{"id":"1","question":"x?"}"#)]);
        let set = QuestionSet::load(dir.path()).unwrap();
        assert!(set.within_context);
        assert_eq!(set.corpus[0].key, "t.md");
        let Content::Text(text) = &set.corpus[0].content else { panic!("a text") };
        assert_eq!(text, "Before.\n\n|  | 2019 |\n|---|---|\n| a\\|b | 1 |\n");
    }

    #[test]
    fn files_are_documents_and_pages_count_from_one() {
        let line = r#"{"id":"1","question":"x?","docs":["a/b.md"],"reference_pools":[[{"doc":"a/b.md","page_raw":0}]]}"#;
        let dir = folder(&[("docs/a/b.md", "# B"), ("qa.jsonl", line)]);
        let set = QuestionSet::load(dir.path()).unwrap();
        assert_eq!((set.corpus[0].id.as_str(), set.corpus[0].key.as_str()), ("a/b.md", "a/b.md"));
        assert_eq!(set.questions[0].pages, [DocumentPage { document: "a/b.md".to_owned(), page: 1 }]);
        let none = folder(&[("qa.jsonl", line)]);
        assert!(QuestionSet::load(none.path()).unwrap_err().to_string().contains("pdfs/"));
    }

    #[test]
    fn judged_queries_are_questions_with_their_relevant_documents() {
        let dir = folder(&[
            ("corpus.jsonl", r#"{"_id":"d1","text":"x"}"#),
            ("queries.jsonl", r#"{"_id":"q","text":"x?"}"#),
            ("qrels.tsv", "q\td1\t1\nq\td2\t0\n"),
        ]);
        let set = QuestionSet::load(dir.path()).unwrap();
        assert_eq!(
            (set.questions[0].id.as_str(), &set.questions[0].documents[..]),
            ("q", &["d1".to_owned()][..])
        );
    }

    #[test]
    fn questions_that_name_a_document_or_a_page_are_judged_queries() {
        let lines = concat!(
            r#"{"id":"1","question":"a?","docs":["a.md"]}"#,
            "\n",
            r#"{"id":"2","question":"And b?","context":"a?","reference_pools":[[{"doc":"b.md","page_raw":4}]]}"#,
            "\n",
            r#"{"id":"3","question":"c?","docs":["a.md"],"unanswerable":true}"#,
            "\n",
            r#"{"id":"4","question":"d?","answers":["x"]}"#,
        );
        let dir = folder(&[("docs/a.md", "# A"), ("qa.jsonl", lines)]);
        let judged = QuestionSet::load(dir.path()).unwrap().judged().unwrap();
        let [one, two] = &judged.queries[..] else { panic!("{:?}", judged.queries) };
        assert_eq!((one.judgements["a.md"], &one.pages[..]), (1, &[][..]));
        assert_eq!(two.pages, [DocumentPage { document: "b.md".to_owned(), page: 5 }]);
        assert_eq!(two.judgements["b.md"], 1);
        assert_eq!(two.searched().unwrap().as_str(), "a?\nAnd b?");
        assert!(judged.warnings()[0].contains("1 relevant documents"), "b.md: {:?}", judged.warnings());

        let context = r#"{"doc_id":"t","table":[["1"]],"paragraphs":[]}"#;
        let dir = folder(&[
            ("contexts.jsonl", context),
            ("qa.jsonl", r#"{"id":"1","question":"x?","doc_id":"t"}"#),
        ]);
        assert!(QuestionSet::load(dir.path()).unwrap().judged().is_err());
    }
}
