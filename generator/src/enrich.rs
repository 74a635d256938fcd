//! What could be said about a document, and asked of it? Written by a model, and kept only where the text bears it out.
//!
//! Nothing of this is evidence: answers are made of the document's own text. Questions help a search to find a chunk
//! by words that its text does not have (doc2query: Nogueira et al. 2019; that unfiltered questions harm: Gospodinov et
//! al., ECIR 2023); the rest is for people.

use std::collections::BTreeSet;

use footnote_core::Result;
use footnote_core::document::Enrichment;
use footnote_core::ports::Generator;
use footnote_core::question::{is_chinese, is_han};

use crate::facts::{self, EvidenceFacts};
use crate::markers;
use crate::sentence::{is_question, sentences};
use crate::support::Terms;
use crate::transcript;

/// Longest beginning of a document, and of a chunk, that the model reads, in scalar values.
const DOCUMENT_CHARS: usize = 2_400;
const CHUNK_CHARS: usize = 1_600;
/// Most tokens that it writes.
const MAX_TOKENS: usize = 220;
/// Most questions of a chunk, keywords and dates of a document.
const QUESTIONS: usize = 3;
const KEYWORDS: usize = 8;
const DATES: usize = 8;
/// Longest question and title, in scalar values.
const LINE_CHARS: usize = 160;
/// Share of a question's words, and of a sentence's, that the text must have.
const ASKS_OF_IT: f32 = 0.5;
const SAYS_OF_IT: f32 = 0.7;
/// Share of a Chinese question's characters that the text must have, where its words are fewer.
const HAN_ASKED: f32 = 0.6;

/// Title, summary, keywords and dates of the document that begins with `text`.
pub async fn describe(generator: &dyn Generator, title: &str, text: &str) -> Result<Enrichment> {
    let beginning: String = text.chars().take(DOCUMENT_CHARS).collect();
    let written =
        transcript::written(generator, description_task(title, &beginning), MAX_TOKENS, Vec::new()).await?;
    let mut enrichment = read_description(&written, title, &beginning);
    enrichment.model = generator.model().to_owned();
    Ok(enrichment)
}

/// Questions that `text`, which stands under `headings`, answers.
pub async fn questions(generator: &dyn Generator, headings: &str, text: &str) -> Result<Vec<String>> {
    let text: String = text.chars().take(CHUNK_CHARS).collect();
    let written =
        transcript::written(generator, question_task(headings, &text), MAX_TOKENS, Vec::new()).await?;
    Ok(read_questions(&written, headings, &text))
}

fn description_task(title: &str, text: &str) -> String {
    let text = markers::neutralise(text);
    if is_chinese(&text) {
        return format!(
            "文档：{title}\n{text}\n\n请根据以上文档写四行：\n标题：文档的标题\n摘要：用两句话概括内容\n关键词：最多八个，用逗号分隔\n日期：文中的日期，用逗号分隔"
        );
    }
    format!(
        "Document: {title}\n{text}\n\nWrite four lines about the document above:\nTitle: its title\nSummary: what it says, in two sentences\nKeywords: up to eight, separated by commas\nDates: the dates in it, separated by commas"
    )
}

fn question_task(headings: &str, text: &str) -> String {
    let text = markers::neutralise(text);
    if is_chinese(&text) {
        return format!("{headings}\n{text}\n\n请写出以上内容能够回答的三个简短问题，每行一个。");
    }
    format!("{headings}\n{text}\n\nWrite three short questions that the text above answers, one per line.")
}

fn read_description(written: &str, title: &str, text: &str) -> Enrichment {
    let line = |names: [&str; 2]| {
        let lines = written.lines().map(|line| line.trim().trim_start_matches(['*', '-', '#', ' ']));
        let mut values = lines.filter_map(|line| {
            let (name, value) = line.split_once([':', '：'])?;
            let name = name.trim_matches(['*', ' ']);
            names.iter().any(|known| name.eq_ignore_ascii_case(known)).then(|| value.trim_matches(['*', ' ']))
        });
        values.next().unwrap_or_default()
    };
    let source = Terms::of(&format!("{title}\n{text}"));
    let evidence = EvidenceFacts::of(&[title, text]);
    let is_borne_out = |said: &&str| {
        let terms = Terms::of(said);
        !terms.is_empty()
            && terms.held_by(&[&source]) >= SAYS_OF_IT
            && facts::check(said, &evidence, "").missing.is_empty()
    };
    let lower = text.to_lowercase();
    let listed = |names, most| {
        let items = line(names)
            .split([',', '，', '、', ';', '；'])
            .map(|item| item.trim().trim_end_matches(['.', '。']));
        let mut kept: Vec<String> = Vec::new();
        for item in items.filter(|item| !item.is_empty() && lower.contains(&item.to_lowercase())).take(most) {
            if !kept.iter().any(|known| known.eq_ignore_ascii_case(item)) {
                kept.push(item.to_owned());
            }
        }
        kept
    };
    let named = line(["Title", "标题"]);
    Enrichment {
        title: Some(named)
            .filter(|named| named.chars().count() <= LINE_CHARS)
            .filter(is_borne_out)
            .map(str::to_owned),
        summary: sentences(line(["Summary", "摘要"]))
            .into_iter()
            .filter(is_borne_out)
            .collect::<Vec<_>>()
            .join(" "),
        keywords: listed(["Keywords", "关键词"], KEYWORDS),
        dates: listed(["Dates", "日期"], DATES)
            .into_iter()
            .filter(|date| date.chars().any(|c| c.is_ascii_digit() || "一二三四五六七八九〇零".contains(c)))
            .collect(),
        model: String::new(),
    }
}

fn read_questions(written: &str, headings: &str, text: &str) -> Vec<String> {
    let source = Terms::of(&format!("{headings}\n{text}"));
    let mut kept: Vec<String> = Vec::new();
    for line in written.lines() {
        let marks = |c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | '-' | '*' | ' ' | '、' | '）');
        let question = line.trim().trim_start_matches(marks).trim();
        let terms = Terms::of(question);
        let is_kept = is_question(question)
            && question.chars().count() <= LINE_CHARS
            && (terms.held_by(&[&source]) >= ASKS_OF_IT || han_held_by(question, text) >= HAN_ASKED)
            && !kept.iter().any(|known| known == question);
        if is_kept && kept.len() < QUESTIONS {
            kept.push(question.to_owned());
        }
    }
    kept
}

/// The share of the question's Chinese characters that the text has. Pairs of characters, which [`Terms`] are made of,
/// are mostly those of the asking; 0 where it has none.
fn han_held_by(question: &str, text: &str) -> f32 {
    let asked: BTreeSet<char> = question.chars().filter(|&c| is_han(c)).collect();
    let held = asked.iter().filter(|&&c| text.contains(c)).count();
    held as f32 / asked.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "Annual leave is fifteen days a year from 1 January 2024. Unused days expire on 31 March.";

    #[test]
    fn only_what_the_text_bears_out_is_kept() {
        let written = "**Title:** Annual leave\nSummary: Annual leave is fifteen days a year. It was approved by the \
                       board in 2019.\nKeywords: annual leave, salary, unused days, Annual leave\nDates: 1 January 2024, 5 May 2001";
        let told = read_description(written, "leave.md", TEXT);
        assert_eq!(told.title.as_deref(), Some("Annual leave"));
        assert_eq!(told.summary, "Annual leave is fifteen days a year.");
        assert_eq!(told.keywords, ["annual leave", "unused days"]);
        assert_eq!(told.dates, ["1 January 2024"]);
        assert_eq!(read_description("nothing of use", "leave.md", TEXT), Enrichment::default());
    }

    #[test]
    fn questions_are_about_the_text() {
        let written = "1. How many days of annual leave are there?\n2. Who is the president of France?\n- When do unused \
                       days expire?\nThey expire.\n- When do unused days expire?";
        assert_eq!(
            read_questions(written, "Leave", TEXT),
            ["How many days of annual leave are there?", "When do unused days expire?"]
        );
        assert_eq!(
            read_questions("1、年假有多少天？\n2、法国总统是谁？", "制度", "员工每年享有十五天年假。"),
            ["年假有多少天？"]
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_model_writes_is_read(written in "(Title|Summary|标题|[:：,?？\n ab1.])*") {
            read_description(&written, "ab", "ab 1");
            read_questions(&written, "ab", "ab 1");
        }
    }
}
