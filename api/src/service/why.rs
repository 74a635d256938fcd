//! Why a document, or a text of it, is not in an answer: where on its way it was lost.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::answer::{Answer, AnswerMode, History};
use footnote_core::chunk::Chunk;
use footnote_core::ids::{ChunkId, ConversationId, DocumentId, VersionId};
use footnote_core::passage::{Candidate, Passage, StageScore, StageTrace};
use footnote_core::principal::{Principal, Scope};
use footnote_core::question::{Filter, ScopedQuery};
use footnote_core::text::Span;
use footnote_retriever::hybrid::SearchMode;
use footnote_retriever::passages::is_over_budget;

use super::ask::{self, AskInput, Earlier, Searched};
use super::knowledge_bases::reach;
use super::search::past;
use crate::app::App;
use target::{Target, Wanted};

mod conversation;
mod target;

/// Candidates of each index among which it is looked for.
const DEPTH: usize = 1_000;

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
    /// The time that it was asked of.
    pub as_of: Option<DateTime<Utc>>,
    /// How the answer was to be made.
    pub mode: Option<AnswerMode>,
    /// The conversation that it was asked in.
    pub conversation: Option<ConversationId>,
}

/// How far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostAt {
    /// The text is in no document, or in none as it was extracted.
    NotExtracted,
    /// The version that has it does not answer, or no chunk holds it.
    NotIndexed,
    /// Somebody hid the chunks that hold it.
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
    /// The version that answers, or that has the quote.
    pub version: Option<VersionId>,
    /// Where the text lies in it, in scalar values.
    pub span: Option<Span>,
    /// Ranks and scores of its best chunk.
    pub trace: Option<StageTrace>,
    /// What was searched for, as `ask` tells it; empty where it was lost before.
    pub searched: Vec<String>,
}

impl Why {
    fn new(lost_at: LostAt, reason: impl Into<String>) -> Self {
        let (document, version, span, trace) = (None, None, None, None);
        Self { lost_at, reason: reason.into(), document, version, span, trace, searched: Vec::new() }
    }
}

/// Follows it from its file to the answer, which is made for this and not stored.
pub async fn why(
    app: &Arc<App>,
    principal: &Principal,
    knowledge_base: &str,
    input: WhyInput,
) -> Result<Why> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    let wanted = Wanted::of(input.document, input.quote.as_deref())?;
    let earlier = match input.conversation {
        None => Earlier::Shown { history: History::default(), cited: Vec::new() },
        Some(id) => conversation::before(app, principal, knowledge_base.id, id, &input.question).await?,
    };
    let scope = principal.scope(&knowledge_base)?.at(past(app, input.as_of)?);
    let target = match target::find(app, scope, &wanted).await? {
        Ok(target) => target,
        Err(why) => return Ok(why),
    };
    let asked = AskInput {
        question: input.question,
        filter: input.filter,
        as_of: input.as_of,
        mode: input.mode,
        earlier,
        ..AskInput::default()
    };
    let mut why = follow(app, principal, scope, &target, asked).await?;
    why.document = Some(target.document.id);
    why.version = Some(target.version.id);
    why.span = target.span;
    Ok(why)
}

async fn follow(
    app: &Arc<App>,
    principal: &Principal,
    scope: Scope,
    target: &Target,
    input: AskInput,
) -> Result<Why> {
    if target.chunks.iter().all(Chunk::is_hidden) {
        return Ok(Why::new(LostAt::NotPermitted, "somebody hid the chunks that hold it"));
    }
    let ids: Vec<ChunkId> = target.chunks.iter().map(|chunk| chunk.id).collect();
    if app.store.documents.confirm(scope, &ids).await?.is_empty() {
        return Ok(Why::new(
            LostAt::NotPermitted,
            "its chunks are not current, or not within this key's reach",
        ));
    }
    let is_filtered = !target.is_allowed_by(&input.filter);
    let searched = ask::search(app, principal, &scope.knowledge_base().to_string(), input).await?;
    let texts = searched.queries.iter().map(|query| query.question.as_str().to_owned()).collect();
    let why = if is_filtered {
        let trace = deeper(app, &unfiltered(&searched.queries), target).await?;
        Why { trace, ..Why::new(LostAt::Filtered, "the filter leaves it out") }
    } else {
        in_what_was_found(app, principal, target, searched).await?
    };
    Ok(Why { searched: texts, ..why })
}

/// Looks for it among the candidates and passages, and then in the answer.
async fn in_what_was_found(
    app: &Arc<App>,
    principal: &Principal,
    target: &Target,
    searched: Searched,
) -> Result<Why> {
    let found = &searched.retrieved;
    let candidate = found.candidates.iter().find(|c| target.holds(c.chunk.chunk));
    let trace = candidate.map(|candidate| candidate.trace.clone());
    let offered = found.passages.iter().chain(&found.tables).find(|passage| target.is_in(passage));
    let (candidate, queries) = (candidate.cloned(), searched.queries.clone());
    if let Some(number) = offered.map(|passage| passage.number)
        && let Some(why) = in_the_answer(app, principal, target, number, searched).await?
    {
        return Ok(Why { trace, ..why });
    }
    match candidate {
        Some(candidate) => Ok(left_out(&candidate)),
        None => ranked(app, &queries, target).await,
    }
}

/// A candidate that became no passage.
fn left_out(candidate: &Candidate) -> Why {
    let trace = candidate.trace.clone();
    let dropped = trace.dropped.as_deref().unwrap_or("it became no passage");
    let (lost_at, reason) = match is_over_budget(dropped) {
        true => (LostAt::CutFromPrompt, dropped.to_owned()),
        false => (LostAt::Ranked, format!("{dropped}: {}", places(&trace))),
    };
    Why { trace: Some(trace), ..Why::new(lost_at, reason) }
}

/// Its ranks, in words.
fn places(trace: &StageTrace) -> String {
    let rank = |stage: Option<StageScore>| {
        stage.map_or_else(|| "not at all".to_owned(), |stage| stage.rank.to_string())
    };
    let (dense, keyword, fused) = (rank(trace.dense), rank(trace.keyword), rank(trace.fused));
    format!("by meaning it is {dense}, by words {keyword}, fused {fused}")
}

fn unfiltered(queries: &[ScopedQuery]) -> Vec<ScopedQuery> {
    let unfiltered = |query: &ScopedQuery| ScopedQuery { filter: Filter::default(), ..query.clone() };
    queries.iter().map(unfiltered).collect()
}

/// Its best place among all that the queries find.
async fn deeper(app: &App, queries: &[ScopedQuery], target: &Target) -> Result<Option<StageTrace>> {
    let rank = |trace: &StageTrace| trace.fused.map_or(usize::MAX, |stage| stage.rank);
    let mut best: Option<StageTrace> = None;
    for query in queries {
        let found = app.retriever.explain(query, SearchMode::Hybrid, DEPTH).await?;
        let own = found.into_iter().find(|candidate| target.holds(candidate.chunk.chunk));
        let Some(trace) = own.map(|candidate| candidate.trace) else { continue };
        if best.as_ref().is_none_or(|best| rank(&trace) < rank(best)) {
            best = Some(trace);
        }
    }
    Ok(best)
}

/// It is no candidate: tells how far behind it is.
async fn ranked(app: &App, queries: &[ScopedQuery], target: &Target) -> Result<Why> {
    let Some(trace) = deeper(app, queries, target).await? else {
        return Ok(Why::new(LostAt::Ranked, format!("it is not among the {DEPTH} nearest of either index")));
    };
    let reason = format!("others ranked before it: {}", places(&trace));
    Ok(Why { trace: Some(trace), ..Why::new(LostAt::Ranked, reason) })
}

/// It became a passage, or lies in a table that may be worked on: answers, and looks whether it is cited. `None` where
/// nothing was worked out of that table.
async fn in_the_answer(
    app: &Arc<App>,
    principal: &Principal,
    target: &Target,
    number: u32,
    searched: Searched,
) -> Result<Option<Why>> {
    let found = searched.retrieved.passages.len();
    let is_found = searched.retrieved.passages.iter().any(|passage| target.is_in(passage));
    let asked = ask::answer(app, principal, searched).await?;
    let shown: Vec<Passage> = asked.retrieved.passages.clone();
    let answer = asked.answer().await?;
    let is_shown = shown.iter().any(|passage| target.is_in(passage));
    if !is_found && !is_shown {
        return Ok(None);
    }
    if answer.refused {
        // A table is added to what was found only where it is worked on.
        return Ok(Some(Why::new(LostAt::Refused, refusal(&answer, number, shown.len() > found))));
    }
    if !is_shown {
        return Ok(Some(Why::new(LostAt::CutFromPrompt, "the model's context did not hold it")));
    }
    let cited = answer.citations.iter().find(|citation| {
        citation.version == target.version.id
            && target.span.is_none_or(|span| citation.source_span.overlaps(span))
    });
    if let Some(citation) = cited {
        return Ok(Some(Why::new(LostAt::Used, format!("it is cited as [{}]", citation.number))));
    }
    let reason = match answer.mode {
        AnswerMode::Generative => format!("the model was given it as passage {number} and did not use it"),
        AnswerMode::Extractive => {
            format!("it is passage {number}, and other sentences of the passages were nearer to the question")
        }
    };
    Ok(Some(Why::new(LostAt::NotUsed, reason)))
}

/// What refused: counting, too little evidence, or the model.
fn refusal(answer: &Answer, number: u32, is_counted: bool) -> String {
    if is_counted {
        return format!("it is passage {number}, but what is asked could not be worked out: {}", answer.text);
    }
    let evidence = &answer.evidence;
    if evidence.sufficient {
        return match answer.mode {
            AnswerMode::Generative => {
                format!("the model was given it as passage {number} and said that the passages do not answer")
            }
            AnswerMode::Extractive => {
                format!("it is passage {number}, but no sentence of the passages answers")
            }
        };
    }
    format!(
        "it is passage {number}, but the evidence was not enough to answer: {:.2} of {:.2}",
        evidence.score, evidence.threshold
    )
}

#[cfg(test)]
mod tests {
    use footnote_core::answer::{FinishReason, Usage};
    use footnote_core::passage::Evidence;

    use super::*;

    #[test]
    fn the_reason_of_a_refusal_is_what_refused() {
        let answer = |score: f32| Answer {
            text: "I cannot add up words.".to_owned(),
            citations: Vec::new(),
            sentences: Vec::new(),
            mode: AnswerMode::Extractive,
            refused: true,
            evidence: Evidence { score, threshold: 0.35, sufficient: score >= 0.35 },
            finish_reason: FinishReason::InsufficientEvidence,
            usage: Usage::default(),
            model: None,
        };
        assert!(refusal(&answer(0.83), 2, true).ends_with("worked out: I cannot add up words."));
        assert!(refusal(&answer(0.83), 2, false).contains("no sentence of the passages answers"));
        let of_model = Answer { mode: AnswerMode::Generative, ..answer(0.83) };
        assert!(refusal(&of_model, 2, false).contains("the model was given it as passage 2"));
        assert!(refusal(&answer(0.2), 2, false).ends_with("0.20 of 0.35"));
    }
}
