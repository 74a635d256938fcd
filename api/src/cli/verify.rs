//! `footnote verify ANSWER.json`: do the quotes equal their sources? Needs no service and no model.

use std::path::Path;

use footnote_core::citation::Citation;
use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::text::CanonicalText;
use footnote_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::Value;

use super::args::{OutputFormat, VerifyArgs};
use super::output;
use crate::config::Config;

/// What was found out about one citation.
#[derive(Debug, Serialize)]
struct Checked {
    number: u32,
    document: String,
    span: String,
    holds: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    citations: usize,
    holding: usize,
    checked: Vec<Checked>,
}

/// Checks every citation of the file; fails where one does not hold.
pub(crate) fn run(config: &Config, args: &VerifyArgs, format: OutputFormat) -> Result<()> {
    let text = fs_err::read_to_string(&args.answer)
        .context(ErrorKind::InvalidInput, || "cannot read the answer".to_owned())?;
    let answer: Value = serde_json::from_str(&text)
        .context(ErrorKind::InvalidInput, || format!("{} is not JSON", args.answer.display()))?;
    let blobs = config.data.folder.join("blobs");
    let checked: Vec<Checked> =
        citations(&answer)?.iter().map(|citation| check(&blobs, &answer, citation)).collect();
    let holding = checked.iter().filter(|c| c.holds).count();
    let report = Report { citations: checked.len(), holding, checked };
    output::print(format, &report, |out| {
        for citation in &report.checked {
            let verdict = citation.why_not.as_deref().unwrap_or("holds");
            writeln!(out, "[{}] {} {}: {verdict}", citation.number, citation.document, citation.span)?;
        }
        writeln!(out, "{} of {} citations hold", report.holding, report.citations)
    })?;
    if report.holding == report.citations {
        return Ok(());
    }
    Err(Error::corrupt(format!("{} citations do not hold", report.citations - report.holding)))
}

/// The citations of an answer, at the top or under `answer` or `message`.
fn citations(answer: &Value) -> Result<Vec<Citation>> {
    let found = ["/citations", "/answer/citations", "/message/citations", "/choices/0/message/citations"]
        .into_iter()
        .find_map(|pointer| answer.pointer(pointer))
        .ok_or_else(|| {
            Error::invalid("the file has no `citations`; save an answer of the API or of `ask --format json`")
        })?;
    serde_json::from_value(found.clone())
        .context(ErrorKind::InvalidInput, || "the citations are not as the API gives them".to_owned())
}

fn check(blobs: &Path, answer: &Value, citation: &Citation) -> Checked {
    let why_not = why_not(blobs, answer, citation).err().map(|e| e.to_string());
    Checked {
        number: citation.number,
        document: citation.document_key.clone(),
        span: citation.source_span.to_string(),
        holds: why_not.is_none(),
        why_not,
    }
}

fn why_not(blobs: &Path, answer: &Value, citation: &Citation) -> Result<()> {
    let name = citation.version_hash.to_string();
    let path = blobs.join(&name[..2]).join(&name);
    let bytes = fs_err::read(&path)
        .context(ErrorKind::NotFound, || "the version's text is not in this data folder".to_owned())?;
    if ContentHash::of(&bytes) != citation.version_hash {
        return Err(Error::corrupt("the stored text does not have the version's hash"));
    }
    let text =
        String::from_utf8(bytes).context(ErrorKind::Corrupt, || "the stored text is not UTF-8".to_owned())?;
    if !citation.holds_in(&CanonicalText::new(text)) {
        return Err(Error::corrupt("the quote differs from the text under its span"));
    }
    let said =
        ["/text", "/answer/text", "/message/content"].into_iter().find_map(|p| answer.pointer(p)?.as_str());
    if let Some(said) = said
        && CanonicalText::new(said).slice(citation.answer_span).is_none()
    {
        return Err(Error::invalid("the answer span reaches past the answer"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use footnote_core::ids::{DocumentId, VersionId};
    use footnote_core::text::Span;

    use super::*;

    #[test]
    fn a_true_citation_holds_and_a_changed_quote_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let text = "员工享有10天年假。";
        let hash = ContentHash::of(text.as_bytes());
        let name = hash.to_string();
        fs_err::create_dir_all(folder.path().join(&name[..2])).unwrap();
        fs_err::write(folder.path().join(&name[..2]).join(&name), text).unwrap();
        let citation = Citation {
            number: 1,
            answer_span: Span::new(0, 2),
            document: DocumentId::new(),
            title: "t".into(),
            document_key: "k".into(),
            version: VersionId::new(),
            version_hash: hash,
            page: None,
            heading_path: vec![],
            source_span: Span::new(4, 9),
            quote: "10天年假".into(),
            score: 1.0,
        };
        let answer = serde_json::json!({"text": "十天", "citations": [citation.clone()]});
        assert_eq!(citations(&answer).unwrap(), std::slice::from_ref(&citation));
        why_not(folder.path(), &answer, &citation).unwrap();

        let moved = Citation { source_span: Span::new(3, 8), ..citation.clone() };
        let error = why_not(folder.path(), &answer, &moved).unwrap_err().to_string();
        assert!(error.contains("the quote differs"), "{error}");
        let short = serde_json::json!({"text": "十"});
        assert!(why_not(folder.path(), &short, &citation).unwrap_err().to_string().contains("answer span"));
    }
}
