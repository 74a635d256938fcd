//! What is said where the documents do not answer.

use std::collections::HashSet;

use footnote_core::passage::Passage;
use footnote_core::question::QuestionText;

use crate::markers::neutralise;

/// Nearest documents that a refusal names.
const NEAREST: usize = 3;
/// Longest part of the question that is repeated, in scalar values.
const QUESTION_CHARS: usize = 120;

/// Says that the documents do not answer, what was looked for, and where the nearest text is.
pub(crate) fn text(question: &QuestionText, passages: &[Passage]) -> String {
    let chinese = question.is_chinese();
    let asked = shortened(question.as_str());
    let said = if chinese {
        format!("根据知识库中的文档，我无法回答这个问题：没有找到关于“{asked}”的依据。")
    } else {
        format!(
            "I do not know: looking for “{asked}”, I found nothing in this knowledge base that answers it."
        )
    };
    match (nearest(passages, chinese), chinese) {
        (None, _) => said,
        (Some(nearest), true) => format!("{said}{nearest}"),
        (Some(nearest), false) => format!("{said} {nearest}"),
    }
}

/// Says where the nearest text is; `None` where there is none.
pub(crate) fn nearest(passages: &[Passage], chinese: bool) -> Option<String> {
    let mut seen = HashSet::new();
    let documents = passages.iter().filter(|p| seen.insert(p.document)).take(NEAREST);
    let places: Vec<String> = documents.map(|p| place(p, chinese)).collect();
    match (places.is_empty(), chinese) {
        (true, _) => None,
        (false, true) => Some(format!("最接近的内容见：{}。", places.join("；"))),
        (false, false) => Some(format!("The nearest text is in: {}.", places.join("; "))),
    }
}

fn shortened(question: &str) -> String {
    let line = neutralise(&question.split_whitespace().collect::<Vec<_>>().join(" "));
    match line.char_indices().nth(QUESTION_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn place(passage: &Passage, chinese: bool) -> String {
    let title = neutralise(&passage.title.replace('\n', " "));
    match passage.pages.first() {
        Some(page) if chinese => format!("{title}（第{}页）", page.number),
        Some(page) => format!("{title} (page {})", page.number),
        None => title,
    }
}
