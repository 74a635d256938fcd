//! What the older turns of a conversation were about, within a budget.
//!
//! A summary has a line for each question and what was answered, oldest first. The lines are the turns' own
//! sentences ([`extend`]), or a model's ([`write`]) where these bring nothing new; what the model leaves out gets a
//! line of the first kind. Where the lines exceed the budget, the oldest give way: first all of them but what says
//! most, then the whole line.

use std::collections::HashSet;

use footnote_core::Result;
use footnote_core::answer::{ChatMessage, History, MessageRole};
use footnote_core::error::Context;
use footnote_core::ports::Generator;
use footnote_core::question::{QuestionText, is_chinese, is_han};
use footnote_core::verdict::{Fact, FactKind};

use crate::extract::on_one_line;
use crate::facts::{self, EvidenceFacts};
use crate::markers::{self, without_markers};
use crate::sentence::{is_question, of_passage, sentences};
use crate::support::Terms;
use crate::transcript;
use crate::verify::{is_disclaimer, is_order};

/// Most scalar values of a summary: some 300 tokens of English, and up to 900 of Chinese.
pub const SUMMARY_CHARS: usize = 1_200;

/// Most scalar values of a line's question, and of its answer.
const QUESTION_CHARS: usize = 160;
const ANSWER_CHARS: usize = 240;
/// Most sentences of an answer in a line.
const ANSWER_SENTENCES: usize = 2;
/// Share of the best sentence's score from which a second one is taken, too.
const ENOUGH: f32 = 0.8;
/// Stands between the question and the answer of a line.
const ANSWERED: &str = " → ";

/// Most tokens that a model writes.
const MAX_TOKENS: usize = 200;
/// Longest part of a turn that it is shown, in scalar values.
const TURN_CHARS: usize = 800;
/// Share of a sentence's words that the turns must have.
const KNOWN_WORDS: f32 = 0.7;
/// Share of a line's words from which the model's sentences tell the same.
const TOLD: f32 = 0.5;

/// `so_far` with a line for each question of `turns`, in their own words.
pub fn extend(so_far: &str, turns: &[ChatMessage]) -> String {
    within_budget(so_far.lines().map(str::to_owned).chain(lines_of(turns)).collect())
}

/// As [`extend`], with only what says most of each new line: for turns that go because every token counts.
pub(crate) fn extend_briefly(so_far: &str, turns: &[ChatMessage]) -> String {
    let brief = lines_of(turns).map(|line| main_part(&line).to_owned());
    within_budget(so_far.lines().map(str::to_owned).chain(brief).collect())
}

/// As [`extend`], in a model's words where they can be trusted.
pub async fn write(generator: &dyn Generator, so_far: &str, turns: &[ChatMessage]) -> Result<String> {
    let written = transcript::written(generator, task(turns), MAX_TOKENS, Vec::new()).await?;
    let (so_far, turns) = (so_far.to_owned(), turns.to_vec());
    let joined = tokio::task::spawn_blocking(move || joined(&so_far, &written, &turns)).await;
    joined.internal("summarising panicked")
}

/// The line that a question means which points to something that none of the latest turns speaks of; of that
/// line, what says most.
pub fn line_meant<'h>(history: &'h History, question: &QuestionText) -> Option<&'h str> {
    let lines = history.summary.as_deref()?.lines();
    let since: Vec<Terms> = history.turns.iter().map(|turn| Terms::of(&turn.content)).collect();
    let new = Terms::of(question.as_str()).without(&since);
    let scored = lines.map(|line| (new.held_by(&[&Terms::of(line)]), line));
    let best = scored.filter(|(held, _)| *held > 0.0).max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, line)| main_part(line))
}

/// A summary as a model is shown it: as data, in which no number in brackets reads as one of ours.
pub(crate) fn shown(summary: &str, chinese: bool) -> String {
    let label = if chinese {
        "此前对话的要点（仅供参考）：\n"
    } else {
        "Notes on the conversation before, for reference only:\n"
    };
    let lines = summary.lines().map(|line| format!("- {}\n", markers::neutralise(line)));
    lines.fold(label.to_owned(), |shown, line| shown + &line)
}

/// A question, and what was answered until the next.
#[derive(Default)]
struct Exchange<'t> {
    question: &'t str,
    answers: Vec<&'t str>,
}

fn exchanges(turns: &[ChatMessage]) -> Vec<Exchange<'_>> {
    let mut exchanges: Vec<Exchange<'_>> = Vec::new();
    for turn in turns {
        match (turn.role, exchanges.last_mut()) {
            (MessageRole::System, _) => {}
            (MessageRole::Assistant, Some(exchange)) => exchange.answers.push(&turn.content),
            (MessageRole::Assistant, None) => {
                exchanges.push(Exchange { answers: vec![&turn.content], ..Exchange::default() });
            }
            (MessageRole::User, _) => {
                exchanges.push(Exchange { question: &turn.content, ..Exchange::default() });
            }
        }
    }
    exchanges
}

impl Exchange<'_> {
    fn line(&self) -> Option<String> {
        let (question, answer) = (beginning(self.question, QUESTION_CHARS), self.answer());
        let line = match (question.is_empty(), answer.is_empty()) {
            (false, false) => format!("{question}{ANSWERED}{answer}"),
            (false, true) => question,
            (true, false) => answer,
            // An answer of long sentences only, to nothing.
            (true, true) => beginning(self.answers.first()?, ANSWER_CHARS),
        };
        line.chars().any(char::is_alphanumeric).then_some(line)
    }

    /// The sentences of the answers that say most about the question, in their order. None is cut: the rest of
    /// a sentence may turn its meaning round.
    fn answer(&self) -> String {
        let asked = Terms::of(self.question);
        let mut ranked: Vec<(usize, f32, String)> = Vec::new();
        for answer in &self.answers {
            let plain = without_markers(answer);
            let said = sentences(&plain);
            if said.first().is_some_and(|first| is_disclaimer(first)) {
                continue;
            }
            for sentence in said.into_iter().filter(|sentence| !is_question(sentence) && !is_order(sentence))
            {
                ranked.push((ranked.len(), asked.held_by(&[&Terms::of(sentence)]), on_one_line(sentence)));
            }
        }
        ranked.sort_by(|(_, a, _), (_, b, _)| b.total_cmp(a));
        let enough = ranked.first().map_or(0.0, |(_, best, _)| best * ENOUGH);
        let mut room = ANSWER_CHARS;
        ranked.retain(|(_, score, sentence)| {
            let chars = sentence.chars().count() + 1;
            let fits = *score >= enough && chars <= room;
            room -= if fits { chars } else { 0 };
            fits
        });
        ranked.truncate(ANSWER_SENTENCES);
        ranked.sort_by_key(|(at, ..)| *at);
        let chosen: Vec<String> = ranked.into_iter().map(|(.., sentence)| sentence).collect();
        on_one_line(&chosen.join("\n"))
    }
}

fn lines_of(turns: &[ChatMessage]) -> impl Iterator<Item = String> {
    exchanges(turns).into_iter().filter_map(|exchange| exchange.line())
}

/// What says most of a line: its question, or its answer where the question hardly says what it is about.
fn main_part(line: &str) -> &str {
    match line.split_once(ANSWERED) {
        None => line,
        Some((question, answer)) => {
            let leans = QuestionText::parse(question).map_or(true, |question| question.leans_on_another());
            if leans { answer } else { question }
        }
    }
}

/// The lines without repetitions, shortened from the oldest on until they fit.
fn within_budget(lines: Vec<String>) -> String {
    let mut seen = HashSet::new();
    let mut lines: Vec<String> = lines.into_iter().rev().filter(|line| seen.insert(line.clone())).collect();
    lines.reverse();
    let mut size: usize = lines.iter().map(|line| line.chars().count() + 1).sum();
    for line in &mut lines {
        if size <= SUMMARY_CHARS {
            break;
        }
        let part = main_part(line).to_owned();
        size -= line.chars().count() - part.chars().count();
        *line = part;
    }
    let mut kept = lines.as_slice();
    while let [oldest, rest @ ..] = kept
        && size > SUMMARY_CHARS
        && !rest.is_empty()
    {
        size -= oldest.chars().count() + 1;
        kept = rest;
    }
    let text = kept.join("\n");
    if text.chars().count() <= SUMMARY_CHARS { text } else { beginning(&text, SUMMARY_CHARS) }
}

/// The beginning of a text on one line: whole sentences, or where the first is too long, whole words of it that do
/// not end within a number.
fn beginning(text: &str, most: usize) -> String {
    let line = on_one_line(text);
    let chars = |text: &str| text.chars().count();
    if chars(&line) <= most {
        return line;
    }
    let ends = of_passage(&line).into_iter().map(|range| range.end);
    if let Some(end) = ends.take_while(|&end| chars(&line[..end]) <= most).last() {
        return line[..end].to_owned();
    }
    let cut = line.char_indices().nth(most.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let (head, rest) = line.split_at(cut);
    let in_word = |c: char| c.is_alphanumeric() && !is_han(c);
    let whole = if rest.starts_with(in_word) { head.trim_end_matches(in_word) } else { head };
    let whole = whole.trim_end_matches(is_of_number).trim_end();
    format!("{}…", if whole.is_empty() { head } else { whole })
}

fn is_of_number(c: char) -> bool {
    c.is_numeric() || c.is_whitespace() || ".,:%-/年月日零〇一二两三四五六七八九十百千万亿".contains(c)
}

fn is_in_chinese(turns: &[ChatMessage]) -> bool {
    let asked = turns.iter().filter(|turn| turn.role == MessageRole::User);
    is_chinese(&asked.map(|turn| turn.content.as_str()).collect::<String>())
}

fn task(turns: &[ChatMessage]) -> String {
    let chinese = is_in_chinese(turns);
    let task = if chinese {
        "请用最多五句话概括以上对话，保留其中的主题、名称和数字。只输出概括。"
    } else {
        "Summarise this conversation in at most five short sentences. Keep its topics, names and numbers. Write \
         only the summary."
    };
    format!("{}\n{task}", transcript::transcript(turns, TURN_CHARS, chinese))
}

/// The summary with what a model wrote about `turns`, and lines for what that leaves out.
fn joined(so_far: &str, written: &str, turns: &[ChatMessage]) -> String {
    let told = trusted(written, turns);
    let terms = Terms::of(&told.join("\n"));
    let left_out = lines_of(turns).filter(|line| Terms::of(line).held_by(&[&terms]) < TOLD);
    within_budget(so_far.lines().map(str::to_owned).chain(told.iter().cloned()).chain(left_out).collect())
}

/// Words by which a summary tells who said something.
const REPORTING_ENGLISH: &str =
    "The User asked and wanted to know; the Assistant answered, said and explained.";
const REPORTING_CHINESE: &str = "用户询问、想知道；助手回答、说明、表示。";

/// The sentences that bring nothing new. What is told as so must stand in the answers, but for the names and
/// identifiers by which the questions call their topics; what is told as asked may stand in the questions.
fn trusted(written: &str, turns: &[ChatMessage]) -> Vec<String> {
    let chinese = is_in_chinese(turns);
    let reporting = if chinese { REPORTING_CHINESE } else { REPORTING_ENGLISH };
    let by_service = turns.iter().filter(|turn| turn.role == MessageRole::Assistant);
    let answers: Vec<&str> = by_service.map(|turn| turn.content.as_str()).collect();
    let all: Vec<&str> = turns.iter().map(|turn| turn.content.as_str()).chain([reporting]).collect();
    let known = Terms::of(&all.join("\n"));
    let (answered, said) = (EvidenceFacts::of(&answers), EvidenceFacts::of(&all));
    let is_trusted = |sentence: &str| {
        let new = facts::check(sentence, &said, "").missing;
        let unanswered = facts::check(sentence, &answered, "").missing;
        let names_a_topic = |fact: &Fact| matches!(fact.kind, FactKind::Name | FactKind::Identifier);
        let is_answered = tells_only_what_was_asked(sentence) || unanswered.iter().all(names_a_topic);
        new.is_empty() && is_answered && Terms::of(sentence).held_by(&[&known]) >= KNOWN_WORDS
    };
    let plain = without_markers(written);
    let lines = sentences(&plain).into_iter().map(|sentence| {
        on_one_line(sentence.trim_start_matches(|c: char| matches!(c, '-' | '*' | '•') || c.is_whitespace()))
    });
    lines
        .filter(|line| line.chars().count() <= QUESTION_CHARS + ANSWER_CHARS && !is_order(line))
        .filter(|line| is_trusted(line))
        .collect()
}

fn tells_only_what_was_asked(sentence: &str) -> bool {
    let sentence = sentence.to_lowercase();
    let tells = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
    let asked = is_question(&sentence) || tells(&["ask", "want", "wonder", "询问", "问", "想知道", "咨询"]);
    asked
        && !tells(&[
            "answer", "said", "says", "told", "repl", "explain", "回答", "答复", "说明", "表示", "告知",
        ])
}

#[cfg(test)]
mod tests;
