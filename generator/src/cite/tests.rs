//! What is cited, what is repaired, and what always holds.

use footnote_core::hash::ContentHash;
use footnote_core::ids::{DocumentId, VersionId};
use footnote_core::parsed::{Line, Page};
use proptest::prelude::*;

use super::*;

/// Text before a passage in its document, so that offsets are not trivially right.
const BEFORE: &str = "前文🙂\n";

pub(crate) fn passage(number: u32, text: &str) -> Passage {
    let start = BEFORE.chars().count();
    let length = text.chars().count();
    let middle = start + length / 2;
    Passage {
        number,
        version: VersionId::new(),
        version_hash: ContentHash::of(format!("{BEFORE}{text}").as_bytes()),
        document: DocumentId::new(),
        title: format!("Title {number}"),
        document_key: format!("{number}.md"),
        dated: None,
        span: Span::new(start, start + length),
        heading_path: vec!["Heading".into()],
        sections: Vec::new(),
        text: text.to_owned(),
        pages: vec![
            Page { number: 3, span: Span::new(0, middle), ..Page::default() },
            Page { number: 4, span: Span::new(middle, start + length), ..Page::default() },
        ],
        score: 1.0,
        ocr_lines: Vec::new(),
        chunks: Vec::new(),
        table_header: None,
    }
}

fn citer(passages: &[Passage]) -> Citer {
    Citer::new(Sources::new(passages))
}

/// Text and citations as they would be written, without a verdict.
fn written(sentences: &[CitedSentence], passages: &[Passage]) -> (String, Vec<Citation>) {
    let sources = Sources::new(passages);
    let (mut text, mut citations) = (String::new(), Vec::new());
    for sentence in sentences {
        let before = text.chars().count();
        let blanks = sentence.text.chars().take_while(|c| c.is_whitespace()).count();
        text.push_str(&sentence.text);
        let span = Span::new(before + blanks, text.chars().count());
        for support in &sentence.supports {
            let citation = sources.citation(&support.place(), support.score);
            citations.extend(citation.map(|c| Citation { answer_span: span, ..c }));
        }
    }
    (text, citations)
}

fn cite(answer: &str, passages: &[Passage]) -> (String, Vec<Citation>) {
    let mut citer = citer(passages);
    let mut sentences = citer.push(answer);
    sentences.extend(citer.finish());
    written(&sentences, passages)
}

fn leave() -> Vec<Passage> {
    vec![
        passage(1, "Offices open at nine. The cafeteria serves lunch from noon."),
        passage(
            2,
            "Leave is granted yearly. Employees receive 15 days of annual leave.\nSick leave is 10 days.",
        ),
        passage(3, "公司成立于2009年。员工每年享有15天带薪年假。病假为10天。"),
    ]
}

#[test]
fn a_right_marker_stays_and_quotes_the_right_sentence() {
    let (text, citations) = cite("Employees receive 15 days of annual leave [2].", &leave());
    assert_eq!(text, "Employees receive 15 days of annual leave [2].");
    assert_eq!(citations.len(), 1);
    assert_eq!(citations[0].quote, "Employees receive 15 days of annual leave.");
    assert_eq!(citations[0].score, 1.0);
    assert_eq!(citations[0].page, Some(3));
    let (_, later) = cite("Sick leave is 10 days. [2]", &leave());
    assert_eq!(later[0].quote, "Sick leave is 10 days.");
    assert_eq!(later[0].page, Some(4));
}

#[test]
fn missing_markers_are_attached() {
    let (text, citations) = cite("Employees receive 15 days of annual leave. That is all.", &leave());
    assert_eq!(text, "Employees receive 15 days of annual leave [2]. That is all.");
    assert_eq!(citations.len(), 1);
    let (text, citations) = cite("Do employees receive 15 days of annual leave?", &leave());
    assert!(citations.is_empty() && !text.contains('['), "a question claims nothing: {text}");
    let (text, citations) = cite("员工每年有15天年假。", &leave());
    assert_eq!(text, "员工每年有15天年假[3]。");
    assert_eq!(citations[0].quote, "员工每年享有15天带薪年假。");
}

#[test]
fn wrong_markers_are_repaired_and_unknown_ones_removed() {
    let (text, citations) = cite("Employees receive 15 days of annual leave [1].", &leave());
    assert_eq!(text, "Employees receive 15 days of annual leave [2].");
    assert_eq!(citations[0].number, 2);
    let (text, citations) = cite("Employees receive 15 days of annual leave [7][99].", &leave());
    assert_eq!(text, "Employees receive 15 days of annual leave [2].");
    assert_eq!(citations.len(), 1);
    let (text, citations) = cite("The moon is made of cheese [1].", &leave());
    assert_eq!((text.as_str(), citations.len()), ("The moon is made of cheese.", 0));
}

#[test]
fn a_marker_goes_to_the_passage_that_clearly_says_it() {
    let passages = [
        passage(1, "Sick leave is 10 days. Employees like leave."),
        passage(2, "Employees receive 15 days of annual leave."),
    ];
    let (text, citations) = cite("Employees receive 15 days of annual leave [1].", &passages);
    assert_eq!(text, "Employees receive 15 days of annual leave [2].");
    assert_eq!(citations[0].quote, passages[1].text);
    // Of two that both say it, the model's choice stands.
    let (text, _) = cite("Sick leave is 10 days [1].", &[passages[0].clone(), leave()[1].clone()]);
    assert_eq!(text, "Sick leave is 10 days [1].");
}

#[test]
fn a_figure_is_cited_from_where_it_stands() {
    let review = passage(1, "I have reviewed this annual report on Form 10-K of Wheeler Trust, Inc.;");
    let table =
        passage(2, "| | 2022 | 2021 |\n| - | - | - |\n| Operating activities | $ 30,758 | $ 17,041 |");
    let claim =
        "According to the annual report, the cash flow from operations of Wheeler Trust, Inc. is $30,758";
    for answer in [format!("{claim} [1]."), format!("{claim}.")] {
        let (text, citations) = cite(&answer, &[review.clone(), table.clone()]);
        assert_eq!(text, format!("{claim} [2]."));
        assert_eq!(citations.len(), 1);
        assert_eq!(citations[0].quote, "| Operating activities | $ 30,758 | $ 17,041 |");
    }
}

#[test]
fn a_stray_common_word_does_not_keep_a_marker() {
    let (text, citations) =
        cite("The moon circles the earth in space in about a month or lunch [1].", &leave());
    assert_eq!(text, "The moon circles the earth in space in about a month or lunch [1].");
    assert_eq!(citations.len(), 1, "a sixth of it is there");
    let (text, _) = cite(
        "The moon circles the earth in space every month while stars and planets wander over the sky, lunch [1].",
        &leave(),
    );
    assert!(!text.contains("sky, lunch [1]"), "{text}");
}

#[test]
fn an_answer_of_one_word_is_cited() {
    let passages = [passage(1, "The office is in Paris. Room 42 is free."), passage(2, "联系人是张伟。")];
    for (answer, expected) in
        [("Paris.", "Paris [1]."), ("42.", "42 [1]."), ("张伟。", "张伟[2]。"), ("张伟", "张伟[2]")]
    {
        let (text, citations) = cite(answer, &passages);
        assert_eq!((text.as_str(), citations.len()), (expected, 1));
    }
}

#[test]
fn a_marker_on_a_line_of_its_own_is_kept() {
    let (text, citations) = cite("员工每年享有15天年假。\n[3]", &leave());
    assert_eq!(text, "员工每年享有15天年假。\n[3]");
    assert_eq!(citations[0].number, 3);
}

#[test]
fn the_marker_of_a_row_stands_in_its_last_cell() {
    let (text, citations) =
        cite("| leave | days |\n|---|---|\n| annual leave of employees | 15 |\n", &leave());
    assert!(text.contains("| annual leave of employees | 15 [2] |\n"), "{text}");
    assert!(!citations.is_empty());
}

proptest! {
    #[test]
    fn no_form_of_a_marker_lets_another_number_through(
        lead in "(Document |p\\. |pp\\. |Passage |参考|资料|第|See |Ref\\. )?",
        number in "[4-9]|[４-９]|[1-9][0-9]{1,3}",
        tail in "( and 1|/1|-1|、1|段|†source|†L3-L5)?",
        brackets in "\\[\\]|【】|［］",
        place in 0_usize..3,
    ) {
        let (open, close) = brackets.split_at(brackets.len() / 2);
        let marker = format!("{open}{lead}{number}{tail}{close}");
        let answer = match place {
            0 => format!("Sick leave is 10 days {marker}."),
            1 => format!("{marker} Sick leave is 10 days."),
            _ => format!("Sick leave is 10 days{marker}.\n{marker}"),
        };
        let (text, _) = cite(&answer, &leave());
        let inside = text.split(['[', '【', '［']).skip(1).filter_map(|t| t.split([']', '】', '］']).next());
        for number in inside {
            prop_assert!(["1", "2", "3"].contains(&number), "{} became {}", answer, text);
        }
    }
}

#[test]
fn several_markers_and_other_brackets_are_understood() {
    let (text, citations) = cite("年假15天，病假10天【2，3】。", &leave());
    assert_eq!(text, "年假15天，病假10天[2][3]。");
    assert_eq!(citations.iter().map(|c| c.number).collect::<Vec<_>>(), [2, 3]);
    let (text, _) = cite("Sick leave is 10 days [2, 2]. [2]", &leave());
    assert_eq!(text, "Sick leave is 10 days [2].");
}

#[test]
fn across_languages_the_models_word_stands() {
    let (text, citations) = cite("The firm was founded long ago [3].", &leave());
    assert_eq!(text, "The firm was founded long ago [3].");
    assert_eq!(citations[0].quote, leave()[2].text);
    assert_eq!(citations[0].score, 0.0);
}

#[test]
fn two_sentences_are_quoted_where_both_are_needed() {
    let (_, citations) = cite("Annual leave is 15 days and sick leave is 10 days [2].", &leave());
    assert_eq!(citations[0].quote, "Employees receive 15 days of annual leave.\nSick leave is 10 days.");
}

#[test]
fn markers_before_their_sentences_are_put_behind() {
    let (text, citations) = cite("[2] Sick leave is 10 days. [2] Annual leave is 15 days.", &leave());
    assert_eq!(text, "Sick leave is 10 days [2]. Annual leave is 15 days [2].");
    assert_eq!(citations.len(), 2);
    let (text, _) = cite("[2]\nSick leave is 10 days.", &leave());
    assert_eq!(text, "Sick leave is 10 days [2].");
    let (text, _) = cite("Sick leave is 10 days. [2] Annual leave is 15 days [2].", &leave());
    assert_eq!(text, "Sick leave is 10 days. [2] Annual leave is 15 days [2].");
}

#[test]
fn sentences_stream_as_they_end() {
    let passages = leave();
    let mut citer = citer(&passages);
    assert!(citer.push("Sick leave is 10 days").is_empty());
    assert!(citer.push(". [").is_empty());
    let given = citer.push("2] And");
    assert_eq!(given.len(), 1);
    assert_eq!((given[0].text.as_str(), given[0].supports.len()), ("Sick leave is 10 days. [2]", 1));
    assert_eq!(citer.finish()[0].text, " And");
}

proptest! {
    #[test]
    fn whatever_the_model_writes_every_citation_is_exact(
        answer in "([ab年假天0-2 .。\n]|\\[[0-9]\\]|【1】|\\[p. 1\\]|【９†x】|`|…|\\[|\\]|leave |15 ){0,60}",
        texts in prop::collection::vec("([ab年假天0-2 .。\n🙂]|leave |15 |\\[1\\]){0,60}", 0..4),
        cuts in prop::collection::vec(1_usize..9, 0..20),
    ) {
        let passages: Vec<Passage> = texts.iter().zip(1..).map(|(text, n)| passage(n, text)).collect();
        let mut citer = citer(&passages);
        let chars: Vec<char> = answer.chars().collect();
        let mut sentences = Vec::new();
        let mut at = 0;
        for cut in cuts.into_iter().chain([chars.len()]) {
            let end = (at + cut).min(chars.len());
            sentences.extend(citer.push(&chars[at..end].iter().collect::<String>()));
            at = end;
        }
        sentences.extend(citer.finish());
        let (text, citations) = written(&sentences, &passages);
        let whole = cite(&answer, &passages);
        prop_assert_eq!(&whole.0, &text, "streaming changes nothing");
        for number in markers::find(&text).into_iter().flat_map(|m| m.numbers) {
            prop_assert!((1..=passages.len() as u32).contains(&number), "{} in {}", number, text);
        }
        let answer_chars: Vec<char> = text.chars().collect();
        for citation in &citations {
            let source = &passages[citation.number as usize - 1];
            let canonical = footnote_core::text::CanonicalText::new(format!("{BEFORE}{}", source.text));
            prop_assert!(citation.holds_in(&canonical));
            prop_assert!(source.span.contains(citation.source_span) && !citation.source_span.is_empty());
            prop_assert!((0.0..=1.0).contains(&citation.score));
            prop_assert!(citation.answer_span.end <= answer_chars.len() && !citation.answer_span.is_empty());
            let cited: String = answer_chars[citation.answer_span.start..citation.answer_span.end].iter().collect();
            let marker = format!("[{}]", citation.number);
            prop_assert!(cited.contains(&marker), "{} lacks {}", cited, marker);
            prop_assert!(!cited.starts_with(char::is_whitespace));
        }
    }
}

#[test]
fn words_that_lead_to_a_marker_are_no_part_of_the_sentence() {
    assert_eq!(without_lead("白岳峰司职中场，所依据资料为[2]。"), "白岳峰司职中场[2]。");
    assert_eq!(without_lead("他司职中场（资料编号为：[1][2]。"), "他司职中场[1][2]。");
    assert_eq!(without_lead("自1999年引入，所依据资料的编号为[1]。"), "自1999年引入[1]。");
    assert_eq!(without_lead("本报告的参考资料为年报。"), "本报告的参考资料为年报。");
    assert_eq!(without_lead("Leave is 15 days [1]."), "Leave is 15 days [1].");
    assert_eq!(without_lead("It is in the north, as stated in passage [1]."), "It is in the north [1].");
    assert_eq!(without_lead("It is in the north (according to passage)."), "It is in the north.");
    assert_eq!(
        without_lead("The song is from passage 2 of the book."),
        "The song is from passage 2 of the book."
    );
}

#[test]
fn a_quote_that_ocr_is_unsure_of_is_flagged() {
    let text = "Leave is ten days.";
    let flags = |confidences: &[f32]| {
        let mut passage = passage(1, text);
        let line = |&confidence: &f32| Line {
            span: passage.span,
            page: 3,
            bounds: [0.1, 0.1, 0.9, 0.2],
            confidence: Some(confidence),
            links: Vec::new(),
        };
        passage.ocr_lines = confidences.iter().map(line).collect();
        let citation = citation(&passage, 0..text.len(), Span::new(0, 5), 1.0).unwrap();
        (citation.ocr_confidence, citation.low_confidence)
    };
    assert_eq!(flags(&[]), (None, false));
    assert_eq!(flags(&[0.95, 0.8]), (Some(0.8), false));
    assert_eq!(flags(&[0.95, 0.79]), (Some(0.79), true));
}

#[test]
fn blank_rows_within_a_table_count_where_its_rows_are_told() {
    let (above, below) = ("| City | Units |\n| --- | --- |\n| Rome | 4 |\n", "| Oslo | 5 |\n| Lyon | 9 |");
    let text = format!("{above}{below}\n\n| Item |\n| --- |\n| Pen |");
    let mut whole = passage(1, &text);
    let start = whole.span.start;
    let middle = start + above.len();
    let page = |number, start, end, row| Page {
        number,
        span: Span::new(start, end),
        kind: footnote_core::parsed::PageKind::Sheet,
        first_row: Some(row),
        ..Page::default()
    };
    whole.pages = vec![
        page(1, start, middle, 3),
        page(1, middle, middle + below.len(), 8),
        page(2, middle + below.len() + 2, whole.span.end, 1),
    ];
    let rows = |quote: &str| {
        let at = text.find(quote).unwrap();
        let cited = citation(&whole, at..at + quote.len(), Span::new(0, 0), 1.0).unwrap();
        cited.rows.map(|rows| (rows.first, rows.last))
    };
    assert_eq!(rows("| Rome | 4 |"), Some((4, 4)));
    assert_eq!(rows("| Lyon | 9 |"), Some((9, 9)));
    assert_eq!(rows(&format!("{above}{below}")), Some((3, 9)));
    assert_eq!(rows("| Lyon | 9 |\n\n| Item |"), Some((9, 9)), "another sheet's rows are its own");
}
