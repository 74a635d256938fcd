//! A question put into the other language, so that its words find what the documents call them.
//!
//! A model's translation only searches: it is taken where it is in the other language, has every number and
//! code of the question and no other, and is of a sensible length.

use footnote_core::Result;
use footnote_core::ports::Generator;
use footnote_core::question::QuestionText;

use crate::facts::{self, EvidenceFacts};
use crate::transcript;

/// Most tokens of a translation.
const MAX_TOKENS: usize = 64;
/// Longest question that is translated, in scalar values.
const LONGEST: usize = 200;
/// A Chinese question has fewer characters than its English translation: by these factors.
const LENGTHS: std::ops::RangeInclusive<f32> = 0.8..=12.0;

/// The question in English where it is in Chinese, else in Chinese; `None` where the model wrote nothing that
/// can be trusted.
pub async fn translated(generator: &dyn Generator, question: &QuestionText) -> Result<Option<QuestionText>> {
    if question.as_str().chars().count() > LONGEST {
        return Ok(None);
    }
    let line = question.as_str().replace('\n', " ");
    let task = if question.is_chinese() {
        format!("Translate this question into English. Write only the translation.\n\n{line}")
    } else {
        format!("把下面的问题翻译成中文。只输出译文。\n\n{line}")
    };
    let written = transcript::written(generator, task, MAX_TOKENS, vec!["\n".to_owned()]).await?;
    Ok(trusted(&written, question))
}

fn trusted(written: &str, question: &QuestionText) -> Option<QuestionText> {
    let line = written.trim().lines().next()?.trim().trim_matches(['"', '“', '”']);
    let new = QuestionText::parse(line).ok()?;
    if new.is_chinese() == question.is_chinese() {
        return None;
    }
    let (chinese, english) = if question.is_chinese() { (question, &new) } else { (&new, question) };
    let length = |text: &QuestionText| text.as_str().chars().count() as f32;
    let is_sensible = LENGTHS.contains(&(length(english) / length(chinese)));
    let holds = |a: &QuestionText, b: &QuestionText| {
        facts::check(a.as_str(), &EvidenceFacts::of(&[b.as_str()]), "").missing.is_empty()
    };
    (is_sensible && holds(question, &new) && holds(&new, question)).then_some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_is_trusted_where_it_is_one() {
        let trust = |question: &str, written: &str| {
            trusted(written, &QuestionText::parse(question).unwrap()).map(|q| q.as_str().to_owned())
        };
        let question = "BetMakers 在2022年的收入是多少？";
        let good = "What was BetMakers' revenue in 2022?";
        assert_eq!(trust(question, &format!("\"{good}\"\nI hope that helps")).as_deref(), Some(good));
        assert_eq!(trust(question, "What was BetMakers' revenue?"), None, "the year is lost");
        assert_eq!(trust(question, "What was BetMakers' revenue in 2023?"), None);
        assert_eq!(trust(question, question), None, "the same language");
        assert_eq!(trust(question, ""), None);
        assert_eq!(trust("年假几天？", &"word ".repeat(60)), None, "an essay");
        assert_eq!(trust("How long is annual leave?", "年假有多长？").as_deref(), Some("年假有多长？"));
    }
}
