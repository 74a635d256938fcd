//! Questions that count or add up: worked out over whole tables, or declined.

use std::ops::Range;

use footnote_core::passage::Passage;
use footnote_core::question::QuestionText;
use footnote_core::text::Span;

use self::whole::Whole;
use crate::support::Terms;
use crate::tables::{self, Asked, Computed, Offered, Outcome, Reason, Table, asks_for_number, compute};
use crate::{facts, refusal, sentence};

mod whole;

/// Stretches of rows that are cited one by one; more are cited as one with all between them.
const STRETCHES: usize = 4;
/// Scalar values of a table that may be missing among passages without a row missing: blanks and the rule.
const SHORTEST_ROW: usize = 8;

/// Share of what a question is about that a table, or a sentence with a number, has to hold to be about it. Pairs of
/// Chinese characters overlap words.
const ABOUT_FROM: f32 = 0.35;
const ABOUT_FROM_CHINESE: f32 = 0.3;
const TOLD_FROM: f32 = 0.6;

/// What came of a question over the tables.
#[derive(Debug, PartialEq)]
pub(crate) enum Counted {
    /// It was worked out.
    Computed {
        /// The result and how it came about.
        sentence: String,
        /// Which of the table passages.
        table: usize,
        /// The bytes of its text that were used: the header, then the rows.
        places: Vec<Range<usize>>,
    },
    /// It would have to be worked out, and cannot be with certainty: why, and over which passage.
    Declined {
        /// The reason.
        reason: Reason,
        /// Which of the table passages.
        table: usize,
    },
}

/// Whether the question counts, adds up or compares, so that its answer may have to be worked out.
pub fn is_counting(question: &str) -> bool {
    asks_for_number(question) || Asked::of(question).is_some()
}

/// A table of one of the passages.
struct Found<'p> {
    at: usize,
    passage: &'p Passage,
    whole: Whole,
}

/// Works the answer out over `tables`, passages that are whole tables. Where none is worked out, it is declined if the
/// model would have only some rows of a table that it is about among the passages `read`. `None` where no table is
/// about it, or where one states the answer, or a sentence does: then it is a question like any other.
pub(crate) fn count(question: &QuestionText, tables: &[Passage], read: &[Passage]) -> Option<Counted> {
    let mut found = Vec::new();
    for (at, passage) in tables.iter().enumerate() {
        found.extend(whole::tables(passage).into_iter().map(|whole| Found { at, passage, whole }));
    }
    let abouts: Vec<String> = tables.iter().map(about).collect();
    let open = match Asked::of(question.as_str()) {
        None => Reason::OtherCalculation,
        Some(asked) => match compute(&asked, &offered(&found, &abouts)) {
            Outcome::Computed(computed) => {
                let Found { at, passage, whole } = found.get(computed.table)?;
                let places = places(&whole.table, &passage.text, &computed);
                return Some(Counted::Computed { sentence: computed.sentence, table: *at, places });
            }
            Outcome::Declined { table, reason } if !reason.leaves_open_what_is_asked() => {
                return Some(Counted::Declined { reason, table: found.get(table)?.at });
            }
            Outcome::AlreadyStated { .. } => return None,
            Outcome::Declined { reason, .. } => reason,
            Outcome::NotApplicable if names_a_row(question, &found) => return None,
            Outcome::NotApplicable => Reason::NotExplained,
        },
    };
    let table = half_read(question, &found, read)?;
    Some(Counted::Declined { reason: open, table })
}

/// What stands above a table.
fn about(passage: &Passage) -> String {
    let above = passage.heading_path.iter().map(String::as_str);
    std::iter::once(passage.title.as_str()).chain(above).collect::<Vec<_>>().join("\n")
}

fn offered<'f>(found: &'f [Found<'_>], abouts: &'f [String]) -> Vec<Offered<'f>> {
    let offer = |found: &'f Found<'_>| Offered {
        table: &found.whole.table,
        is_complete: found.whole.is_complete,
        about: abouts.get(found.at).map_or("", String::as_str),
    };
    found.iter().map(offer).collect()
}

/// Whether the question asks about one row of some table, which need not be worked out.
fn names_a_row(question: &QuestionText, found: &[Found<'_>]) -> bool {
    found.iter().any(|found| tables::names_a_row(&found.whole.table, question.as_str()))
}

/// The table passage of which only a part is `read`, where the question asks for a number that it is about, and no
/// sentence read tells one.
fn half_read(question: &QuestionText, found: &[Found<'_>], read: &[Passage]) -> Option<usize> {
    let subject = Terms::of(&tables::subject(question.as_str()));
    if subject.is_empty() || !asks_for_number(question.as_str()) {
        return None;
    }
    // A receipt has the table among the passages.
    let is_table = |passage: &&Passage| found.iter().any(|found| found.passage.number == passage.number);
    let read: Vec<&Passage> = read.iter().filter(|passage| !is_table(passage)).collect();
    let from = if question.is_chinese() { ABOUT_FROM_CHINESE } else { ABOUT_FROM };
    let table = found.iter().find(|found| found.is_half_read(&read) && found.holds(&subject) >= from)?;
    let is_told = read.iter().any(|passage| tells_a_number(passage, &subject));
    (!is_told).then_some(table.at)
}

impl Found<'_> {
    /// Whether some of its rows are among the passages, and others are not.
    fn is_half_read(&self, read: &[&Passage]) -> bool {
        let Range { start, end } = self.whole.table.bytes;
        let chars = |range: Range<usize>| self.passage.text.get(range).map_or(0, |text| text.chars().count());
        let first = self.passage.span.start + chars(0..start);
        let table = Span::new(first, first + chars(start..end));
        let shared = |passage: &&&Passage| {
            let Span { start, end } = passage.span;
            Span::new(start.max(table.start), end.min(table.end)).len()
        };
        let same = read.iter().filter(|passage| passage.version == self.passage.version);
        let read: usize =
            same.filter(|passage| passage.span.overlaps(table)).map(|passage| shared(&passage)).sum();
        read > 0 && read + SHORTEST_ROW <= table.len()
    }

    /// The share of the subject that the table and what stands above it hold.
    fn holds(&self, subject: &Terms) -> f32 {
        let rows = self.passage.text.get(self.whole.table.bytes.clone()).unwrap_or_default();
        let caption = self.whole.table.caption.as_ref().map_or("", |caption| &caption.text);
        let texts = [rows, caption, &about(self.passage)].map(Terms::of);
        subject.held_by(&texts.each_ref())
    }
}

/// Whether a sentence of the passage has a number and is about the subject; rows of tables are none.
fn tells_a_number(passage: &Passage, subject: &Terms) -> bool {
    let above = Terms::of(&about(passage));
    sentence::sentences(&passage.text).into_iter().any(|sentence| {
        let is_row = sentence.starts_with('|') || sentence.contains('\t');
        !is_row
            && subject.held_by_kin(&[&Terms::of(sentence), &above]) >= TOLD_FROM
            && facts::has_number(sentence)
    })
}

/// The header, and the rows in stretches without gaps: those of parts of a table are stretches of their own.
fn places(table: &Table, text: &str, computed: &Computed) -> Vec<Range<usize>> {
    let mut stretches: Vec<(usize, Range<usize>)> = Vec::new();
    for &at in &computed.rows {
        let Some(row) = table.rows.get(at) else { continue };
        match stretches.last_mut() {
            Some((last, bytes)) if *last + 1 == at && is_one_part(text, bytes.end, row.bytes.start) => {
                (*last, bytes.end) = (at, row.bytes.end);
            }
            _ => stretches.push((at, row.bytes.clone())),
        }
    }
    let mut rows: Vec<Range<usize>> = stretches.into_iter().map(|(_, bytes)| bytes).collect();
    if rows.len() > STRETCHES {
        rows = one_for_each_part(text, rows);
    }
    let header = table.header_bytes();
    if let (Some(header), Some(first)) = (&header, rows.first_mut())
        && header.end <= first.start
        && first.start - header.end <= 200
        && is_one_part(text, header.end, first.start)
    {
        // Little stands between: one quote has both.
        first.start = header.start;
        return rows;
    }
    header.into_iter().chain(rows).collect()
}

fn one_for_each_part(text: &str, rows: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for row in rows {
        match parts.last_mut() {
            Some(part) if is_one_part(text, part.end, row.start) => part.end = row.end,
            _ => parts.push(row),
        }
    }
    parts
}

/// Whether nothing but rows stands between two places.
fn is_one_part(text: &str, end: usize, start: usize) -> bool {
    let between = text.get(end..start).unwrap_or_default();
    !between.contains("\n\n") && between.lines().all(|line| line.is_empty() || line.starts_with('|'))
}

/// Says that it is not worked out, and why, and where else there is something near.
pub(crate) fn declined(
    question: &QuestionText,
    reason: Reason,
    table: &Passage,
    passages: &[Passage],
) -> String {
    let title = crate::markers::neutralise(&table.title.replace('\n', " "));
    let others: Vec<Passage> =
        passages.iter().filter(|passage| passage.document != table.document).cloned().collect();
    let is_chinese = question.is_chinese();
    let nearest = refusal::nearest(&others, is_chinese).unwrap_or_default();
    if is_chinese {
        let reason = reason.in_chinese();
        return format!(
            "这个问题需要根据表格计算，但我无法可靠地算出结果：{reason}。相关表格见：{title}。{nearest}"
        );
    }
    let space = if nearest.is_empty() { "" } else { " " };
    format!(
        "This would have to be worked out from a table, and I cannot do so with certainty: {reason}. The table is in: {title}.{space}{nearest}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cite::tests::passage;

    const SALES: &str = "| City | Sales |\n|---|---|\n| Berlin | 10 |\n| Paris | 20 |\n| Rome | 40 |";

    fn counted(question: &str, text: &str) -> Option<Counted> {
        count(&QuestionText::parse(question).unwrap(), &[passage(1, text)], &[])
    }

    /// What comes of a question over the whole of `text`, of which only the first `shown` characters are read.
    fn half_read(question: &str, text: &str, shown: usize, also: &[&str]) -> Option<Counted> {
        let whole = Passage { number: 9, ..passage(9, text) };
        let read: String = text.chars().take(shown).collect();
        let mut read = vec![Passage { version: whole.version, ..passage(1, &read) }];
        read.extend((2..).zip(also).map(|(number, text)| passage(number, text)));
        count(&QuestionText::parse(question).unwrap(), &[whole], &read)
    }

    fn declines(question: &str, text: &str, also: &[&str]) -> Option<Reason> {
        match half_read(question, text, 60, also) {
            Some(Counted::Declined { reason, .. }) => Some(reason),
            Some(Counted::Computed { sentence, .. }) => panic!("{question} {sentence}"),
            None => None,
        }
    }

    const STAFF: &str = "Employees\n\n| Name | City |\n|---|---|\n| Anna | Berlin |\n| Ben | Munich |\n| Carla | Berlin |\n| Dev | Paris |";
    const YUANGONG: &str = "员工名单\n\n| 姓名 | 城市 |\n|---|---|\n| 张伟 | 北京 |\n| 李娜 | 上海 |\n| 王芳 | 北京 |\n| 赵敏 | 广州 |\n| 钱进 | 深圳 |\n| 孙丽 | 天津 |";

    #[test]
    fn a_number_that_only_a_part_of_a_table_is_read_for_is_declined() {
        for (question, text, reason) in [
            ("How many employees are in Berlin and who hired them?", STAFF, Reason::NotExplained),
            ("How many employees in Berlin are married?", STAFF, Reason::NotExplained),
            (
                "What share of the total employees is in Berlin, and is that the median?",
                STAFF,
                Reason::OtherCalculation,
            ),
            ("How many employees are in each city?", STAFF, Reason::OtherCalculation),
            ("各城市分别有多少名员工？", YUANGONG, Reason::OtherCalculation),
            ("北京有多少名员工，由谁招聘？", YUANGONG, Reason::NotExplained),
        ] {
            assert_eq!(declines(question, text, &[]), Some(reason), "{question}");
            assert_eq!(half_read(question, text, 500, &[]), None, "all of it is read: {question}");
        }
        for (question, text) in [
            ("Who is in Berlin?", STAFF),
            ("How many days of annual leave are there?", STAFF),
            ("How many people did Carla hire?", STAFF),
            ("总经理是谁？", YUANGONG),
            ("年假有多少天？", YUANGONG),
        ] {
            assert_eq!(declines(question, text, &[]), None, "{question}");
        }
    }

    #[test]
    fn a_sentence_that_tells_the_number_answers() {
        for (question, text, said) in [
            ("How many employees are in each city?", STAFF, "There are 12 employees in each city."),
            ("How many employees do we each have?", STAFF, "We have 120 employees."),
            ("How many employees are in each city?", STAFF, "Each city employed 12 persons."),
            ("各城市分别有多少名员工？", YUANGONG, "各城市分别有12名员工。"),
        ] {
            assert!(declines(question, text, &[]).is_some(), "{question}");
            assert_eq!(declines(question, text, &[said]), None, "{question}");
        }
        let question = "How many employees are in each city?";
        assert!(declines(question, STAFF, &["There are employees in each city."]).is_some(), "no number");
        assert!(declines(question, STAFF, &["| employees in each city | 12 |"]).is_some(), "a row");
    }

    #[test]
    fn a_receipt_has_the_table_among_the_passages_and_is_declined_again() {
        let table = passage(9, STAFF);
        let read = Passage { version: table.version, ..passage(1, &STAFF[..60]) };
        let question = QuestionText::parse("How many employees are in each city?").unwrap();
        let tables = [table.clone()];
        let first = count(&question, &tables, std::slice::from_ref(&read));
        assert!(first.is_some());
        assert_eq!(count(&question, &tables, &[read, table]), first);
    }

    #[test]
    fn a_decline_is_told_in_the_language_of_the_question_with_what_is_near() {
        let table = passage(9, STAFF);
        let near = [passage(1, "Hiring."), Passage { number: 2, ..table.clone() }];
        let told = |question: &str| {
            declined(&QuestionText::parse(question).unwrap(), Reason::Incomplete, &table, &near)
        };
        let english = told("How many employees are there?");
        assert!(
            english.contains("not certain that all rows") && english.contains("The table is in: Title 9.")
        );
        assert!(english.ends_with("The nearest text is in: Title 1 (page 3)."), "{english}");
        let chinese = told("有多少名员工？");
        assert!(
            chinese.contains("无法确定表格的所有行都已找到")
                && chinese.ends_with("最接近的内容见：Title 1（第3页）。")
        );
        assert!(!chinese.contains("certain"), "{chinese}");
    }

    #[test]
    fn parts_of_a_table_are_added_up_together_and_cited_apart() {
        use footnote_core::parsed::{Page, PageKind};
        let above = "| City | Units |\n| --- | --- |\n| Berlin | 120 |\n| Paris | 85 |";
        let below = "| Rome | 40 |\n| --- | --- |\n| Oslo | 55 |";
        let text = format!("{above}\n\n{below}");
        let whole = |first_row: u32| {
            let mut whole = passage(1, &text);
            let parts =
                [(whole.span.start, above, 1), (whole.span.start + above.len() + 2, below, first_row)];
            let page = |(start, text, row): (usize, &str, u32)| Page {
                number: 1,
                span: Span::new(start, start + text.len()),
                kind: PageKind::Sheet,
                first_row: Some(row),
                ..Page::default()
            };
            whole.pages = parts.into_iter().map(page).collect();
            whole
        };
        let total = |passage: &Passage| {
            let question = QuestionText::parse("What is the total of units in all cities?").unwrap();
            count(&question, std::slice::from_ref(passage), &[])
        };
        let Some(Counted::Computed { sentence, places, .. }) = total(&whole(5)) else {
            panic!("not worked out")
        };
        assert!(sentence.contains("all 4 rows is 300"), "{sentence}");
        let quotes: Vec<&str> = places.into_iter().map(|place| &text[place]).collect();
        assert_eq!(quotes, [above, "| Rome | 40 |\n| --- | --- |\n| Oslo | 55 |"]);
        let far = total(&whole(40));
        assert_eq!(far, Some(Counted::Declined { reason: Reason::Incomplete, table: 0 }));
    }

    #[test]
    fn a_sum_is_worked_out_and_cites_header_and_rows() {
        let Some(Counted::Computed { sentence, table, places }) =
            counted("What are the total sales of all cities?", SALES)
        else {
            panic!("not worked out");
        };
        assert!(sentence.contains("70"), "{sentence}");
        assert_eq!((table, places.len()), (0, 1));
        let quote = &SALES[places[0].clone()];
        assert!(quote.starts_with("| City") && quote.ends_with("40 |"), "{quote}");
    }

    #[test]
    fn what_cannot_be_worked_out_is_declined_and_other_questions_are_left_alone() {
        let broken = SALES.replace("| 20 |", "| see note |");
        let declined = counted("What are the total sales of all cities?", &broken);
        assert!(matches!(declined, Some(Counted::Declined { .. })), "{declined:?}");
        assert_eq!(counted("What are the sales in Paris?", SALES), None);
        assert_eq!(counted("How many days of leave are there?", SALES), None);
        assert!(is_counting("What is the average salary in Berlin?") && !is_counting("Who is the chief?"));
    }
}
