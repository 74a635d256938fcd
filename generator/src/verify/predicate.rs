//! Does a sentence say of its subject what the source says of it? Ways in which the same words say something else,
//! and which neither words nor embeddings tell apart: a complement cut off within its phrase (`X is Y` from `X is Y's
//! sister firm`), a relation turned around (`the son of B` from `A's son B`), and, in Chinese, another value of the
//! source given to an attribute (`乙的重量为9米` from `甲、乙高9米，重量为3吨`); and what the source says of another, said of
//! the thing that was asked about (`X是香港的赛事` from `Y是香港的赛事`).
//!
//! In doubt nothing is reported.

use footnote_core::question::{has_pointing_words, is_chinese, is_han};

use super::aligned::{MOST, first_run, in_place_of, is_one_of, words};
use crate::support::Terms;

/// Relations that hold one way only.
const RELATIONS: [&str; 24] = [
    "son",
    "daughter",
    "father",
    "mother",
    "wife",
    "husband",
    "uncle",
    "aunt",
    "nephew",
    "niece",
    "successor",
    "predecessor",
    "subsidiary",
    "儿子",
    "女儿",
    "父亲",
    "母亲",
    "妻子",
    "丈夫",
    "养子",
    "养女",
    "侄子",
    "继任者",
    "子公司",
];
const COPULAS: [&str; 4] = ["是", "为", " is ", " was "];
/// What goes on with a phrase rather than after it.
const GOES_ON: [&str; 8] = ["在", "的", "所", "于", "由", "旗下", "'s", "’s"];
/// Characters of a name that is looked for before a relation.
const NAME: usize = 8;
/// Characters of an attribute, at most.
const ATTRIBUTE: usize = 4;
/// Characters between a relation and the name that follows it.
const BETWEEN: usize = 4;

/// Least words, or Chinese characters, of a predicate that says what a thing is.
const WHAT_IT_IS: usize = 4;
/// Prepositions of opposite directions.
const OPPOSED: [(&[&str], &[&str]); 4] = [
    (&["from"], &["in", "into", "to", "onto", "at", "toward", "towards"]),
    (&["with"], &["without"]),
    (&["before"], &["after"]),
    (&["above", "over"], &["below", "under"]),
];
/// Words of which the second is a preposition and the others are the same: `received from the condenser`.
const AROUND: usize = 4;
/// Words in a row by which an English sentence says the same as another.
const RUN: usize = 4;
/// Share of a name's terms from which a text beside the evidence names the same.
const NAMED_FROM: f32 = 0.6;
/// Chinese words that stand for a subject, besides those of questions.
const POINTING: [&str; 3] = ["本", "其", "者"];

/// A text of the evidence.
pub(super) struct Said<'a> {
    pub(super) text: &'a str,
    /// Its title and headings, and the sentences beside it.
    pub(super) around: Vec<&'a str>,
}

/// Why `claim` says something else of its subject than the texts do.
pub(super) fn misjoins(claim: &str, said: &[Said<'_>], question: &str) -> Option<&'static str> {
    let evidence: Vec<&str> = said.iter().map(|said| said.text).collect();
    let evidence = evidence.as_slice();
    if of_another(claim, said, question)
        || done_by_another(claim, said, question)
        || of_anothers(claim, said, question)
    {
        return Some("the source says that of something else");
    }
    if turns_direction(claim, evidence) {
        return Some("the source has the opposite direction");
    }
    if cut_short(claim, evidence) {
        return Some("the source goes on: it names something of it");
    }
    if other_value(claim, evidence) {
        return Some("the source says that of something else");
    }
    RELATIONS
        .iter()
        .any(|relation| turned_around(claim, relation, evidence))
        .then_some("the source has the relation the other way around")
}

/// Whether the claim says what the thing is that was asked about, in the words in which the texts say it of others alone.
fn of_another(claim: &str, said: &[Said<'_>], question: &str) -> bool {
    let Some((subject, predicate)) = what_it_is(claim) else { return false };
    let name = Terms::of(subject);
    let held = |text: &str| name.held_by(&[&Terms::of(text)]);
    if name.is_empty()
        || held(question) < 1.0
        || points(subject)
        || said.iter().flat_map(|said| &said.around).any(|text| held(text) >= NAMED_FROM)
    {
        return false;
    }
    let others = said.iter().flat_map(|said| {
        let found = said.text.match_indices(predicate).filter_map(|(at, _)| said.text.get(..at));
        found.map(|before| before.rsplit(['。', '；', '\n', ';']).next().unwrap_or_default())
    });
    let mut others = others.peekable();
    others.peek().is_some()
        && others.all(|other| !other.trim().is_empty() && !points(other) && held(other) == 0.0)
}

/// Whether the claim says, in English, of what was asked about what the texts say, in the same words, of others alone:
/// `turbines came into wide use` from `compound engines came into wide use`.
fn done_by_another(claim: &str, said: &[Said<'_>], question: &str) -> bool {
    if is_chinese(claim) {
        return false;
    }
    let claimed = words(claim);
    let texts: Vec<Vec<&str>> = said.iter().map(|said| words(said.text)).collect();
    if claimed.len() > MOST || texts.iter().any(|text| text.len() > MOST) {
        return false;
    }
    let found = texts.iter().filter_map(|text| first_run(&claimed, text, 1, RUN));
    let Some(start) = found.map(|(start, _)| start).min() else { return false };
    let subject = claimed.get(..start).unwrap_or_default().join(" ");
    let name = Terms::of(&subject);
    let held = |text: &str| name.held_by(&[&Terms::of(text)]);
    if name.is_empty()
        || held(question) < 1.0
        || points(&subject)
        || said.iter().flat_map(|said| &said.around).any(|text| held(text) >= NAMED_FROM)
    {
        return false;
    }
    let run = claimed.get(start..start + RUN).unwrap_or_default();
    let having = said.iter().zip(&texts).filter_map(|(said, text)| {
        let (_, at) = first_run(run, text, 0, RUN)?;
        Some((said, text.get(..at).unwrap_or_default().join(" ")))
    });
    let of_other = |(said, before): (&Said<'_>, String)| {
        !before.is_empty() && !points(&before) && held(said.text) == 0.0
    };
    let mut having = having.peekable();
    having.peek().is_some() && having.all(of_other)
}

/// Whether the claim has, between the same words, a preposition that is opposed to the texts': `received in the
/// condenser` from `received from the condenser`.
fn turns_direction(claim: &str, evidence: &[&str]) -> bool {
    let texts: Vec<Vec<&str>> = evidence.iter().map(|text| words(text)).collect();
    let opposed = |one: &str, other: &str| {
        let are = |(a, b): &(&[&str], &[&str])| is_one_of(a, one) && is_one_of(b, other);
        OPPOSED.iter().any(|(a, b)| are(&(a, b)) || are(&(b, a)))
    };
    words(claim).windows(AROUND).any(|own| {
        let found = in_place_of(own, 1, &texts);
        !found.is_empty() && found.iter().all(|other| opposed(own[1], other))
    })
}

/// Whether the claim gives, in Chinese, what was asked about a value that the texts have of an attribute of somebody
/// else alone: `甲的母亲是丙` from `他的母亲是丙` in a document that never names `甲`.
fn of_anothers(claim: &str, said: &[Said<'_>], question: &str) -> bool {
    let Some(at) = claim.find(['是', '为']) else { return false };
    let (before, rest) = (&claim[..at], &claim[at..]);
    let Some((owner, attribute)) = before.split_once('的') else { return false };
    let value = clause(rest.trim_start_matches(['是', '为']));
    let is_short =
        |text: &str, most: usize| (2..=most).contains(&text.chars().count()) && text.chars().all(is_han);
    if !is_short(owner, NAME) || !is_short(attribute, ATTRIBUTE) || !question.contains(owner) || points(owner)
    {
        return false;
    }
    let owned = format!("的{attribute}");
    let mut gives =
        said.iter().filter(|said| value.chars().count() >= 2 && said.text.contains(value)).peekable();
    let of_somebody = |said: &Said<'_>| {
        let mut found = said.text.match_indices(&owned);
        found.any(|(at, _)| {
            let sentence = said.text[at..].split(['。', '；', '\n']).next().unwrap_or_default();
            sentence.contains(value)
        })
    };
    let names =
        |said: &Said<'_>| std::iter::once(&said.text).chain(&said.around).any(|text| text.contains(owner));
    gives.peek().is_some() && gives.all(|said| of_somebody(said) && !names(said))
}

/// Subject and predicate of a sentence that says what a thing is; the predicate up to the clause's end.
fn what_it_is(claim: &str) -> Option<(&str, &str)> {
    let is_kind = |copula: &str, rest: &str| {
        copula.chars().all(is_han) || ["a ", "an ", "one "].iter().any(|article| rest.starts_with(article))
    };
    let found = COPULAS.iter().filter_map(|copula| Some((claim.find(copula)?, *copula)));
    let (at, copula) = found.min_by_key(|found| found.0)?;
    let rest = claim.get(at + copula.len()..)?;
    let length = clause(rest).len();
    let predicate = claim.get(at..at + copula.len() + length)?;
    let words = match copula.chars().all(is_han) {
        true => clause(rest).chars().filter(|c| is_han(*c)).count(),
        false => clause(rest).split(' ').count(),
    };
    (words >= WHAT_IT_IS && is_kind(copula, rest)).then(|| (&claim[..at], predicate))
}

/// Whether a text has a word that stands for what another sentence names.
fn points(text: &str) -> bool {
    has_pointing_words(text) || POINTING.iter().any(|word| text.contains(word))
}

/// Whether what the claim ends with after its copula stands in the texts only as the beginning of a longer phrase.
fn cut_short(claim: &str, evidence: &[&str]) -> bool {
    let claim = claim.trim_end_matches(|c: char| !c.is_alphanumeric());
    let Some((at, copula)) =
        COPULAS.iter().filter_map(|copula| Some((claim.rfind(copula)?, *copula))).max_by_key(|found| found.0)
    else {
        return false;
    };
    let complement = claim.get(at + copula.len()..).unwrap_or_default().trim();
    if complement.chars().count() < 2
        || complement.chars().any(|c| c.is_ascii_digit() || c.is_whitespace() && copula.len() == 3)
    {
        return false;
    }
    let after = |text: &&str| -> Vec<bool> {
        let found = text.match_indices(complement);
        found.map(|(at, _)| text.get(at + complement.len()..).is_some_and(goes_on)).collect()
    };
    let found: Vec<bool> = evidence.iter().flat_map(after).collect();
    !found.is_empty() && found.iter().all(|goes_on| *goes_on)
}

/// Whether the claim gives an attribute a value that the texts have elsewhere, while they give it another.
fn other_value(claim: &str, evidence: &[&str]) -> bool {
    claim.char_indices().filter(|(_, c)| matches!(c, '为' | '是')).any(|(at, copula)| {
        let value = clause(claim.get(at + copula.len_utf8()..).unwrap_or_default());
        let before = last(claim.get(..at).unwrap_or_default(), is_han);
        let attributes = before.char_indices().rev().map(|(at, _)| &before[at..]).skip(1).take(ATTRIBUTE - 1);
        let holding: Vec<&str> = evidence.iter().copied().filter(|text| text.contains(value)).collect();
        value.chars().count() >= 2
            && attributes.last().is_some_and(|longest| {
                let shorter = longest.char_indices().map(|(at, _)| &longest[at..]);
                let mut known =
                    shorter.filter(|it| it.chars().count() >= 2).filter_map(|it| values(it, &holding));
                known.next().is_some_and(|known| !known.iter().any(|text| text.contains(value)))
            })
    })
}

/// What the texts say after `attribute` and `为` or `是`, up to the sentence's end; `None` where it never stands so.
fn values<'a>(attribute: &str, evidence: &[&'a str]) -> Option<Vec<&'a str>> {
    let after = |text: &'a str| {
        text.match_indices(attribute).filter_map(move |(at, _)| text.get(at + attribute.len()..))
    };
    let all: Vec<&str> = evidence.iter().copied().flat_map(after).collect();
    let is_given = all.iter().any(|rest| rest.starts_with(['为', '是']));
    let sentence = |rest: &'a str| rest.split(['。', '；', '\n']).next().unwrap_or_default();
    is_given.then(|| all.into_iter().map(sentence).collect())
}

fn clause(text: &str) -> &str {
    text.split(['，', '。', '；', '、', ',', ';', '\n']).next().unwrap_or_default().trim()
}

fn goes_on(rest: &str) -> bool {
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    GOES_ON.iter().any(|word| rest.starts_with(word))
}

/// Whether the claim has `relation` of somebody, and the texts have that somebody only as the one so related.
fn turned_around(claim: &str, relation: &str, evidence: &[&str]) -> bool {
    let Some(of) = possessor(claim, relation) else { return false };
    // The longest part of what may be the name that the texts know, from its end.
    let is_known = |name: &&str| evidence.iter().any(|text| text.contains(name));
    let starts = of.char_indices().map(|(at, _)| at);
    let mut names = starts.filter_map(|at| of.get(at..)).filter(|name| name.chars().count() >= 2);
    let Some(name) = names.find(is_known) else { return false };
    let owns = |text: &&str| possessor(text, relation).is_some_and(|owner| owner.contains(name));
    let follows = |text: &&str| {
        text.match_indices(relation).any(|(at, _)| {
            let rest = text.get(at + relation.len()..).unwrap_or_default();
            let clause = rest.split(['，', '。', '；', '.', ';']).next().unwrap_or_default();
            clause.find(name).is_some_and(|at| clause[..at].chars().count() <= BETWEEN)
                && !rest.trim_start().starts_with("of ")
        })
    };
    !evidence.iter().any(owns) && evidence.iter().any(follows)
}

/// Whose `relation` the text names: what stands before `的` or `'s` and the relation, or after `relation of`.
fn possessor<'a>(text: &'a str, relation: &str) -> Option<&'a str> {
    let at = text.find(relation)?;
    let (before, after) = (text.get(..at)?, text.get(at + relation.len()..)?);
    if relation.chars().all(is_han) {
        let before = before.strip_suffix(['的', '之']).unwrap_or(before);
        return Some(last(before, |c| is_han(c) || c == '·'));
    }
    if let Some(of) = after.strip_prefix(" of ") {
        let end = of.find([',', '.', ';', '(']).unwrap_or(of.len());
        return of.get(..end).map(str::trim);
    }
    let before = before.trim_end();
    let owner = before.strip_suffix("'s").or_else(|| before.strip_suffix("’s"))?;
    Some(last(owner.trim_end(), |c| c.is_alphanumeric() || c == ' '))
}

/// The last characters of a text that are of a name.
fn last(text: &str, is_of_name: fn(char) -> bool) -> &str {
    let mut start = text.len();
    for (at, c) in text.char_indices().rev().take(NAME) {
        if !is_of_name(c) {
            break;
        }
        start = at;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::{misjoins as misjoined, *};

    fn misjoins(claim: &str, evidence: &[&str]) -> Option<&'static str> {
        let said: Vec<Said<'_>> = evidence.iter().map(|text| Said { text, around: Vec::new() }).collect();
        misjoined(claim, &said, "")
    }

    #[test]
    fn what_is_anothers_is_not_given_to_what_was_asked() {
        let potter = "派西的父亲亚瑟是魔法部的员工；他的母亲是茉莉·卫斯理。";
        let ming = "朱椿（），是明太祖朱元璋第十一子，洪武四年八月初八生，母郭惠妃，为滁阳王郭子兴之女。";
        let said = |title: &'static str, text: &'static str| Said { text, around: vec![title] };
        let asked = "朱椿的母亲是谁？";
        let both = [said("派西·卫斯理", potter), said("朱椿 (明朝)", ming)];
        assert!(misjoined("朱椿的母亲是茉莉·卫斯理。", &both, asked).is_some());
        assert!(misjoined("朱椿的母亲是郭惠妃。", &both, asked).is_none());
        let own = [said("派西·卫斯理", potter)];
        assert!(misjoined("派西的母亲是茉莉·卫斯理。", &own, "派西的母亲是谁？").is_none());
        let titled = [said("派西", "他的母亲是茉莉。")];
        assert!(misjoined("派西的母亲是茉莉。", &titled, "派西的母亲是谁？").is_none());
        let handbook = [said("员工手册", "正式员工享有15天年假。")];
        assert!(misjoined("公司的年假是15天。", &handbook, "公司的年假是几天？").is_none());
    }

    #[test]
    fn what_the_source_says_of_another_is_not_said_of_what_was_asked() {
        let source =
            "香港冠军暨遮打杯，简称遮打杯，是香港赛马锦标，为一级赛，自从1870年于跑马地马场首次举行。";
        let told = |claim: &str, source: &str, title: &str, question: &str| {
            misjoined(claim, &[Said { text: source, around: vec![title] }], question).is_some()
        };
        let asked = "跑马地赛事是什么运动的赛事？";
        assert!(told("跑马地赛事是香港赛马锦标，为一级赛。", source, "香港冠军暨遮打杯", asked));
        assert!(!told("遮打杯是香港赛马锦标，为一级赛。", source, "香港冠军暨遮打杯", "遮打杯是什么赛事？"));
        assert!(!told("跑马地赛事是香港赛马锦标。", source, "跑马地的赛事", asked), "the title names it");
        assert!(
            !told("跑马地赛事是香港赛马锦标。", "它是香港赛马锦标。", "", asked),
            "the sentence points to it"
        );
        let source = "The Emperor's Plate is a horse race over two miles.";
        assert!(told("The Derby is a horse race over two miles.", source, "Plate", "What is the Derby?"));
        assert!(!told("The Plate is a horse race over two miles.", source, "Plate", "What is the Plate?"));
    }

    #[test]
    fn what_another_did_is_not_said_of_what_was_asked() {
        let told = |claim: &str, source: &str, title: &str| {
            let asked = "When were steam turbines introduced?";
            misjoined(claim, &[Said { text: source, around: vec![title] }], asked).is_some()
        };
        let source = "Near the end of the 19th century compound engines came into widespread use.";
        let claim = "Steam turbines came into widespread use near the end of the 19th century.";
        assert!(told(claim, source, "Engines"));
        assert!(!told("Compound engines came into widespread use then.", source, "Engines"));
        assert!(!told(claim, source, "Steam turbines"), "the title names it");
        assert!(!told(claim, "Then they came into widespread use.", "Engines"), "the sentence points to it");
        assert!(!told(claim, "The steam turbine came into widespread use.", "Engines"));
    }

    #[test]
    fn a_direction_is_not_turned() {
        let source = "The fluid which is received from the condenser is pressurised.";
        assert!(misjoins("The fluid is received in the condenser.", &[source]).is_some());
        assert_eq!(misjoins("The fluid is received from the condenser.", &[source]), None);
        let both = [source, "It is received in the condenser first."];
        assert_eq!(misjoins("The fluid is received in the condenser.", &both), None);
        assert_eq!(misjoins("It is used at the plant.", &["It is used in the plant."]), None);
    }

    #[test]
    fn a_complement_is_not_cut_off() {
        let source = "卫视卡式台（英文全称）是星空传媒在大中华地区经营而拥有的一条电影频道。";
        assert!(misjoins("卫视卡式台为星空传媒。", &[source]).is_some());
        assert_eq!(misjoins("卫视卡式台是电影频道。", &[source]), None);
        assert_eq!(misjoins("卫视卡式台由星空传媒经营。", &[source]), None);
        assert!(misjoins("The firm is Acme.", &["The firm is Acme 's oldest customer."]).is_some());
        assert_eq!(
            misjoins("The firm is Acme's oldest customer.", &["The firm is Acme's oldest customer."]),
            None
        );
        // What also stands alone is not cut off.
        assert_eq!(misjoins("The firm is Acme.", &["Acme's owner says: this firm is Acme."]), None);
        assert_eq!(misjoins("首届是1896年。", &["首届是1896年在雅典举办的。"]), None);
    }

    #[test]
    fn a_relation_is_not_turned_around() {
        let source = "同年，后白河上皇所生的儿子宪仁亲王成为了皇太子，以仁王举行了冠礼。";
        assert!(misjoins("以仁王是宪仁亲王的儿子。", &[source]).is_some());
        assert_eq!(misjoins("宪仁亲王是后白河上皇的儿子。", &[source]), None);
        assert_eq!(misjoins("曹丕是曹操的儿子。", &["曹操的儿子曹丕称帝。"]), None);
        let source = "In 1890 Robert's son Henry took over.";
        assert!(misjoins("Robert was the son of Henry.", &[source]).is_some());
        assert_eq!(misjoins("Henry was the son of Robert.", &[source]), None);
        assert_eq!(misjoins("Henry was Robert's son.", &["Henry , the son of Robert , took over."]), None);
    }

    #[test]
    fn a_value_stays_with_its_attribute() {
        let source =
            "甲醇钠、甲氧基钠（英文：Sodium methoxide）是一种醇盐，化学式为CHONa，是有机合成中常用的强碱。";
        let claim = "甲醇钠的化学式为CHONa，甲氧基钠的化学式为Sodium methoxide。";
        assert!(misjoins(claim, &[source]).is_some_and(|why| why.contains("something else")));
        assert_eq!(misjoins("甲醇钠的化学式为CHONa。", &[source]), None);
        assert_eq!(misjoins("甲醇钠的英文为Sodium methoxide。", &[source]), None);
        let source = "甲的重量为3吨；乙的重量则达9吨。";
        assert_eq!(misjoins("乙的重量为9吨。", &[source]), None);
        assert_eq!(misjoins("重量为约3吨。", &[source]), None, "its words are not the source's");
    }

    proptest::proptest! {
        #[test]
        fn a_text_never_misjoins_itself(text in "(是|为|的|儿子|曹操|曹丕|，|。| is | son| of |Al|'s|[a-d年]{1,3}){0,16}") {
            let why = misjoins(&text, &[&text]);
            proptest::prop_assert_eq!(why.filter(|why| !why.contains("goes on")), None);
        }
    }
}
