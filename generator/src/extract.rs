//! Answers that are verbatim sentences of the sources: which, and in which order.

use footnote_core::Result;
use footnote_core::question::{QuestionText, is_han};

use crate::support::Terms;
use crate::verify::{Place, Sources, SupportModels};

/// Most sentences of an extractive answer.
const EXTRACTED: usize = 3;
/// Sentences of the passages that are compared by meaning.
const COMPARED: usize = 48;
/// Scalar values below which a sentence is taken for a heading: it repeats the question and answers
/// nothing.
const SHORT: usize = 12;
/// Share of the best sentence's score from which others are chosen, too.
const ENOUGH: f32 = 0.8;

/// Cosines that lie closer together than this tell no good sentence from a bad one: of two alike, neither is 0.
const LEAST_RANGE: f32 = 0.1;

/// A chosen sentence.
pub(crate) struct Chosen {
    /// Where it lies.
    pub(crate) place: Place,
    /// How well it fits the question, 0 to 1.
    pub(crate) score: f32,
}

/// The sentences that say most about each part of the question, in the order of the passages and of their
/// texts.
pub(crate) async fn choose(
    question: &QuestionText,
    sources: &Sources,
    models: &SupportModels,
) -> Result<Vec<Chosen>> {
    let parts = question.parts();
    let most = EXTRACTED.div_ceil(parts.len().max(1));
    let mut chosen: Vec<Chosen> = Vec::new();
    for part in &parts {
        for more in choose_for_part(part, sources, models, most).await? {
            // Documents repeat their sentences.
            let words = |chosen: &Chosen| on_one_line(sources.text(&chosen.place));
            if !chosen.iter().any(|known| words(known) == words(&more)) {
                chosen.push(more);
            }
        }
    }
    chosen.sort_by_key(|chosen| (chosen.place.passage, chosen.place.bytes.start));
    Ok(chosen)
}

async fn choose_for_part(
    question: &QuestionText,
    sources: &Sources,
    models: &SupportModels,
    most: usize,
) -> Result<Vec<Chosen>> {
    let terms = Terms::of(question.as_str());
    let mut found = Vec::new();
    for (rank, indexed) in sources.passages().iter().enumerate() {
        for (bytes, held) in &indexed.sentences {
            let place = Place { passage: rank, bytes: bytes.clone() };
            let header = Terms::of(sources.header_text(&place).unwrap_or_default());
            // Neither a heading nor figures of which nothing says what they are of answer anything.
            let says_something = held.has_words() || header.has_words();
            if sources.is_header(&place) || sources.is_heading(&place) || !says_something {
                continue;
            }
            let is_short = sources.text(&place).chars().count() < SHORT;
            // A row says what it says below its header.
            let fit = terms.held_by(&[held, &header]) * if is_short { 0.5 } else { 1.0 };
            found.push(Chosen { place, score: fit });
        }
    }
    add_meaning(question, sources, models, &mut found).await?;
    for chosen in &mut found {
        // What ranks higher is likelier to answer.
        chosen.score /= 1.0 + 0.1 * chosen.place.passage as f32;
    }
    // A stable sort: among equals the earlier sentence of the higher passage.
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let enough = found.first().map_or(0.0, |best| best.score * ENOUGH);
    found.retain(|chosen| chosen.score >= enough);
    found.truncate(most);
    Ok(found)
}

/// Words and meaning count alike, where there is an embedder.
async fn add_meaning(
    question: &QuestionText,
    sources: &Sources,
    models: &SupportModels,
    found: &mut [Chosen],
) -> Result<()> {
    let compared = found.len().min(COMPARED);
    let Some(first) = found.get_mut(..compared) else { return Ok(()) };
    let texts = first.iter().map(|chosen| sources.text(&chosen.place).to_owned()).collect();
    let Some(cosines) = models.cosines_with_question(question.as_str(), texts).await? else { return Ok(()) };
    for (chosen, meaning) in first.iter_mut().zip(spread(&cosines)) {
        chosen.score = f32::midpoint(chosen.score, meaning);
    }
    Ok(())
}

/// Cosines on a scale on which the best is 1 and the worst, where they lie further apart than [`LEAST_RANGE`], 0.
fn spread(cosines: &[f32]) -> impl Iterator<Item = f32> {
    let low = cosines.iter().copied().fold(f32::INFINITY, f32::min);
    let high = cosines.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = (high - low).max(LEAST_RANGE);
    cosines.iter().map(move |cosine| 1.0 - (high - cosine) / range)
}

/// Wrapped lines joined as their language does: Chinese without a blank.
pub(crate) fn on_one_line(quote: &str) -> String {
    let is_wide = |c: char| is_han(c) || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}');
    let mut line = String::with_capacity(quote.len());
    for word in quote.split_whitespace() {
        let both_wide = line.chars().next_back().is_some_and(is_wide) && word.starts_with(is_wide);
        if !line.is_empty() && !both_wide {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_sentences_that_mean_alike_none_counts_nothing() {
        let alike: Vec<f32> = spread(&[0.87, 0.86]).collect();
        assert!(alike[0] == 1.0 && alike[1] > 0.89, "{alike:?}");
        let apart: Vec<f32> = spread(&[0.7, 0.9, 0.8]).collect();
        assert!(apart[0].abs() < 1e-6 && apart[1] == 1.0 && (apart[2] - 0.5).abs() < 1e-6, "{apart:?}");
    }
}
