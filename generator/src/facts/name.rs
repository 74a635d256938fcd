//! Names: capitalised English words, and the Chinese names that can be told without a dictionary.

use std::collections::BTreeSet;
use std::ops::Range;

use super::chinese_name;
use super::term::{is_stop_word, stem};
use super::token::{Sort, Token};

/// A name of a claim.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    /// What must be found, each for itself.
    pub(super) parts: Vec<Part>,
    pub(super) tokens: Range<usize>,
}

/// A part of a name, folded, in small letters.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Latin(String),
    Chinese(String),
    /// Chinese words in quotation marks; they may be quoted roughly.
    Quoted(String),
}

impl Name {
    /// Whether it is a word in Latin letters with a capital, and none of those that Chinese uses as its own.
    pub(super) fn is_foreign(&self, tokens: &[Token]) -> bool {
        let words = tokens.get(self.tokens.clone()).unwrap_or_default();
        words.iter().all(|token| is_proper(token) && !is_used_in_chinese(&token.lower))
    }

    /// Whether it is an acronym whose words stand in the evidence in a row, or a word that begins with it.
    pub(super) fn is_spelled_out(&self, claim: &[Token], evidence: &[Vec<Token>]) -> bool {
        const LINKS: [&str; 8] = ["of", "and", "for", "the", "in", "on", "to", "a"];
        let [token] = claim.get(self.tokens.clone()).unwrap_or_default() else { return false };
        let letters = token.text.chars().filter(|c| c.is_alphabetic());
        if !letters.clone().all(char::is_uppercase) {
            return false;
        }
        let acronym: Vec<char> = letters.flat_map(char::to_lowercase).collect();
        let begins = |word: &Token| acronym.len() > 2 && word.lower.starts_with(&token.lower);
        evidence.iter().any(|tokens| {
            let words =
                tokens.iter().filter(|it| it.sort == Sort::Word && !LINKS.contains(&it.lower.as_str()));
            let initials: Vec<char> = words.filter_map(|it| it.lower.chars().next()).collect();
            initials.windows(acronym.len().max(1)).any(|run| run == acronym) || tokens.iter().any(begins)
        })
    }

    /// Whether some tokens seem to hold a name too.
    pub(super) fn is_rivalled_by(&self, tokens: &[Token]) -> bool {
        let pronoun = |token: &Token| token.single().is_some_and(|c| "他她它该其此这那".contains(c));
        match self.parts.first() {
            Some(Part::Latin(_)) => tokens.iter().any(is_proper),
            _ => !tokens.iter().any(pronoun),
        }
    }
}

/// The words of a text in which names are looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    latin: BTreeSet<String>,
    stems: BTreeSet<String>,
    /// First letters of runs of capitalised words.
    initials: BTreeSet<String>,
    /// Letters and digits only.
    compact: String,
}

/// Names that are written in several ways.
const ALIASES: [&[&str]; 13] = [
    &["us", "usa", "united states", "america", "american", "美国"],
    &["uk", "united kingdom", "britain", "british", "英国"],
    &["eu", "european union", "欧盟"],
    &["un", "united nations", "联合国"],
    &["france", "french"],
    &["germany", "german"],
    &["spain", "spanish"],
    &["netherlands", "dutch", "holland"],
    &["greece", "greek"],
    &["denmark", "danish"],
    &["switzerland", "swiss"],
    &["ireland", "irish"],
    &["poland", "polish"],
];

/// Capitalised words that name nothing.
const NO_NAMES: &str = " i i'm i'd i've i'll mr mrs ms dr prof sir yes no ok step note figure table section chapter \
     part question answer god internet web api url id ui pc pcs os pdf ";

/// Abbreviations that Chinese uses as words of its own, and English may write otherwise.
const USED_IN_CHINESE: &str =
    " app ppt vip ktv tv pk diy cd dvd led hr pr ceo cfo cto coo vp ipo ai it faq wifi sms email ";

/// Whether Chinese uses the word, in small letters, as one of its own.
pub(super) fn is_used_in_chinese(word: &str) -> bool {
    USED_IN_CHINESE.contains(&format!(" {word} "))
}

/// Words that start sentences, besides those that say nothing at all; none of them is a name.
const STARTERS: &str = " according additionally although among another around because besides both despite due even \
     every finally first following furthermore given here including instead it's later like many moreover near never \
     new next nobody none nor not nothing now often once one originally otherwise overall people please previously \
     rather recently second several since sometimes still third though three today together traditionally two unless \
     unlike usually various whenever without yet your employees users members people customers students water ";

impl Words {
    pub(super) fn add(&mut self, tokens: &[Token]) {
        for token in tokens {
            match token.sort {
                Sort::Word | Sort::Code => {
                    self.stems.insert(stem(&token.lower));
                    self.latin.insert(token.lower.clone());
                    self.compact.extend(token.lower.chars().filter(|c| c.is_alphanumeric()));
                }
                Sort::Digits | Sort::Han => self.compact.push_str(&token.lower),
                Sort::Mark => {}
            }
        }
        self.compact.push('\n');
        self.add_initials(tokens);
    }

    fn add_initials(&mut self, tokens: &[Token]) {
        for (at, _) in tokens.iter().enumerate().filter(|(_, token)| token.is_capitalised()) {
            let mut initials = String::new();
            for token in tokens.iter().skip(at).take(8) {
                if token.is_capitalised() {
                    initials.extend(token.lower.chars().next());
                } else if !matches!(token.lower.as_str(), "of" | "and" | "for" | "the" | "&" | "-") {
                    break;
                }
                if initials.len() > 1 {
                    self.initials.insert(initials.clone());
                }
            }
        }
    }

    /// Whether `name` stands here.
    pub(super) fn hold(&self, name: &Name) -> bool {
        let latin: Vec<&str> = name.parts.iter().filter_map(Part::latin).collect();
        let whole = latin.join(" ");
        if latin.len() > 1 && (self.hold_alias(&whole) || self.hold_acronym_of(&latin)) {
            return true;
        }
        name.parts.iter().all(|part| self.hold_part(part))
    }

    /// Whether `word`, folded and in small letters, stands here between other words.
    pub(super) fn hold_code(&self, word: &str) -> bool {
        let compact: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        self.latin.contains(word) || (compact.len() > 3 && self.holds_bounded(&compact))
    }

    /// Whether the compact text has `compact` with no digit next to its digits.
    fn holds_bounded(&self, compact: &str) -> bool {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        self.compact.match_indices(compact).any(|(at, _)| {
            let before = self.compact.get(..at).and_then(|text| text.chars().next_back());
            let after = self.compact.get(at + compact.len()..).and_then(|text| text.chars().next());
            !(digit(before) && digit(compact.chars().next())
                || digit(after) && digit(compact.chars().next_back()))
        })
    }

    fn hold_part(&self, part: &Part) -> bool {
        match part {
            Part::Latin(word) => self.hold_word(word),
            Part::Chinese(word) => self.compact.contains(word.as_str()),
            Part::Quoted(words) => self.compact.contains(words.as_str()) || self.hold_most_of(words),
        }
    }

    /// Whether most pairs of characters of a quotation stand here.
    fn hold_most_of(&self, words: &str) -> bool {
        let chars: Vec<char> = words.chars().collect();
        let held = |pair: &&[char]| self.compact.contains(&pair.iter().collect::<String>());
        let pairs = chars.windows(2).count();
        pairs > 0 && chars.windows(2).filter(held).count() * 3 >= pairs * 2
    }

    fn hold_word(&self, word: &str) -> bool {
        let word = word.strip_suffix("'s").unwrap_or(word);
        self.latin.contains(word)
            || self.stems.contains(&stem(word))
            || self.initials.contains(word)
            || self.hold_alias(word)
            || (word.len() >= 6 && self.compact.contains(word))
            || self.hold_kindred(word)
    }

    /// Whether a word stands here that differs in its ending only: `Australia`, `Australian`.
    fn hold_kindred(&self, word: &str) -> bool {
        const ENDINGS: [&str; 16] =
            ["", "n", "an", "ian", "ese", "ish", "i", "y", "ic", "ns", "ans", "ians", "a", "e", "al", "ia"];
        let shortest = word.chars().count().saturating_sub(3).max(4);
        let chars: Vec<char> = word.chars().collect();
        (shortest..=chars.len()).any(|len| {
            let stem: String = chars.iter().take(len).collect();
            let rest: String = chars.iter().skip(len).collect();
            let kin = |ending: &&str| self.latin.contains(&format!("{stem}{ending}"));
            ENDINGS.contains(&rest.as_str()) && ENDINGS.iter().any(kin)
        })
    }

    fn hold_alias(&self, name: &str) -> bool {
        let holds = |other: &&str| {
            let short = other.len() < 4;
            if short { self.latin.contains(*other) } else { self.compact.contains(&other.replace(' ', "")) }
        };
        ALIASES.iter().filter(|group| group.contains(&name)).any(|group| group.iter().any(holds))
    }

    fn hold_acronym_of(&self, words: &[&str]) -> bool {
        let initials: String = words.iter().filter_map(|word| word.chars().next()).collect();
        initials.len() > 2 && self.latin.contains(&initials)
    }
}

impl Part {
    pub(super) fn latin(&self) -> Option<&str> {
        match self {
            Part::Latin(word) => Some(word),
            Part::Chinese(_) | Part::Quoted(_) => None,
        }
    }
}

/// The names of a claim, left to right. `is_taken` says which tokens are numbers or dates.
pub(super) fn names(tokens: &[Token], is_chinese: bool, is_taken: impl Fn(usize) -> bool) -> Vec<Name> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let name = if is_taken(at) {
            None
        } else if is_chinese {
            latin_in_chinese(tokens, at).or_else(|| chinese_name::name_at(tokens, at))
        } else {
            capitalised(tokens, at, &is_taken)
        };
        at = name.as_ref().map_or(at + 1, |name| name.tokens.end.max(at + 1));
        names.extend(name);
    }
    names
}

fn latin_in_chinese(tokens: &[Token], at: usize) -> Option<Name> {
    let token = tokens.get(at).filter(|token| token.sort == Sort::Word && token.text.len() > 1)?;
    let names = !is_stop_word(&token.lower) && !token.lower.starts_with('\'');
    names.then(|| Name { parts: vec![Part::Latin(token.lower.clone())], tokens: at..at + 1 })
}

/// Capitalised words that follow each other, joined by `of` and its like.
fn capitalised(tokens: &[Token], at: usize, is_taken: &impl Fn(usize) -> bool) -> Option<Name> {
    const LINKS: [&str; 12] = ["of", "the", "de", "van", "von", "der", "la", "for", "&", "-", "du", "del"];
    let is_name = |at: usize| tokens.get(at).is_some_and(|token| is_proper(token) && !is_taken(at));
    let mut end = at;
    let mut parts = Vec::new();
    loop {
        let mut next = end;
        while next > at && tokens.get(next).is_some_and(|token| LINKS.contains(&token.lower.as_str())) {
            next += 1;
        }
        if !is_name(next) || next > end + 2 {
            break;
        }
        parts.extend(tokens.get(next).map(|token| Part::Latin(token.lower.clone())));
        end = next + 1;
    }
    if starts_sentence(tokens, at) && !is_name_at_start(tokens, at) {
        if parts.len() < 2 {
            return None;
        }
        // `Employees of Acme`: whose they are is the name.
        if tokens.get(at).is_some_and(is_starter) && !is_name(at + 1) {
            parts.remove(0);
        }
    }
    (!parts.is_empty()).then_some(Name { parts, tokens: at..end })
}

fn is_proper(token: &Token) -> bool {
    if token.sort != Sort::Word {
        return false;
    }
    let listed = |list: &str| list.contains(&format!(" {} ", token.lower));
    let acronym = token.text.chars().count() > 1 && token.text.chars().all(char::is_uppercase);
    let camel = token.text.chars().skip(1).any(char::is_uppercase);
    let capital = token.is_capitalised() && token.text.chars().count() > 1;
    (acronym || camel || (capital && !is_stop_word(&token.lower))) && !listed(NO_NAMES)
}

pub(super) fn starts_sentence(tokens: &[Token], at: usize) -> bool {
    const TITLES: [&str; 10] = ["mr", "mrs", "ms", "dr", "st", "prof", "gen", "no", "vs", "jr"];
    let earlier = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    if earlier(1).is_some_and(|token| token.is('.'))
        && earlier(2).is_some_and(|word| TITLES.contains(&word.lower.as_str()) || word.text.len() == 1)
    {
        return false;
    }
    let marks = |token: &Token| token.single().is_some_and(|c| ".!?:;\"“”(*#•|>-'。！？：；".contains(c));
    at == 0 || tokens.get(at).is_some_and(|token| token.first_of_line) || earlier(1).is_some_and(marks)
}

fn is_starter(token: &Token) -> bool {
    STARTERS.contains(&format!(" {} ", token.lower.strip_suffix("'s").unwrap_or(&token.lower)))
}

/// Whether a single capitalised word that starts a sentence seems a name: common words have common
/// endings, and names are followed by what people, places and works do.
fn is_name_at_start(tokens: &[Token], at: usize) -> bool {
    const COMMON_ENDINGS: [&str; 26] = [
        "ing", "ed", "ly", "tion", "sion", "ment", "ness", "ity", "ics", "ism", "ers", "ors", "ies", "ence",
        "ance", "ure", "ers", "als", "ses", "tes", "ies", "ents", "ions", "ology", "ates", "ines",
    ];
    let Some(token) = tokens.get(at) else { return false };
    let word = token.lower.strip_suffix("'s").unwrap_or(&token.lower);
    let acronym = token.text.chars().skip(1).any(char::is_uppercase);
    let common = is_starter(token) || COMMON_ENDINGS.iter().any(|end| word.ends_with(end));
    let next = tokens.get(at + 1).map_or("", |next| next.lower.as_str());
    let owns = token.lower.ends_with("'s") || next == "'s";
    acronym || (!common && (owns || ["is", "was", "has", "had"].contains(&next)))
}
