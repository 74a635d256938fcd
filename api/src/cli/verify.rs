//! `footnote verify ANSWER.json`: do the quotes equal their sources? Needs no service and no model.
//!
//! The quote is checked against the stored text alone. Document and page are checked against
//! the database too, where the data folder has one that no running service holds.

use std::path::Path;

use footnote_core::citation::Citation;
use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::parsed::ParsedDocument;
use footnote_core::text::CanonicalText;
use footnote_core::{Error, ErrorKind, Result};
use footnote_store::open::{Store, StoreConfig, lock_data_folder};
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
    /// What the document is called now, where that is not what the citation calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    called_now: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    citations: usize,
    holding: usize,
    /// Whether documents and pages were compared too; the reason where they were not.
    places: &'static str,
    checked: Vec<Checked>,
}

/// Checks every citation of the file; fails where one does not hold.
pub(crate) fn run(config: &Config, args: &VerifyArgs, format: OutputFormat) -> Result<()> {
    let text = fs_err::read_to_string(&args.answer)
        .context(ErrorKind::InvalidInput, || "cannot read the answer".to_owned())?;
    let answer: Value = serde_json::from_str(&text)
        .context(ErrorKind::InvalidInput, || format!("{} is not JSON", args.answer.display()))?;
    let blobs = config.data.folder.join("blobs");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .internal("cannot start the async runtime")?;
    let (store, places) = runtime.block_on(open_store(&config.data.folder))?;
    let mut checked = Vec::new();
    for citation in citations(&answer)? {
        let mut called_now = why_not(&blobs, &answer, &citation).map(|()| None);
        if let (Ok(_), Some(store)) = (&called_now, &store) {
            called_now = runtime.block_on(placed(store, &citation));
        }
        checked.push(verdict(&citation, called_now));
    }
    drop(store);
    let holding = checked.iter().filter(|c| c.holds).count();
    let report = Report { citations: checked.len(), holding, places, checked };
    output::print(format, &report, |out| {
        for citation in &report.checked {
            let verdict = citation.why_not.as_deref().unwrap_or("holds");
            write!(out, "[{}] {} {}: {verdict}", citation.number, citation.document, citation.span)?;
            match &citation.called_now {
                Some(name) => writeln!(out, "; the document is called {name:?} now")?,
                None => writeln!(out)?,
            }
        }
        writeln!(out, "{} of {} citations hold; {}", report.holding, report.citations, report.places)
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

/// The database of the data folder. Nothing is created where there is none.
async fn open_store(folder: &Path) -> Result<(Option<Store>, &'static str)> {
    if !folder.join("footnote.db").is_file() {
        return Ok((None, "documents and pages not compared: the data folder has no database"));
    }
    match lock_data_folder(folder) {
        Ok(lock) => {
            let store = footnote_store::open::open(StoreConfig::embedded(lock)).await?;
            Ok((Some(store), "documents and pages compared"))
        }
        Err(error) if error.kind() == ErrorKind::Conflict => {
            Ok((None, "documents and pages not compared: a service uses the data folder"))
        }
        Err(error) => Err(error),
    }
}

/// Whether document and page are those of the version. A document may have been renamed since: its
/// name is told where it is another, and the citation holds.
async fn placed(store: &Store, citation: &Citation) -> Result<Option<String>> {
    let version = store.documents.version(citation.version).await?;
    let version = version.ok_or_else(|| Error::not_found("the version is not in this data folder"))?;
    let text = version.parsed.as_ref().map(|facts| facts.text);
    if version.document != citation.document || text != Some(citation.version_hash) {
        return Err(Error::corrupt("the version is of another document or has another text"));
    }
    let document = store.documents.document(citation.document).await?;
    let document = document.ok_or_else(|| Error::not_found("the document was deleted"))?;
    let parsed = store.documents.parsed(citation.version).await?;
    let parsed = parsed.ok_or_else(|| Error::not_found("the parsed document is not in this data folder"))?;
    require_page(&parsed, citation)?;
    let names = [(&citation.document_key, document.key), (&citation.title, document.title)];
    Ok(names.into_iter().find_map(|(said, stored)| (*said != stored).then_some(stored)))
}

fn require_page(parsed: &ParsedDocument, citation: &Citation) -> Result<()> {
    let start = citation.source_span.start;
    let page = parsed.pages.iter().rev().find(|page| page.span.start <= start).or(parsed.pages.first());
    let page = page.map(|page| page.number);
    if page == citation.page {
        return Ok(());
    }
    let shown = page.map_or_else(|| "no page".to_owned(), |page| format!("page {page}"));
    Err(Error::corrupt(format!("the quote is on {shown}")))
}

fn verdict(citation: &Citation, outcome: Result<Option<String>>) -> Checked {
    let (called_now, why_not) = match outcome {
        Ok(called_now) => (called_now, None),
        Err(error) => (None, Some(error.to_string())),
    };
    Checked {
        number: citation.number,
        document: citation.document_key.clone(),
        span: citation.source_span.to_string(),
        holds: why_not.is_none(),
        why_not,
        called_now,
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
    let said = ["/text", "/answer/text", "/message/content", "/choices/0/message/content"]
        .into_iter()
        .find_map(|pointer| answer.pointer(pointer)?.as_str());
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
            page_kind: None,
            page_label: None,
            rows: None,
            ocr_confidence: None,
            low_confidence: false,
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
        let openai = serde_json::json!({"choices": [{"message": {"content": "十"}}]});
        assert!(why_not(folder.path(), &openai, &citation).unwrap_err().to_string().contains("answer span"));
    }

    #[test]
    fn a_page_that_is_not_the_quotes_does_not_hold() {
        let page = |number, start, end| footnote_core::parsed::Page {
            number,
            span: Span::new(start, end),
            ..Default::default()
        };
        let parsed = ParsedDocument {
            content_type: footnote_core::parsed::ContentType::Pdf,
            title: None,
            text: "one. two.".into(),
            pages: vec![page(1, 0, 4), page(2, 5, 9)],
            blocks: vec![],
            lines: vec![],
            warnings: vec![],
            engine: "test".into(),
        };
        let on = |page, start| Citation {
            number: 1,
            answer_span: Span::new(0, 1),
            document: DocumentId::new(),
            title: "t".into(),
            document_key: "k".into(),
            version: VersionId::new(),
            version_hash: ContentHash::of(b"one. two."),
            page,
            page_kind: None,
            page_label: None,
            rows: None,
            ocr_confidence: None,
            low_confidence: false,
            heading_path: vec![],
            source_span: Span::new(start, start + 4),
            quote: "two.".into(),
            score: 1.0,
        };
        require_page(&parsed, &on(Some(1), 0)).unwrap();
        require_page(&parsed, &on(Some(2), 5)).unwrap();
        let error = require_page(&parsed, &on(Some(1), 5)).unwrap_err().to_string();
        assert!(error.contains("page 2"), "{error}");
        assert!(require_page(&parsed, &on(None, 5)).is_err());
        let without_pages = ParsedDocument { pages: vec![], ..parsed };
        assert!(require_page(&without_pages, &on(Some(1), 0)).unwrap_err().to_string().contains("no page"));
    }
}
