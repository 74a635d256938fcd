//! A question, or each part of one, put into the other language, so that its words find what the documents call them.
//!
//! A model's translation only searches: it is taken where it is in the other language, has every number and
//! code of the question and no other, and is of a sensible length.

use footnote_core::Result;
use footnote_core::ports::Generator;
use footnote_core::question::QuestionText;

use crate::facts::{self, EvidenceFacts};
use crate::transcript;

/// Most tokens of the translation of a question, and of those of all its parts.
const MAX_TOKENS: usize = 64;
const MAX_TOKENS_OF_PARTS: usize = 160;
/// What a question ends with.
const MARKS: [char; 2] = ['?', '？'];
/// Longest question that is translated, in scalar values.
const LONGEST: usize = 200;
/// A Chinese question has fewer characters than its English translation: by these factors.
const LENGTHS: std::ops::RangeInclusive<f32> = 0.8..=12.0;

/// The parts of a question, all in one language, in English where they are in Chinese, else in Chinese: one for each
/// part, `None` where the model wrote nothing that can be trusted. However many there are, the model is asked once.
pub async fn translated(
    generator: &dyn Generator,
    parts: &[QuestionText],
) -> Result<Vec<Option<QuestionText>>> {
    let is_short = |part: &&QuestionText| part.as_str().chars().count() <= LONGEST;
    let asked: Vec<&QuestionText> = parts.iter().filter(is_short).collect();
    let Some(first) = asked.first() else { return Ok(vec![None; parts.len()]) };
    let max_tokens = (MAX_TOKENS * asked.len()).min(MAX_TOKENS_OF_PARTS);
    let task = task(&asked, first.is_chinese());
    let written = transcript::written(generator, task, max_tokens, vec!["\n".to_owned()]).await?;
    let mut translations = shared_out(&written, &asked).into_iter();
    let of_part = |part: &QuestionText| if is_short(&part) { translations.next().flatten() } else { None };
    Ok(parts.iter().map(of_part).collect())
}

fn task(parts: &[&QuestionText], is_chinese: bool) -> String {
    let line = match parts {
        [question] => question.as_str().replace('\n', " "),
        parts => parts.iter().map(|part| asking(part)).collect::<Vec<_>>().join(" "),
    };
    match (is_chinese, parts.len()) {
        (true, 1) => format!("Translate this question into English. Write only the translation.\n\n{line}"),
        (true, _) => {
            format!(
                "Translate these questions into English. Write only the translations, in one line.\n\n{line}"
            )
        }
        (false, 1) => format!("把下面的问题翻译成中文。只输出译文。\n\n{line}"),
        (false, _) => format!("把下面的几个问题翻译成中文。只输出译文，写在一行里。\n\n{line}"),
    }
}

/// A part as one line that ends as a question does: the mark tells it from the next.
fn asking(part: &QuestionText) -> String {
    let line = part.as_str().replace('\n', " ");
    match (line.ends_with(MARKS), part.is_chinese()) {
        (true, _) => line,
        (false, true) => format!("{line}？"),
        (false, false) => format!("{line}?"),
    }
}

/// Gives each part as many of the written questions as it has. Where they are more or fewer than were asked, which is
/// whose cannot be told.
fn shared_out(written: &str, parts: &[&QuestionText]) -> Vec<Option<QuestionText>> {
    if let [question] = parts {
        return vec![trusted(written, question)];
    }
    let line = written.trim().lines().next().unwrap_or_default().trim();
    let mut questions = line.split_inclusive(MARKS).filter(|it| it.contains(char::is_alphanumeric));
    let counts: Vec<usize> = parts.iter().map(|part| asking(part).matches(MARKS).count()).collect();
    if questions.clone().count() != counts.iter().sum::<usize>() {
        return vec![None; parts.len()];
    }
    let of_part = |(part, count): (&&QuestionText, usize)| {
        let own: Vec<&str> = questions.by_ref().take(count).map(str::trim).collect();
        trusted(&own.join(" "), part)
    };
    parts.iter().zip(counts).map(of_part).collect()
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
    use crate::answerer::tests::Scripted;

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

    fn questions(texts: &[&str]) -> Vec<QuestionText> {
        texts.iter().map(|text| QuestionText::parse(text).unwrap()).collect()
    }

    #[test]
    fn each_part_is_given_its_own_translation() {
        let shared = |parts: &[&str], written: &str| {
            let parts = questions(parts);
            let given = shared_out(written, &parts.iter().collect::<Vec<_>>());
            given.into_iter().map(|it| it.map(|q| q.as_str().to_owned())).collect::<Vec<_>>()
        };
        let parts = ["How long is annual leave", "who approves business travel in 2024?"];
        let some = |texts: [&str; 2]| texts.map(|text| Some(text.to_owned())).to_vec();
        let both = "年假有多长？谁批准2024年的出差？";
        assert_eq!(shared(&parts, &format!("{both}\n再见")), some(["年假有多长？", "谁批准2024年的出差？"]));
        assert_eq!(shared(&parts, "年假有多长？谁批准2025年的出差？")[1], None, "another year");
        assert_eq!(shared(&parts, "年假有多长，谁批准2024年的出差？"), [None, None], "which is whose");
        assert_eq!(shared(&parts, ""), [None, None]);
        let leaning = ["年假有几天？", "年假有几天？\n那经理呢？"];
        let english = "How many days is annual leave? How many days is annual leave? And for managers?";
        let own = ["How many days is annual leave?", "How many days is annual leave? And for managers?"];
        assert_eq!(shared(&leaning, english), some(own), "a part that leans on another has two");
    }

    #[test]
    fn the_parts_are_one_task() {
        let parts = questions(&["How long is leave", "who approves travel?"]);
        let parts: Vec<&QuestionText> = parts.iter().collect();
        assert!(task(&parts, false).ends_with("\n\nHow long is leave? who approves travel?"));
        assert!(task(&parts[..1], false).ends_with("\n\nHow long is leave"), "one is asked as it is");
    }

    #[tokio::test]
    async fn the_model_is_asked_once_and_not_for_what_is_too_long() {
        let long = format!("Which {} rules apply to leave?", "very ".repeat(60));
        let parts = questions(&["How long is leave", &long, "who approves travel?"]);
        let writer = Scripted::done("年假有多长？谁批准出差？");
        let given = translated(writer.as_ref(), &parts).await.unwrap();
        let given: Vec<Option<&str>> = given.iter().map(|it| it.as_ref().map(QuestionText::as_str)).collect();
        assert_eq!(given, [Some("年假有多长？"), None, Some("谁批准出差？")]);
        assert_eq!(translated(writer.as_ref(), &parts[1..2]).await.unwrap(), [None]);
        assert!(translated(writer.as_ref(), &[]).await.unwrap().is_empty());
    }
}
