//! What is followed: the document and the place that a quote names, looked for in the stored texts.
//!
//! A quote without a document is looked for in the nearest documents first, then in the texts of all versions that
//! answer, and at last in those that do not: replaced, failed, or still to be indexed. All of them belong to the one
//! knowledge base that the caller may see; what was deleted is never looked at.

use footnote_core::chunk::{Chunk, Tag};
use footnote_core::document::{Document, DocumentVersion, VersionState};
use footnote_core::error::Context as _;
use footnote_core::ids::{ChunkId, DocumentId};
use footnote_core::passage::Passage;
use footnote_core::ports::{DocumentFilter, ListRequest};
use footnote_core::principal::Scope;
use footnote_core::question::{Filter, QuestionText, ScopedQuery};
use footnote_core::settings::RetrievalSettings;
use footnote_core::text::{CanonicalText, Span, comparable};
use footnote_core::{Error, Result};
use footnote_retriever::hybrid::SearchMode;

use super::{LostAt, Why};
use crate::app::App;

/// Nearest chunks whose texts are looked through first.
const NEAREST: usize = 50;
/// Documents that are listed at once.
const PAGE: u32 = 200;
/// Largest original that is looked through where its text was not extracted.
const MAX_ORIGINAL_BYTES: u64 = 4 * 1024 * 1024;

/// What somebody expected to be found.
pub(super) struct Wanted {
    document: Option<DocumentId>,
    quote: Option<Quote>,
}

impl Wanted {
    pub(super) fn of(document: Option<DocumentId>, quote: Option<&str>) -> Result<Self> {
        let quote = quote.and_then(Quote::of);
        if document.is_none() && quote.is_none() {
            return Err(Error::invalid("nothing is looked for; give a document or a quote"));
        }
        Ok(Self { document, quote })
    }
}

/// What is followed.
pub(super) struct Target {
    pub(super) document: Document,
    pub(super) version: DocumentVersion,
    /// Where the quote lies; `None` where the whole document is meant.
    pub(super) span: Option<Span>,
    pub(super) chunks: Vec<Chunk>,
    text: CanonicalText,
}

impl Target {
    pub(super) fn holds(&self, chunk: ChunkId) -> bool {
        self.chunks.iter().any(|own| own.id == chunk)
    }

    pub(super) fn is_in(&self, passage: &Passage) -> bool {
        let is_quoted = |span: Span| passage.span.overlaps(span);
        passage.version == self.version.id && self.span.is_none_or(is_quoted)
    }

    /// Whether any of its chunks passes the filter, however far behind it ranks.
    pub(super) fn is_allowed_by(&self, filter: &Filter) -> bool {
        let Some(facts) = &self.version.parsed else { return true };
        let tags = |chunk: &Chunk| {
            let text = self.text.slice(chunk.span).unwrap_or_default();
            Tag::all_of(&self.document, facts.content_type, text)
        };
        self.chunks.iter().any(|chunk| filter.allows(&tags(chunk)))
    }
}

/// The target, or why there is none.
pub(super) async fn find(app: &App, scope: Scope, wanted: &Wanted) -> Result<Result<Target, Why>> {
    match (wanted.document, &wanted.quote) {
        (Some(id), quote) => {
            let document = app.store.documents.document(id).await?;
            let document = document.filter(|d| d.knowledge_base == scope.knowledge_base());
            let document = document.ok_or_else(|| Error::not_found("document"))?;
            in_document(app, scope, document, quote.as_ref()).await
        }
        (None, Some(quote)) => in_any_document(app, scope, quote).await,
        (None, None) => Err(Error::internal("nothing is looked for")),
    }
}

async fn in_document(
    app: &App,
    scope: Scope,
    document: Document,
    quote: Option<&Quote>,
) -> Result<Result<Target, Why>> {
    let id = document.id;
    let versions = app.store.documents.versions(id).await?;
    let lost =
        |lost_at: LostAt, reason: String| Ok(Err(Why { document: Some(id), ..Why::new(lost_at, reason) }));
    let Some(version) = versions.iter().find(|version| answers(version, scope)) else {
        let newest = versions.first();
        return lost(LostAt::NotIndexed, newest.map_or_else(|| "it has no version".to_owned(), standing));
    };
    let Some(text) = app.store.documents.canonical_text(version.id).await? else {
        return lost(LostAt::NotIndexed, "its version was deleted meanwhile".to_owned());
    };
    let span = match quote {
        None => None,
        Some(quote) => match quote.place_in(&text).await? {
            Some(span) => Some(span),
            None => {
                if let Some(why) = elsewhere(app, scope, &document, quote).await? {
                    return Ok(Err(why));
                }
                let reason = "the text of this document, as it was extracted, does not have the quote; see `GET …/documents/{id}/text`";
                return lost(LostAt::NotExtracted, reason.to_owned());
            }
        },
    };
    target(app, scope, document, version.clone(), text, span).await
}

async fn in_any_document(app: &App, scope: Scope, quote: &Quote) -> Result<Result<Target, Why>> {
    for document in nearest(app, scope, quote).await? {
        if let Some((version, text, span)) = answering(app, scope, &document, quote).await? {
            return target(app, scope, document, version, text, Some(span)).await;
        }
    }
    let documents = all(app, scope).await?;
    for document in &documents {
        if let Some((version, text, span)) = answering(app, scope, document, quote).await? {
            return target(app, scope, document.clone(), version, text, Some(span)).await;
        }
    }
    let mut unread = 0;
    for document in &documents {
        if let Some(why) = elsewhere(app, scope, document, quote).await? {
            return Ok(Err(why));
        }
        unread += usize::from(document.current.is_none());
    }
    let mut reason = "no document has this quote as it was extracted".to_owned();
    if unread > 0 {
        reason.push_str(&format!("; {unread} of them could not be read or wait for it, and may hold it"));
    }
    Ok(Err(Why::new(LostAt::NotExtracted, reason)))
}

/// The documents that the quote's own words find, nearest first.
async fn nearest(app: &App, scope: Scope, quote: &Quote) -> Result<Vec<Document>> {
    let Ok(question) = QuestionText::parse(&quote.words) else { return Ok(Vec::new()) };
    let query =
        ScopedQuery { scope, question, filter: Filter::default(), settings: RetrievalSettings::default() };
    let mut found: Vec<Document> = Vec::new();
    for candidate in app.retriever.search(&query, SearchMode::Keyword, NEAREST).await? {
        let id = candidate.chunk.document;
        if found.iter().any(|document| document.id == id) {
            continue;
        }
        found.extend(app.store.documents.document(id).await?);
    }
    Ok(found)
}

/// All documents of the knowledge base, newest first.
async fn all(app: &App, scope: Scope) -> Result<Vec<Document>> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let request = ListRequest { after, limit: PAGE };
        let filter = DocumentFilter::default();
        let page = app.store.documents.documents(scope.knowledge_base(), filter, request).await?;
        found.extend(page.items.into_iter().map(|listed| listed.document));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// The version of the document that answers, where it has the quote.
async fn answering(
    app: &App,
    scope: Scope,
    document: &Document,
    quote: &Quote,
) -> Result<Option<(DocumentVersion, CanonicalText, Span)>> {
    let documents = &app.store.documents;
    let version = match (scope.as_of(), document.current) {
        (None, None) => None,
        (None, Some(current)) => documents.version(current).await?,
        (Some(_), _) => documents.versions(document.id).await?.into_iter().find(|it| answers(it, scope)),
    };
    let Some(version) = version else { return Ok(None) };
    let Some(text) = documents.canonical_text(version.id).await? else { return Ok(None) };
    let span = quote.place_in(&text).await?;
    Ok(span.map(|span| (version, text, span)))
}

/// Why the quote is not found, where only versions that do not answer have it.
async fn elsewhere(app: &App, scope: Scope, document: &Document, quote: &Quote) -> Result<Option<Why>> {
    for version in app.store.documents.versions(document.id).await? {
        if answers(&version, scope) {
            continue;
        }
        let text = match app.store.documents.canonical_text(version.id).await? {
            Some(text) => Some(text),
            None => original(app, &version).await?,
        };
        let Some(text) = text else { continue };
        if let Some(span) = quote.place_in(&text).await? {
            let reason = format!("the version that has the quote does not answer: {}", standing(&version));
            return Ok(Some(Why {
                document: Some(document.id),
                version: Some(version.id),
                // An original's places are none of a canonical text.
                span: version.parsed.is_some().then_some(span),
                ..Why::new(LostAt::NotIndexed, reason)
            }));
        }
    }
    Ok(None)
}

/// What a version holds whose text was not extracted, where that is plain text itself.
async fn original(app: &App, version: &DocumentVersion) -> Result<Option<CanonicalText>> {
    if version.bytes > MAX_ORIGINAL_BYTES {
        return Ok(None);
    }
    let bytes = app.store.blobs.read(version.content).await?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(CanonicalText::new))
}

/// Whether the version is current, or was at the scope's time.
fn answers(version: &DocumentVersion, scope: Scope) -> bool {
    let Some(then) = scope.as_of() else { return version.state == VersionState::Current };
    matches!(version.state, VersionState::Current | VersionState::Retired)
        && version.activated_at.is_some_and(|from| from <= then)
        && version.retired_at.is_none_or(|until| until > then)
}

/// Where a version stands that does not answer.
fn standing(version: &DocumentVersion) -> String {
    match (version.state, &version.failure) {
        (VersionState::Failed, Some(failure)) => format!("it could not be indexed: {failure}"),
        (VersionState::Failed, None) => "it could not be indexed".to_owned(),
        (VersionState::Pending, _) => "it is still being indexed".to_owned(),
        (VersionState::Retired, _) => match version.retired_at {
            Some(at) => format!("another took its place on {}", at.format("%Y-%m-%d %H:%M:%S UTC")),
            None => "another took its place".to_owned(),
        },
        (VersionState::Current, _) => match version.activated_at {
            Some(at) => format!("it answers only since {}", at.format("%Y-%m-%d %H:%M:%S UTC")),
            None => "it answers only since later".to_owned(),
        },
    }
}

async fn target(
    app: &App,
    scope: Scope,
    document: Document,
    version: DocumentVersion,
    text: CanonicalText,
    span: Option<Span>,
) -> Result<Result<Target, Why>> {
    let documents = &app.store.documents;
    // A retired version's rows may be those of the generation of then.
    let past = documents.past_versions(scope).await?;
    let of_then = past.into_iter().find(|(id, _)| *id == version.id).map(|(_, generation)| generation);
    let generation = of_then.unwrap_or_else(|| scope.generation());
    let mut chunks = documents.chunks(version.id, generation).await?;
    chunks.retain(|chunk| span.is_none_or(|span| chunk.span.overlaps(span)));
    if chunks.is_empty() {
        let why = Why::new(LostAt::NotIndexed, "no chunk of the index holds it");
        return Ok(Err(Why { document: Some(document.id), version: Some(version.id), span, ..why }));
    }
    Ok(Ok(Target { document, version, span, chunks, text }))
}

/// A quote, compared whatever the blanks, the letter case, the width, and the kind of quotes and dashes.
#[derive(Clone)]
struct Quote {
    /// As it was given, shortened.
    words: String,
    compared: String,
}

impl Quote {
    /// `None` where it says nothing.
    fn of(quote: &str) -> Option<Self> {
        let compared = compared(quote);
        (!compared.is_empty()).then(|| Self { words: quote.trim().chars().take(1_000).collect(), compared })
    }

    /// Where it lies, looked for off the async threads: texts may be long.
    async fn place_in(&self, text: &CanonicalText) -> Result<Option<Span>> {
        let (quote, text) = (self.clone(), text.clone());
        let found = tokio::task::spawn_blocking(move || quote.find(&text)).await;
        found.internal("looking for a quote panicked")
    }

    fn find(&self, text: &CanonicalText) -> Option<Span> {
        let all = compared(text.as_str());
        let before = all.find(&self.compared).and_then(|byte| all.get(..byte))?.chars().count();
        let more = self.compared.chars().count().checked_sub(2);
        let mut places = comparable(text.as_str()).map(|(at, _)| at);
        let start = places.nth(before)?;
        let last = match more {
            Some(more) => places.nth(more)?,
            None => start,
        };
        Some(Span::new(start, last + 1))
    }
}

fn compared(text: &str) -> String {
    comparable(text).map(|(_, c)| c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_found_however_it_is_typed() {
        let find = |text: &str, quote: &str| Quote::of(quote)?.find(&CanonicalText::new(text));
        let text = "前文。Annual\nleave is  15 days.";
        assert_eq!(find(text, "Annual leave is 15 days"), Some(Span::new(3, 27)));
        assert_eq!(find(text, "annual LEAVE is１５days"), Some(Span::new(3, 27)));
        assert_eq!(find("“Staff” – all – rest.", "\"staff\" - all -- rest"), Some(Span::new(0, 20)));
        assert_eq!(find("每晚６００元（含税）", "600元(含税)"), Some(Span::new(2, 10)));
        assert_eq!(find(text, "16 days"), None);
        assert_eq!(find(text, " "), None);
        assert_eq!(find("", "x"), None);
    }
}
