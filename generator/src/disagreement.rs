//! Sources that say different things of the same matter: an old policy and its successor.
//!
//! What an answer rests on is compared with every sentence of the other documents that were found. Two
//! sentences disagree where each has most of the other's words and, with its document's title and headings, as
//! much of the question's, and each lacks exactly one fact of the other, of the same kind: another number, percentage
//! or date, or one denies what the other affirms. The document's own date in the sentence (`From 2024`) does not count.
//! Where a name differs they are about different things, but where the question asks who holds a post that one person
//! holds. Rows of tables differ by nature. In doubt nothing is said: a false alarm costs more trust than it gives.

use std::cmp::Ordering;

use footnote_core::dated::DocumentDate;
use footnote_core::passage::Passage;
use footnote_core::question::QuestionText;
use footnote_core::verdict::{Fact, FactKind};

use crate::extract;
use crate::facts::{self, EvidenceFacts};
use crate::markers;
use crate::support::Terms;
use crate::verify::{Place, Sources};

/// Share of each sentence's words that the other must have.
const SAME_MATTER: f32 = 0.7;
/// Share of the question's words by which both may differ: less than a word of a short question, and as much as
/// one "not" takes of its Chinese bigrams.
const SAME_QUESTION: f32 = 0.15;
/// Least words of a sentence, as weights, that tell what it is about.
const FEWEST_TERMS: usize = 3;
/// The same share where two name another holder of a post, whose names are left aside.
const SAME_POST: f32 = 0.9;
/// Posts that one person holds at a time.
const POSTS: [&str; 22] = [
    "ceo",
    "cfo",
    "cto",
    "coo",
    "chief executive",
    "chief financial officer",
    "chief technology officer",
    "managing director",
    "president",
    "chairman",
    "chairwoman",
    "chairperson",
    "head of",
    "首席执行官",
    "首席财务官",
    "首席技术官",
    "总经理",
    "董事长",
    "总裁",
    "主席",
    "负责人",
    "法定代表人",
];
/// What makes one of these a post that several may hold, or held.
const NOT_ALONE: [&str; 12] =
    ["vice", "vice-", "deputy", "assistant", "former", "past", "honorary", "副", "前", "原", "助理", "名誉"];
/// Words of a question that ask for a person.
const WHO_CHINESE: [&str; 5] = ["谁", "哪位", "哪一位", "何人", "什么人"];
/// Most that are told of in an answer.
const MOST: usize = 2;

/// Two places that disagree; the first is one that the answer rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Disagreement {
    pub(crate) ours: Place,
    pub(crate) theirs: Place,
}

/// What disagrees with the places that an answer rests on.
pub(crate) fn find(question: &QuestionText, sources: &Sources, used: &[Place]) -> Vec<Disagreement> {
    let asks_who = asks_who(question);
    let question = Terms::of(question.as_str());
    let mut found: Vec<Disagreement> = Vec::new();
    for ours in used {
        for theirs in sources.other_documents_sentences(ours) {
            let is_told = found.iter().any(|d| {
                [&d.ours, &d.theirs].contains(&&theirs)
                    || d.ours == *ours && d.theirs.passage == theirs.passage
            });
            let sides = [ours, &theirs].map(|place| Side::of(sources, place));
            if !is_told && (disagree(&question, &sides) || asks_who && name_other_holders(&question, &sides))
            {
                found.push(Disagreement { ours: ours.clone(), theirs });
            }
            if found.len() == MOST {
                return found;
            }
        }
    }
    found
}

/// A sentence, and what its document is about: a sentence without a subject of its own is about that.
struct Side<'a> {
    text: &'a str,
    terms: Terms,
    matter: Terms,
    /// The day of its document, `2024` or `2024-03-01`.
    day: Option<&'a str>,
}

impl<'a> Side<'a> {
    fn of(sources: &'a Sources, place: &Place) -> Self {
        let text = sources.text(place);
        let passage = sources.passages().get(place.passage).map(|it| &it.passage);
        let about = passage.iter().flat_map(|it| it.heading_path.iter().chain([&it.title]));
        let matter = about.map(String::as_str).chain([text]).collect::<Vec<_>>().join("\n");
        let day = passage.and_then(|it| it.dated.as_ref()).map(|dated| dated.day.as_str());
        Self { text, terms: Terms::of(text), matter: Terms::of(&matter), day }
    }
}

fn asks_who(question: &QuestionText) -> bool {
    let text = question.as_str().to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "who")
        || WHO_CHINESE.iter().any(|who| text.contains(who))
}

fn is_row(text: &str) -> bool {
    text.contains('|') || text.contains('\t')
}

/// Whether both are about what is asked to the same degree.
fn are_as_close(question: &Terms, [of_a, of_b]: &[Side<'_>; 2]) -> bool {
    let asked = |side: &Side<'_>| question.words_held_by(&[&side.matter]);
    (asked(of_a) - asked(of_b)).abs() <= SAME_QUESTION
}

fn disagree(question: &Terms, sides: &[Side<'_>; 2]) -> bool {
    let [of_a, of_b] = sides;
    let (a, b) = (of_a.text, of_b.text);
    if is_row(a) || is_row(b) {
        return false;
    }
    let is_same_matter = of_a.terms.shared_with(&[&of_b.terms]) >= FEWEST_TERMS
        && of_a.terms.words_held_by(&[&of_b.terms]) >= SAME_MATTER
        && of_b.terms.words_held_by(&[&of_a.terms]) >= SAME_MATTER
        && are_as_close(question, sides);
    is_same_matter
        && matches!(
            (only_fact_missing(of_a, b), only_fact_missing(of_b, a)),
            (Some(mine), Some(theirs)) if mine == theirs
        )
}

/// Whether two sentences say the same of a post but for who holds it.
fn name_other_holders(question: &Terms, sides: &[Side<'_>; 2]) -> bool {
    let [of_a, of_b] = sides;
    if is_row(of_a.text) || is_row(of_b.text) || !are_as_close(question, sides) {
        return false;
    }
    let name = |claim: &Side<'_>, other: &Side<'_>| match &*missing(claim, other.text) {
        [fact] if fact.kind == FactKind::Name => Some(fact.text.clone()),
        [] => match &*facts::chinese_persons(claim.text) {
            [person] if !other.text.contains(person) => Some(person.clone()),
            _ => None,
        },
        _ => None,
    };
    let (Some(mine), Some(theirs)) = (name(of_a, of_b), name(of_b, of_a)) else { return false };
    let without = |side: &Side<'_>, name: &str| side.text.replace(name, " ").to_lowercase();
    let (a, b) = (without(of_a, &mine), without(of_b, &theirs));
    let (of_a, of_b) = (Terms::of(&a), Terms::of(&b));
    POSTS.iter().any(|post| names_post(&a, post) && names_post(&b, post))
        && of_a.words_held_by(&[&of_b]) >= SAME_POST
        && of_b.words_held_by(&[&of_a]) >= SAME_POST
}

/// Whether a text has the post, and not as a part of a word (`director` has `cto`) or of a post that several may hold.
fn names_post(text: &str, post: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(post).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at + post.len()..).unwrap_or_default();
        let is_of_many = NOT_ALONE.iter().any(|word| before.trim_end().ends_with(word));
        !is_of_many && !before.ends_with(is_letter) && !behind.starts_with(is_letter)
    })
}

/// The kind of the one fact of `claim` that `evidence` lacks or contradicts; `None` where there is none or
/// more, or where it is one that tells what the claim is about.
fn only_fact_missing(claim: &Side<'_>, evidence: &str) -> Option<FactKind> {
    let missing = missing(claim, evidence);
    let [fact] = missing.as_slice() else { return None };
    let differs =
        matches!(fact.kind, FactKind::Number | FactKind::Percentage | FactKind::Date | FactKind::Negation);
    differs.then_some(fact.kind)
}

/// The facts of `claim` that `evidence` lacks or contradicts. Its document's own year is none.
fn missing(claim: &Side<'_>, evidence: &str) -> Vec<Fact> {
    let mut missing = facts::check(claim.text, &EvidenceFacts::of(&[evidence]), "").missing;
    let own_year = claim.day.and_then(|day| day.get(..4));
    missing.retain(|fact| {
        fact.kind != FactKind::Date || !own_year.is_some_and(|year| is_year(&fact.text, year))
    });
    missing
}

/// Whether a text is `year` and nothing more exact: `2024`, `2024年`.
fn is_year(text: &str, year: &str) -> bool {
    text.trim_end_matches('年') == year
}

/// What an answer says of it: both quotes with their documents, dates and markers, and which is later.
pub(crate) fn text(disagreement: &Disagreement, sources: &Sources, chinese: bool) -> Option<String> {
    let side = |place: &Place| {
        let passage = &sources.passages().get(place.passage)?.passage;
        let quote = markers::neutralise(&extract::on_one_line(sources.text(place)));
        let quote = quote.trim_end_matches(['.', '。']);
        let title = markers::neutralise(named(passage));
        let (date, number) = (date(passage.dated.as_ref(), chinese), passage.number);
        Some(if chinese {
            format!("《{title}》{date}写的是“{quote}”[{number}]")
        } else {
            format!("“{title}”{date} says “{quote}” [{number}]")
        })
    };
    let (ours, theirs) = (side(&disagreement.ours)?, side(&disagreement.theirs)?);
    let later = later(disagreement, sources).map_or_else(String::new, |title| {
        let title = markers::neutralise(title);
        if chinese {
            format!("其中较新的是《{title}》。")
        } else {
            format!(" The later one is “{title}”.")
        }
    });
    Some(if chinese {
        format!("各文档的说法不一致：{ours}，而{theirs}。{later}")
    } else {
        format!("The sources disagree: {ours}, while {theirs}.{later}")
    })
}

fn later<'a>(disagreement: &Disagreement, sources: &'a Sources) -> Option<&'a str> {
    let passage = |place: &Place| Some(&sources.passages().get(place.passage)?.passage);
    let (ours, theirs) = (passage(&disagreement.ours)?, passage(&disagreement.theirs)?);
    let order = ours.dated.as_ref()?.compare(theirs.dated.as_ref()?)?;
    Some(if order == Ordering::Less { named(theirs) } else { named(ours) })
}

/// Two documents may bear the same title: then the file tells them apart.
fn named(passage: &Passage) -> &str {
    if passage.title.trim().is_empty() { &passage.document_key } else { &passage.title }
}

fn date(dated: Option<&DocumentDate>, chinese: bool) -> String {
    match dated {
        None => String::new(),
        Some(DocumentDate { day, stated: true }) if chinese => format!("（{day}）"),
        Some(DocumentDate { day, stated: true }) => format!(" ({day})"),
        Some(DocumentDate { day, stated: false }) if chinese => format!("（{day}收录）"),
        Some(DocumentDate { day, stated: false }) => format!(" (added {day})"),
    }
}

#[cfg(test)]
mod tests {
    use footnote_core::ids::DocumentId;

    use super::*;
    use crate::cite::tests::passage;

    fn of_documents(texts: &[(&str, &str)]) -> Sources {
        let passages: Vec<Passage> = (1..)
            .zip(texts)
            .map(|(number, (day, text))| Passage {
                document: DocumentId::new(),
                dated: Some(DocumentDate { day: (*day).to_owned(), stated: true }),
                ..passage(number, text)
            })
            .collect();
        Sources::new(&passages)
    }

    fn first(sources: &Sources) -> Place {
        sources.sentences().next().unwrap()
    }

    fn told(question: &str, a: &str, b: &str) -> Option<String> {
        let sources = of_documents(&[("2022", a), ("2024-03-01", b)]);
        let question = QuestionText::parse(question).unwrap();
        let found = find(&question, &sources, &[first(&sources)]);
        found.first().map(|disagreement| text(disagreement, &sources, question.is_chinese()).unwrap())
    }

    #[test]
    fn an_old_policy_and_its_successor_disagree() {
        assert_eq!(
            told(
                "How many days of annual leave do employees get?",
                "Employees get 12 days of annual leave.",
                "Welcome. Employees are given 15 days of annual leave per year.",
            ),
            None,
            "other words than the question's"
        );
        let english = told(
            "How many days of annual leave do employees get?",
            "Employees get 12 days of annual leave.",
            "Welcome. Employees get 15 days of annual leave.",
        );
        assert_eq!(
            english.as_deref(),
            Some(
                "The sources disagree: “Title 1” (2022) says “Employees get 12 days of annual leave” [1], while \
                 “Title 2” (2024-03-01) says “Employees get 15 days of annual leave” [2]. The later one is “Title 2”."
            )
        );
        let chinese = told("新员工年假有几天？", "新员工每年享有10天年假。", "新员工每年享有15天年假。");
        assert_eq!(
            chinese.as_deref(),
            Some(
                "各文档的说法不一致：《Title 1》（2022）写的是“新员工每年享有10天年假”[1]，而《Title 2》（2024-03-01）写的是\
                 “新员工每年享有15天年假”[2]。其中较新的是《Title 2》。"
            )
        );
        let dated = |days, year| format!("From {year} employees get {days} days of annual leave.");
        let question = "How many days of annual leave do employees get?";
        assert!(told(question, &dated(12, 2022), &dated(15, 2024)).is_some(), "each names its own year");
        assert_eq!(told(question, &dated(12, 2020), &dated(15, 2021)), None, "years of something else");
        let denied = told(
            "May visitors enter the laboratory?",
            "Visitors may enter the laboratory at night.",
            "Visitors may not enter the laboratory at night.",
        );
        assert!(denied.is_some());
        assert!(told("访客可以进入实验室吗？", "访客可以进入实验室。", "访客不可以进入实验室。").is_some());
    }

    #[test]
    fn another_holder_of_a_post_that_one_person_holds_disagrees() {
        for (question, a, b) in [
            (
                "Who is the chief executive of Acme?",
                "The chief executive of Acme is Ann Lee.",
                "The chief executive of Acme is Robert Chen.",
            ),
            ("Who is Acme's CEO?", "Ann Lee is the CEO of Acme.", "Robert Chen is the CEO of Acme."),
            ("公司的总经理是谁？", "公司的总经理是张伟。", "公司的总经理是李娜。"),
        ] {
            assert!(told(question, a, b).is_some(), "{a} / {b}");
        }
        for (question, a, b) in [
            (
                "Who is on the board of Acme?",
                "Ann Lee is a member of the board of Acme.",
                "Robert Chen is a member of the board of Acme.",
            ),
            (
                "Who is the president of Acme?",
                "Ann Lee is the president of Acme.",
                "Robert Chen is the vice president of Acme.",
            ),
            ("Who is the CEO?", "Ann Lee is the CEO of Acme.", "Ann Lee is the CEO of Bolt."),
            ("Where is Acme?", "Ann Lee is the CEO of Acme.", "Robert Chen is the CEO of Acme."),
            ("公司的总经理是谁？", "公司的总经理是张伟。", "公司的副总经理是李娜。"),
            ("谁是公司的副总经理？", "公司的副总经理是张伟。", "公司的副总经理是李娜。"),
            (
                "Who is a director of Acme?",
                "Ann Lee is a director of Acme.",
                "Robert Chen is a director of Acme.",
            ),
            (
                "Who is vice president of Acme?",
                "Ann Lee is vice president of Acme.",
                "Robert Chen is vice president of Acme.",
            ),
        ] {
            assert_eq!(told(question, a, b), None, "{a} / {b}");
        }
    }

    #[test]
    fn brackets_of_documents_are_no_markers() {
        let line = |days: u32| format!("Employees get {days} days of annual leave [7].");
        let texts = [line(12), line(15)];
        let sources = of_documents(&[("2022", &texts[0]), ("2024", &texts[1])]);
        let passages: Vec<Passage> = sources
            .passages()
            .iter()
            .map(|it| Passage { title: "Leave policy [9]".to_owned(), ..it.passage.clone() })
            .collect();
        let sources = Sources::new(&passages);
        let question = QuestionText::parse("How many days of annual leave do employees get?").unwrap();
        let found = find(&question, &sources, &[first(&sources)]);
        let told = text(found.first().unwrap(), &sources, false).unwrap();
        assert!(told.contains("Leave policy (9)") && told.contains("leave (7)"), "{told}");
        assert!(!told.contains("[9]") && !told.contains("[7]"), "{told}");
    }

    #[test]
    fn what_is_about_something_else_does_not_disagree() {
        for (question, a, b) in [
            (
                "What was the revenue in 2022?",
                "The revenue in 2022 was 5 million.",
                "The revenue in 2023 was 6 million.",
            ),
            (
                "How many days off in Berlin?",
                "Employees in Berlin get 30 days off.",
                "Employees in Paris get 25 days off.",
            ),
            (
                "How many days do full-time employees get?",
                "A full-time employee gets 15 days of leave.",
                "A part-time employee gets 10 days of leave.",
            ),
            ("How many days of leave?", "Employees get 12 days of leave.", "Employees get 12 days of leave."),
            (
                "How many days of leave?",
                "Employees get twelve days of leave.",
                "Employees get 12 days of leave.",
            ),
            ("How many days?", "| Leave | 12 days | employees |", "| Leave | 15 days | employees |"),
            ("年假几天？", "新员工每年享有10天年假。", "老员工的出差补贴为每天100元。"),
            ("How long?", "It takes 3 days.", "It takes 4 days."),
        ] {
            assert_eq!(told(question, a, b), None, "{a} / {b}");
        }
    }

    #[test]
    fn a_sentence_without_a_subject_is_about_its_documents() {
        let found = |titles: [&str; 2]| {
            let texts = [(1, "体长可达9公分。"), (2, "体长可达35公分。")];
            let passages = texts.map(|(number, text)| Passage {
                document: DocumentId::new(),
                title: titles[number as usize - 1].to_owned(),
                ..passage(number, text)
            });
            let sources = Sources::new(&passages);
            let question = QuestionText::parse("白尾雀鲷又可以叫啥？").unwrap();
            find(&question, &sources, &[first(&sources)]).len()
        };
        assert_eq!(found(["白尾雀鲷", "白䲟"]), 0);
        assert_eq!(found(["白尾雀鲷", "白尾雀鲷（鱼类志）"]), 1);
    }

    #[test]
    fn one_document_does_not_disagree_with_itself_and_little_is_told() {
        let question = QuestionText::parse("How many days of annual leave do employees get?").unwrap();
        let line = |days: u32| format!("Employees get {days} days of annual leave.");
        let document = DocumentId::new();
        let both = [passage(1, &line(12)), passage(2, &line(15))].map(|p| Passage { document, ..p });
        let same = Sources::new(&both);
        assert!(find(&question, &same, &[first(&same)]).is_empty());
        let many: Vec<String> = (10..16).map(line).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|text| ("2024", text.as_str())).collect();
        let many = of_documents(&many);
        assert_eq!(find(&question, &many, &[first(&many)]).len(), MOST);
    }
}
