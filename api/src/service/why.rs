//! Why a document, or a text of it, is not in an answer: where on its way it was lost.

use std::sync::Arc;

use footnote_core::chunk::Chunk;
use footnote_core::document::{Document, DocumentVersion};
use footnote_core::ids::{ChunkId, DocumentId, VersionId};
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::passage::{Candidate, StageTrace};
use footnote_core::principal::Principal;
use footnote_core::question::{Filter, QuestionText, ScopedQuery};
use footnote_core::text::{CanonicalText, Span};
use footnote_core::{Error, Result};
use footnote_retriever::hybrid::SearchMode;

use super::ask::{self, AskInput};
use super::knowledge_bases::reach;
use crate::app::App;

/// Candidates of each index among which it is looked for.
const DEPTH: usize = 1_000;
/// Documents whose text is looked through for a quote without a document.
const SEARCHED: usize = 50;

/// What was expected to be found.
#[derive(Debug, Clone, Default)]
pub struct WhyInput {
    /// The question.
    pub question: String,
    /// The document that should have been found.
    pub document: Option<DocumentId>,
    /// The text that should have been found.
    pub quote: Option<String>,
    /// The filter that the question was asked with.
    pub filter: Filter,
}

/// How far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostAt {
    /// The text is in no document, or in none as it was extracted.
    NotExtracted,
    /// Its document has no version that answers, or no chunk holds it.
    NotIndexed,
    /// The key may not see it.
    NotPermitted,
    /// The filter leaves it out.
    Filtered,
    /// Others ranked before it.
    Ranked,
    /// It was found, and there was no room for it.
    CutFromPrompt,
    /// It was found, and what was found was not enough to answer.
    Refused,
    /// The model had it and did not use it.
    NotUsed,
    /// It is cited.
    Used,
}

/// What was found out.
#[derive(Debug, Clone)]
pub struct Why {
    /// How far it came.
    pub lost_at: LostAt,
    /// The reason, for people.
    pub reason: String,
    /// The document, where it was found out.
    pub document: Option<DocumentId>,
    /// The version that answers.
    pub version: Option<VersionId>,
    /// Where the text lies in it, in scalar values.
    pub span: Option<Span>,
    /// Ranks and scores of its best chunk.
    pub trace: Option<StageTrace>,
}

impl Why {
    fn new(lost_at: LostAt, reason: impl Into<String>) -> Self {
        Self { lost_at, reason: reason.into(), document: None, version: None, span: None, trace: None }
    }
}

/// Follows it from its file to the answer, which is made for this.
pub async fn why(
    app: &Arc<App>,
    principal: &Principal,
    knowledge_base: &str,
    input: WhyInput,
) -> Result<Why> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    if input.document.is_none() && input.quote.as_deref().is_none_or(|quote| quote.trim().is_empty()) {
        return Err(Error::invalid("nothing is looked for; give a document or a quote"));
    }
    let query = ScopedQuery {
        scope: principal.scope(&knowledge_base)?,
        question: QuestionText::parse(&input.question)?,
        filter: input.filter.clone(),
        settings: knowledge_base.settings.retrieval.clone(),
    };
    app.require_embedder_of(&knowledge_base).await?;
    let target = match target(app, &query, &knowledge_base, &input).await? {
        Ok(target) => target,
        Err(why) => return Ok(why),
    };
    let mut why = follow(app, principal, &knowledge_base, &query, &target, input).await?;
    why.document = Some(target.document.id);
    why.version = Some(target.version.id);
    why.span = target.span;
    Ok(why)
}

/// What is followed.
struct Target {
    document: Document,
    version: DocumentVersion,
    /// Where the quote lies; `None` where the whole document is meant.
    span: Option<Span>,
    chunks: Vec<Chunk>,
}

impl Target {
    fn holds(&self, chunk: ChunkId) -> bool {
        self.chunks.iter().any(|own| own.id == chunk)
    }
}

async fn target(
    app: &App,
    query: &ScopedQuery,
    knowledge_base: &KnowledgeBase,
    input: &WhyInput,
) -> Result<std::result::Result<Target, Why>> {
    let quote = input.quote.as_deref().map(str::trim).filter(|quote| !quote.is_empty());
    let (document, span) = match (input.document, quote) {
        (Some(id), quote) => {
            let document = app.store.documents.document(id).await?;
            let document = document.filter(|d| d.knowledge_base == knowledge_base.id);
            let document = document.ok_or_else(|| Error::not_found("document"))?;
            let text = match document.current {
                Some(version) => app.store.documents.canonical_text(version).await?,
                None => None,
            };
            let span = quote.and_then(|quote| find(text.as_ref()?, quote));
            if let (Some(_), Some(_), None) = (quote, &text, span) {
                let reason = "the text of this document, as it was extracted, does not have the quote; see `GET …/documents/{id}/text`";
                return Ok(Err(Why { document: Some(id), ..Why::new(LostAt::NotExtracted, reason) }));
            }
            (document, span)
        }
        (None, Some(quote)) => match document_with(app, query, quote).await? {
            Some((document, span)) => (document, Some(span)),
            None => {
                let reason = "no document that answers has this quote as it was extracted";
                return Ok(Err(Why::new(LostAt::NotExtracted, reason)));
            }
        },
        (None, None) => return Err(Error::invalid("nothing is looked for; give a document or a quote")),
    };
    let not_indexed =
        |reason: String| Ok(Err(Why { document: Some(document.id), ..Why::new(LostAt::NotIndexed, reason) }));
    let Some(current) = document.current else {
        let newest = app.store.documents.versions(document.id).await?.into_iter().next();
        let reason = newest.map(|version| match version.failure {
            Some(failure) => format!("it could not be indexed: {failure}"),
            None => "it is still being indexed".to_owned(),
        });
        return not_indexed(reason.unwrap_or_else(|| "it has no version".to_owned()));
    };
    let Some(version) = app.store.documents.version(current).await? else {
        return not_indexed("its version was deleted meanwhile".to_owned());
    };
    let mut chunks = app.store.documents.chunks(current, knowledge_base.generation).await?;
    chunks.retain(|chunk| span.is_none_or(|span| chunk.span.overlaps(span)));
    if chunks.is_empty() {
        return not_indexed("no chunk of the index holds it".to_owned());
    }
    Ok(Ok(Target { document, version, span, chunks }))
}

/// The first document, by what its words find, whose text has the quote.
async fn document_with(app: &App, query: &ScopedQuery, quote: &str) -> Result<Option<(Document, Span)>> {
    let words: String = quote.chars().take(1_000).collect();
    let Ok(question) = QuestionText::parse(&words) else { return Ok(None) };
    let query = ScopedQuery { question, filter: Filter::default(), ..query.clone() };
    let candidates = app.retriever.search(&query, SearchMode::Hybrid, SEARCHED).await?;
    let mut seen = Vec::new();
    for candidate in candidates {
        let chunk = candidate.chunk;
        if seen.contains(&chunk.version) {
            continue;
        }
        seen.push(chunk.version);
        let Some(text) = app.store.documents.canonical_text(chunk.version).await? else { continue };
        if let Some(span) = find(&text, quote)
            && let Some(document) = app.store.documents.document(chunk.document).await?
        {
            return Ok(Some((document, span)));
        }
    }
    Ok(None)
}

/// Where the quote lies, whatever the blanks.
fn find(text: &CanonicalText, quote: &str) -> Option<Span> {
    let without_blanks = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (wanted, visible) = (without_blanks(quote), without_blanks(text.as_str()));
    let before = visible.find(&wanted).and_then(|byte| visible.get(..byte))?.chars().count();
    let more = wanted.chars().count().checked_sub(2);
    let mut places = text.as_str().chars().enumerate().filter(|(_, c)| !c.is_whitespace()).map(|(at, _)| at);
    let start = places.nth(before)?;
    let last = match more {
        Some(more) => places.nth(more)?,
        None => start,
    };
    (!wanted.is_empty()).then(|| Span::new(start, last + 1))
}

async fn follow(
    app: &Arc<App>,
    principal: &Principal,
    knowledge_base: &KnowledgeBase,
    query: &ScopedQuery,
    target: &Target,
    input: WhyInput,
) -> Result<Why> {
    if target.chunks.iter().all(Chunk::is_hidden) {
        return Ok(Why::new(LostAt::NotPermitted, "somebody hid the chunks that hold it"));
    }
    let ids: Vec<ChunkId> = target.chunks.iter().map(|chunk| chunk.id).collect();
    if app.store.documents.confirm(query.scope, &ids).await?.is_empty() {
        return Ok(Why::new(
            LostAt::NotPermitted,
            "its chunks are not current, or not within this key's reach",
        ));
    }
    let found = app.retriever.retrieve(query).await?;
    if let Some(passage) = found.passages.iter().find(|p| p.chunks.iter().any(|&c| target.holds(c))) {
        let trace = found.candidates.iter().find(|c| target.holds(c.chunk.chunk)).map(|c| c.trace.clone());
        let why = in_the_answer(app, principal, knowledge_base, target, passage.number, input).await?;
        return Ok(Why { trace, ..why });
    }
    if let Some(candidate) = found.candidates.iter().find(|c| target.holds(c.chunk.chunk)) {
        return Ok(left_out(candidate));
    }
    ranked(app, query, target).await
}

/// A candidate that became no passage.
fn left_out(candidate: &Candidate) -> Why {
    let dropped = candidate.trace.dropped.clone().unwrap_or_else(|| "it became no passage".to_owned());
    let lost_at = if dropped.contains("budget") { LostAt::CutFromPrompt } else { LostAt::Ranked };
    Why { trace: Some(candidate.trace.clone()), ..Why::new(lost_at, dropped) }
}

/// Looks deeper, and without the filter.
async fn ranked(app: &App, query: &ScopedQuery, target: &Target) -> Result<Why> {
    let place = async |query: &ScopedQuery| -> Result<Option<Candidate>> {
        let deeper = app.retriever.explain(query, SearchMode::Hybrid, DEPTH).await?;
        Ok(deeper.into_iter().find(|candidate| target.holds(candidate.chunk.chunk)))
    };
    if let Some(candidate) = place(query).await? {
        let rank = |stage: Option<footnote_core::passage::StageScore>| {
            stage.map_or_else(|| "not at all".to_owned(), |stage| format!("{}", stage.rank))
        };
        let trace = candidate.trace.clone();
        let reason = format!(
            "others ranked before it: by meaning it is {}, by words {}, fused {}",
            rank(trace.dense),
            rank(trace.keyword),
            rank(trace.fused)
        );
        return Ok(Why { trace: Some(trace), ..Why::new(LostAt::Ranked, reason) });
    }
    let unfiltered = ScopedQuery { filter: Filter::default(), ..query.clone() };
    if !query.filter.all_of.is_empty()
        && let Some(candidate) = place(&unfiltered).await?
    {
        let why = Why::new(LostAt::Filtered, "the filter leaves it out");
        return Ok(Why { trace: Some(candidate.trace), ..why });
    }
    Ok(Why::new(LostAt::Ranked, format!("it is not among the {DEPTH} nearest of either index")))
}

/// It became a passage: asks, and looks whether it is cited.
async fn in_the_answer(
    app: &Arc<App>,
    principal: &Principal,
    knowledge_base: &KnowledgeBase,
    target: &Target,
    number: u32,
    input: WhyInput,
) -> Result<Why> {
    let asked = AskInput { question: input.question, filter: input.filter, ..AskInput::default() };
    let asked = ask::ask(app, principal, &knowledge_base.id.to_string(), asked).await?;
    let shown = asked.retrieved.passages.iter().any(|p| p.chunks.iter().any(|&c| target.holds(c)));
    let answer = asked.answer().await?;
    if answer.refused {
        let (score, threshold) = (answer.evidence.score, answer.evidence.threshold);
        let reason = format!(
            "it is passage {number}, but the evidence was not enough to answer: {score:.2} of {threshold:.2}"
        );
        return Ok(Why::new(LostAt::Refused, reason));
    }
    if !shown {
        return Ok(Why::new(LostAt::CutFromPrompt, "the model's context did not hold it"));
    }
    let is_cited = answer.citations.iter().any(|citation| {
        citation.version == target.version.id
            && target.span.is_none_or(|span| citation.source_span.overlaps(span))
    });
    if is_cited {
        return Ok(Why::new(LostAt::Used, format!("it is cited as [{number}]")));
    }
    Ok(Why::new(LostAt::NotUsed, format!("the model was given it as passage {number} and did not use it")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_found_whatever_the_blanks() {
        let text = CanonicalText::new("前文。Annual\nleave is  15 days.");
        assert_eq!(find(&text, "Annual leave is 15 days"), Some(Span::new(3, 27)));
        assert_eq!(find(&text, "16 days"), None);
        assert_eq!(find(&text, " "), None);
        assert_eq!(find(&CanonicalText::new(""), "x"), None);
    }
}
