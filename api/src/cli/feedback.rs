//! `footnote feedback export`: answers with what people think of them, as files for training and
//! evaluation.

use std::path::Path;

use footnote_core::error::Context;
use footnote_core::{ErrorKind, Result};
use serde_json::{Value, json};

use super::args::{ExportArg, FeedbackCommand, FeedbackExportArgs, OutputFormat};
use super::output;
use super::session::Session;
use crate::config::Config;
use crate::service::feedback::{self, EvaluationSet, ExportFormat};

/// Runs the command.
pub(crate) async fn run(config: Config, command: FeedbackCommand, format: OutputFormat) -> Result<()> {
    let FeedbackCommand::Export(args) = command;
    let session = Session::open(config).await?;
    let written = export(&session, &args).await;
    session.close().await;
    let (lines, to) = (written?, args.to.display().to_string());
    output::print(format, &json!({ "lines": lines, "to": to }), |out| {
        writeln!(out, "{lines} judged answers written to {to}")
    })
}

/// Writes the file or folder; gives the number of answers in it.
async fn export(session: &Session, args: &FeedbackExportArgs) -> Result<usize> {
    let (app, principal) = (&session.app, &session.principal);
    let knowledge_base = &args.knowledge_base.knowledge_base;
    let format = match args.layout {
        ExportArg::Sft => ExportFormat::Sft,
        ExportArg::Preference => ExportFormat::Preference,
        ExportArg::PreferenceSwift => ExportFormat::PreferenceSwift,
        ExportArg::UnpairedPreference => ExportFormat::UnpairedPreference,
        ExportArg::UnpairedPreferenceSwift => ExportFormat::UnpairedPreferenceSwift,
        ExportArg::Evaluation => {
            let set = feedback::evaluation_set(app, principal, knowledge_base).await?;
            write_set(&args.to, &set)?;
            return Ok(set.lines.len());
        }
    };
    let lines = feedback::export(app, principal, knowledge_base, format).await?;
    write(&args.to, &json_lines(&lines))?;
    Ok(lines.len())
}

/// The layout that `footnote eval` reads, with `qa.jsonl` besides.
fn write_set(folder: &Path, set: &EvaluationSet) -> Result<()> {
    fs_err::create_dir_all(folder).context(ErrorKind::InvalidInput, cannot_write)?;
    let corpus: Vec<Value> = set
        .corpus
        .iter()
        .map(|document| json!({ "_id": document.id, "title": document.title, "text": document.text }))
        .collect();
    let queries: Vec<Value> =
        set.lines.iter().map(|line| json!({ "_id": line.id, "text": line.question })).collect();
    let questions: Vec<Value> = set.lines.iter().map(|line| json!(line)).collect();
    let mut qrels = "query-id\tcorpus-id\tscore\n".to_owned();
    for line in &set.lines {
        for document in &line.doc_ids {
            qrels.push_str(&format!("{}\t{document}\t1\n", line.id));
        }
    }
    write(&folder.join("corpus.jsonl"), &json_lines(&corpus))?;
    write(&folder.join("queries.jsonl"), &json_lines(&queries))?;
    write(&folder.join("qrels.tsv"), &qrels)?;
    write(&folder.join("qa.jsonl"), &json_lines(&questions))
}

fn json_lines(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs_err::write(path, text).context(ErrorKind::InvalidInput, cannot_write)
}

fn cannot_write() -> String {
    "cannot write the export".to_owned()
}

#[cfg(test)]
mod tests {
    use footnote_core::ids::{DocumentId, MessageId};

    use super::*;
    use crate::cli::eval::dataset::Dataset;
    use crate::service::feedback::{EvaluationDocument, EvaluationLine};

    #[test]
    fn an_exported_set_is_one_that_eval_reads() {
        let (id, document) = (MessageId::new(), DocumentId::new());
        let line = EvaluationLine {
            id,
            question: "年假\n几天？".to_owned(),
            answers: vec!["十天".to_owned()],
            doc_ids: vec![document],
            evidence_sentences: vec![vec!["年假十天".to_owned()]],
            answerable: true,
        };
        let unanswerable =
            EvaluationLine { id: MessageId::new(), doc_ids: Vec::new(), answerable: false, ..line.clone() };
        let text =
            EvaluationDocument {
                id: document, title: "制度".to_owned(), text: "年假十天。".to_owned()
            };
        let set = EvaluationSet { lines: vec![line, unanswerable], corpus: vec![text] };
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("new/set");
        write_set(&place, &set).unwrap();
        let read = Dataset::load(&place, None).unwrap();
        assert_eq!((read.corpus.len(), read.queries.len()), (1, 1), "what has no document is not judged");
        assert_eq!(read.queries[0].judgements[&document.to_string()], 1);
        assert!(read.warnings().is_empty(), "{:?}", read.warnings());
        let questions = fs_err::read_to_string(place.join("qa.jsonl")).unwrap();
        assert_eq!(questions.lines().count(), 2);
    }
}
