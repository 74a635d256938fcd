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
            if !chosen.iter().any(|known| known.place == more.place) {
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
    let low = cosines.iter().copied().fold(f32::INFINITY, f32::min);
    let high = cosines.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = (high - low).max(f32::EPSILON);
    for (chosen, cosine) in first.iter_mut().zip(cosines) {
        chosen.score = f32::midpoint(chosen.score, (cosine - low) / range);
    }
    Ok(())
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
