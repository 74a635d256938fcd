//! Search without an answer.

use chrono::{DateTime, SecondsFormat, Utc};
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::principal::Principal;
use footnote_core::question::{Filter, QuestionText, ScopedQuery};
use footnote_core::{Error, Result};
use footnote_retriever::hybrid::SearchMode;
use footnote_retriever::ranking::{Duplicates, Ranking, Wanted};

use super::knowledge_bases::reach;
use crate::app::App;

/// Most results of a search.
const MAX_LIMIT: usize = 100;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct SearchInput {
    /// The query.
    pub query: String,
    /// Which indexes are searched.
    pub mode: SearchMode,
    /// Results at the most, 1 to 100.
    pub limit: usize,
    /// What hits must match besides.
    pub filter: Filter,
    /// Search the versions that were current then, instead of those that are now.
    pub as_of: Option<DateTime<Utc>>,
    /// What becomes of chunks that only repeat a better one.
    pub duplicates: Duplicates,
    /// Whether to also give the candidates that did not become results.
    pub explain: bool,
}

/// A time that a question is asked of, checked.
pub(crate) fn past(app: &App, as_of: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>> {
    match as_of {
        Some(time) if time > app.now() => Err(Error::invalid(format!(
            "as_of is {}, which is in the future; leave it out to ask of the present",
            time.to_rfc3339_opts(SecondsFormat::Secs, true)
        ))),
        other => Ok(other),
    }
}

/// Searches a knowledge base.
pub async fn search(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    input: SearchInput,
) -> Result<Ranking> {
    if !(1..=MAX_LIMIT).contains(&input.limit) {
        return Err(Error::invalid(format!("limit is {}; give a value from 1 to {MAX_LIMIT}", input.limit)));
    }
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    app.require_embedder_of(&knowledge_base).await?;
    let query = ScopedQuery {
        scope: principal.scope(&knowledge_base)?.at(past(app, input.as_of)?),
        question: QuestionText::parse(&input.query)?,
        filter: input.filter.clone(),
        settings: knowledge_base.settings.retrieval.clone(),
    };
    let found = find(app, &query, &input).await?;
    // What retired before is confirmed all the same.
    if (found.best.is_empty() || input.as_of.is_some())
        && let Some(now) = changed(app, principal, &knowledge_base).await?
    {
        let scope = principal.scope(&now)?.at(input.as_of);
        return find(app, &ScopedQuery { scope, ..query }, &input).await;
    }
    Ok(found)
}

async fn find(app: &App, query: &ScopedQuery, input: &SearchInput) -> Result<Ranking> {
    let wanted = Wanted { best: input.limit, others: input.explain, duplicates: input.duplicates };
    app.retriever.rank(query, input.mode, wanted).await
}

/// The knowledge base, where it answers by another generation than when it was `asked`: hits of the one before are no
/// longer confirmed, so that a search under way finds nothing.
pub(super) async fn changed(
    app: &App,
    principal: &Principal,
    asked: &KnowledgeBase,
) -> Result<Option<KnowledgeBase>> {
    let now = reach(app, principal, &asked.id.to_string()).await?;
    Ok(Some(now).filter(|now| now.generation != asked.generation))
}
