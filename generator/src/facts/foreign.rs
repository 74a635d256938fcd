//! What is compared between languages besides figures: names in Latin letters, and whether a thing is denied.
//!
//! Which clause translates which is not known. A denial is told where all of the other text affirms, or each of its
//! clauses denies; where both have a figure or a name in Latin letters, the clauses that have it stand for all. Words
//! that may deny without a negation (`unused`, `closed`, `失效`) and bounds (`no more than`, `不超过`) leave it open.

use std::collections::BTreeSet;
use std::ops::Range;

use footnote_core::question::is_chinese;

use super::name::{self, Name, Part, Words};
use super::opposite::{self, Cue};
use super::token::{self, Sort, Token};
use super::{Question, chinese_name, polarity, readings};

/// Least words, or Chinese characters, of a clause of a claim that is compared; of a clause of evidence that affirms, and
/// of one that begins with `but`.
const OF_CLAIM: usize = 3;
const OF_AFFIRMATION: usize = 4;
const OF_CONTRAST: usize = 2;
/// Tokens behind a negation within which a bound makes it none.
const BOUND_WITHIN: usize = 3;
/// Tokens behind a negation within which what may deny makes it a double one: `没有取消`, `not unusual`.
const DOUBLED_WITHIN: usize = 2;

/// What follows a negation that only bounds something.
const BOUNDS_ENGLISH: &str = " more less fewer later earlier longer older younger greater higher lower below under over \
     until exceed exceeds exceeding above beyond before after far long ";
const BOUNDS_CHINESE: [&str; 14] = [
    "超过", "超出", "少于", "低于", "高于", "多于", "大于", "小于", "晚于", "早于", "迟于", "足", "满", "到",
];
/// What follows a negation that denies of some only.
const ALL_ENGLISH: [&str; 8] =
    ["all", "every", "everyone", "everything", "always", "both", "fully", "entirely"];
const ALL_CHINESE: [&str; 9] = ["所有", "全部", "全额", "都", "每", "一定", "总是", "完全", "必然"];
/// Negations that lend a word its meaning, rather than deny: minors, intangible, free of charge.
const WITHIN_WORDS: [&str; 44] = [
    "未成年",
    "未婚",
    "未遂",
    "无形",
    "无纸",
    "无人",
    "无菌",
    "无偿",
    "无息",
    "无关",
    "无缝",
    "无障碍",
    "不定期",
    "不可抗力",
    "不当",
    "不利",
    "不便",
    "不规则",
    "不可避免",
    "不确定",
    "不一致",
    "不均",
    "不明",
    "不限",
    "不变",
    "不停",
    "不顾",
    "不计",
    "不分",
    "不慎",
    "不小心",
    "不合格",
    "不符",
    "不实",
    "不佳",
    "不适",
    "不公",
    "不平",
    "不对称",
    "不透",
    "不一",
    "没错",
    "没问题",
    "未必",
];
/// What tells that a clause with a negation affirms what follows it: `无需批准即可`.
const NEVERTHELESS: [&str; 6] = ["即可", "就能", "就可", "便可", "也可", "仍可"];
/// What makes a clause a condition, or tells of whom it is.
const CONDITIONS: [&str; 8] = ["if", "when", "where", "unless", "until", "whether", "that", "who"];
const CONDITIONS_CHINESE: [&str; 6] = ["如", "若", "当", "倘若", "除非", "一旦"];

/// Words that forbid, which a negation is in Chinese.
const FORBIDDING: [&str; 6] = ["prohibited", "prohibits", "forbidden", "forbids", "banned", "bans"];
/// Words that may deny without a negation, or stand where the other language has one.
const DENYING_ENGLISH: &str = " not no never none nor neither nobody nothing nowhere cannot without least most up within \
     maximum minimum limit limited few fewer little less rarely hardly seldom barely scarcely lower smaller shorter weaker \
     excluding excludes exempt free until unless otherwise instead rather former lapse lapses lapsed expire expires \
     expired void absent missing vacant empty zero closed close closes ended ends end finished secret private confidential \
     oppose opposes opposed decline declines declined reduce reduced decrease decreased fall fell too difficult hard \
     lack lacks lacked lacking fail fails failed late overdue pending still same identical remain remains remained stay \
     stays optional voluntary out off withdraw withdrew withdrawn revoke revoked suspend suspended drop dropped defect \
     defective ";
/// Beginnings of such words.
const DENYING_BEGINNINGS: [&str; 35] = [
    "invalid",
    "inactiv",
    "inelig",
    "incomplet",
    "incorrect",
    "inaccura",
    "ineffect",
    "insuffic",
    "inadequa",
    "inabil",
    "inevit",
    "indepen",
    "indispens",
    "infinit",
    "inaccess",
    "inapplic",
    "inconsist",
    "invis",
    "imposs",
    "improper",
    "illeg",
    "irregul",
    "irrelev",
    "irrevers",
    "non",
    "disab",
    "disagre",
    "disallow",
    "disapprov",
    "discontin",
    "disqualif",
    "dismiss",
    "refus",
    "deni",
    "deny",
];
/// Beginnings of words with `un` that deny nothing.
const NOT_UN: [&str; 4] = ["under", "uni", "unan", "until"];
/// The same in Chinese.
const DENYING_CHINESE: [&str; 80] = [
    "不", "没", "未", "无", "非", "勿", "莫", "否", "免", "禁", "缺", "拒", "废", "才", "只", "仅", "除",
    "低", "少", "短", "弱", "减", "降", "难", "最多", "至少", "至多", "以内", "之内", "以下", "限于", "为止",
    "直到", "停止", "终止", "截止", "结束", "关闭", "避免", "防止", "失效", "失去", "失败", "过期", "到期",
    "作废", "取消", "例外", "空缺", "剩余", "反对", "保密", "秘密", "私人", "独立", "唯一", "而是", "超出",
    "离开", "放弃", "忽略", "丧失", "消失", "排除", "驳", "逾", "违", "迟", "待", "仍", "维持", "保持",
    "相同", "一样", "可选", "自愿", "故障", "崩溃", "出错", "下架",
];
/// Words that hold a negating character and mean nothing of the sort.
const AFFIRMING_CHINESE: [&str; 23] = [
    "不但",
    "不仅",
    "不断",
    "不只",
    "不单",
    "不光",
    "不妨",
    "不久",
    "不丹",
    "不列颠",
    "不得不",
    "差不多",
    "无论",
    "不论",
    "不管",
    "无锡",
    "非常",
    "非洲",
    "南非",
    "北非",
    "未来",
    "没收",
    "除了",
];
/// What follows `not` in `not only`, and `no` in `no doubt`.
const AFFIRMING_ENGLISH: [&str; 6] = ["only", "just", "merely", "simply", "doubt", "matter"];

/// Whether a claim denies what evidence in the other language affirms, or affirms what it denies. `headings` stand
/// above the evidence.
pub(crate) fn turns_denial(claim: &str, evidence: &[&str], headings: &[&str]) -> bool {
    let claim = token::tokens(claim);
    let evidence: Vec<Vec<Token>> = evidence.iter().map(|text| token::tokens(text)).collect();
    let mut stretches = Stretch::all(&claim, &polarity::clause_ranges(&claim));
    stretches.retain(|stretch| stretch.words >= OF_CLAIM);
    if denial(&claim) == Denial::None {
        let mut all: Vec<Stretch> =
            evidence.iter().flat_map(|tokens| Stretch::all(tokens, &pieces(tokens))).collect();
        all.retain(Stretch::says_something);
        return stretches.iter().any(|stretch| stretch.faces_only(Denial::Once, &all));
    }
    let is_open = |text: &&str| denial(&token::tokens(text)) != Denial::None;
    if headings.iter().any(is_open) {
        return false;
    }
    let mut all: Vec<Stretch> =
        evidence.iter().flat_map(|tokens| Stretch::all(tokens, &polarity::clause_ranges(tokens))).collect();
    all.retain(Stretch::says_something);
    let denies = |stretch: &&Stretch| stretch.denial == Denial::Once;
    stretches.iter().filter(denies).any(|stretch| stretch.faces_only(Denial::None, &all))
}

/// Whether some tokens deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    None,
    Once,
    /// Twice, or by a word that may deny.
    Open,
}

/// A clause of a text: whether it denies, and what stands in it in either language alike.
struct Stretch {
    denial: Denial,
    anchors: BTreeSet<String>,
    /// How many words and Chinese characters it has.
    words: usize,
    /// Whether it begins with `but` or its like.
    is_contrast: bool,
}

impl Stretch {
    fn all(tokens: &[Token], ranges: &[Range<usize>]) -> Vec<Self> {
        ranges.iter().filter_map(|range| tokens.get(range.clone())).map(Self::of).collect()
    }

    fn of(tokens: &[Token]) -> Self {
        let is_anchor = |token: &&Token| matches!(token.sort, Sort::Word | Sort::Digits | Sort::Code);
        Self {
            denial: denial(tokens),
            anchors: tokens.iter().filter(is_anchor).map(|token| token.lower.replace(',', "")).collect(),
            words: tokens.iter().filter(|token| token.sort != Sort::Mark).count(),
            is_contrast: tokens.first().is_some_and(|first| opposite::starts_clause(&first.lower)),
        }
    }

    /// Whether it is more than an adverbial (`as of 2022`).
    fn says_something(&self) -> bool {
        let fewest = if self.is_contrast { OF_CONTRAST } else { OF_AFFIRMATION };
        self.words >= if self.denial == Denial::None { fewest } else { 1 }
    }

    /// Whether all that may translate it is of this sort: those of the others that share most with it.
    fn faces_only(&self, denial: Denial, others: &[Self]) -> bool {
        let shared = |other: &Self| self.anchors.intersection(&other.anchors).count();
        let most = others.iter().map(shared).max();
        let mut near = others.iter().filter(|other| Some(shared(other)) == most);
        most.is_some() && near.all(|other| other.denial == denial)
    }
}

/// The clauses, cut at commas and `and` as well.
fn pieces(tokens: &[Token]) -> Vec<Range<usize>> {
    let is_cut = |token: &Token| token.is(',') || token.lower == "and";
    let mut pieces = Vec::new();
    for range in polarity::clause_ranges(tokens) {
        let mut start = range.start;
        for at in range.clone().filter(|&at| tokens.get(at).is_some_and(is_cut)) {
            pieces.push(start..at);
            start = at + 1;
        }
        pieces.push(start..range.end);
    }
    pieces
}

fn denial(tokens: &[Token]) -> Denial {
    let first = tokens.iter().position(|token| token.sort != Sort::Mark).unwrap_or_default();
    let mut cues = opposite::cues(tokens);
    cues.retain(|cue| is_strict(tokens, cue, first));
    let forbids = tokens.iter().filter(|token| FORBIDDING.contains(&token.lower.as_str())).count();
    let stands = |words: &[&str]| {
        (0..tokens.len()).any(|at| words.iter().any(|word| opposite::stands_at(tokens, at, word)))
    };
    let is_condition = tokens.get(first).is_some_and(|word| CONDITIONS.contains(&word.lower.as_str()))
        || CONDITIONS_CHINESE.iter().any(|word| opposite::stands_at(tokens, first, word));
    match opposite::denials(tokens, &cues) + forbids {
        1 if is_condition || stands(&NEVERTHELESS) => Denial::Open,
        1 if cues.iter().any(|cue| is_doubled(tokens, &cues, cue) || is_restriction(tokens, cue, first)) => {
            Denial::Open
        }
        1 => Denial::Once,
        0 if !may_deny(tokens) => Denial::None,
        _ => Denial::Open,
    }
}

/// Whether what may deny, other than the negations counted, follows one of them.
fn is_doubled(tokens: &[Token], cues: &[Cue], cue: &Cue) -> bool {
    let is_counted = |at: usize| cues.iter().any(|other| other.tokens.contains(&at));
    let end = cue.tokens.end;
    (end..end + DOUBLED_WITHIN).any(|at| !is_counted(at) && may_deny_at(tokens, at))
}

/// Whether a negation begins its clause and only tells of what that is: `不符合条件的申请`.
fn is_restriction(tokens: &[Token], cue: &Cue, first: usize) -> bool {
    let behind = tokens.get(cue.tokens.end..).unwrap_or_default();
    cue.tokens.start == first && behind.iter().any(|token| token.is('的') || token.is('者'))
}

/// Whether a negation denies its clause, whose first word is at `first`: it neither bounds something nor belongs to a
/// word, denies of all, is no reply, no `without` and no breakdown (`the disk fails`).
fn is_strict(tokens: &[Token], cue: &Cue, first: usize) -> bool {
    let Range { start, end } = cue.tokens;
    let word = tokens.get(start).map_or("", |token| token.lower.as_str());
    let is_reply = start == first && tokens.get(end).is_some_and(|token| token.is(',') || token.is('，'));
    let bounds = |token: &Token| BOUNDS_ENGLISH.contains(&format!(" {} ", token.lower));
    let behind = tokens.get(end..).unwrap_or_default();
    let is_bound = behind.iter().take(BOUND_WITHIN).any(bounds)
        || (end..=end + 1).any(|at| BOUNDS_CHINESE.iter().any(|word| opposite::stands_at(tokens, at, word)));
    let is_of_all = behind.first().is_some_and(|next| ALL_ENGLISH.contains(&next.lower.as_str()))
        || (end..=end + 1).any(|at| ALL_CHINESE.iter().any(|word| opposite::stands_at(tokens, at, word)));
    let breaks_down = word.starts_with("fail") && behind.first().is_none_or(|next| next.lower != "to");
    let is_within = WITHIN_WORDS.iter().any(|word| opposite::stands_at(tokens, start, word));
    let is_prefix = word == "非" && end == start + 1;
    !(is_reply || is_bound || is_of_all || breaks_down || is_within || is_prefix || word == "without")
}

/// Whether some tokens have a word that may deny.
fn may_deny(tokens: &[Token]) -> bool {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let stands = |word: &&&str| opposite::stands_at(tokens, at, word);
        if let Some(affirming) = AFFIRMING_CHINESE.iter().find(stands) {
            at += affirming.chars().count();
            continue;
        }
        let next = tokens.get(at + 1).map_or("", |next| next.lower.as_str());
        let is_idiom = ["not", "no"].contains(&token.lower.as_str()) && AFFIRMING_ENGLISH.contains(&next);
        if is_idiom {
            at += 2;
            continue;
        }
        if may_deny_at(tokens, at) {
            return true;
        }
        at += 1;
    }
    false
}

fn may_deny_at(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    match token.sort {
        Sort::Word => may_deny_in_english(&token.lower) || opposite::is_denying_verb(tokens, at),
        Sort::Han => DENYING_CHINESE.iter().any(|word| opposite::stands_at(tokens, at, word)),
        Sort::Digits | Sort::Code | Sort::Mark => false,
    }
}

fn may_deny_in_english(word: &str) -> bool {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| word.starts_with(beginning));
    word.ends_with("n't")
        || word.ends_with("less")
        || DENYING_ENGLISH.contains(&format!(" {word} "))
        || begins(&DENYING_BEGINNINGS)
        || word.starts_with("un") && !begins(&NOT_UN)
}

/// Whether an English claim names something, and its Chinese evidence, which leaves names in Latin letters, another: none
/// of these is in the claim, and the claim's is not there. Names that the evidence may have in Chinese characters are
/// left open (`CEO`, `Tesla` over `特斯拉`), and those of `question`.
pub(crate) fn names_another(claim: &str, evidence: &[&str], question: &str) -> bool {
    if is_chinese(claim) {
        return false;
    }
    let evidence: Vec<Vec<Token>> = evidence.iter().map(|text| token::tokens(text)).collect();
    let mut kept = BTreeSet::new();
    for tokens in &evidence {
        if has_name_in_chinese(tokens) {
            return false;
        }
        let foreign = |name: &Name| name.is_foreign(tokens);
        let (latin, chinese): (Vec<Name>, Vec<Name>) =
            name::names(tokens, true, |_| false).into_iter().partition(foreign);
        if chinese.iter().flat_map(|name| &name.parts).any(|part| !matches!(part, Part::Latin(_))) {
            return false;
        }
        kept.extend(latin.iter().flat_map(|name| &name.parts).filter_map(Part::latin).map(str::to_owned));
    }
    let tokens = token::tokens(claim);
    let is_kept = |token: &Token| {
        let word = token.lower.strip_suffix("'s").unwrap_or(&token.lower);
        kept.contains(word)
    };
    let may_be_translated = |name: &Name| {
        let mut words = name.parts.iter().filter_map(Part::latin);
        let is_word = |word: &str| TRANSLATED.contains(&format!(" {word} ")) || is_pinyin(word);
        words.clone().any(is_word) || words.all(name::is_used_in_chinese)
    };
    !kept.is_empty()
        && !tokens.iter().any(is_kept)
        && unheld(&tokens, false, &evidence, question).iter().any(|name| !may_be_translated(name))
}

/// Whether a claim has a name that its evidence in the other language cannot have in the same letters, or does not
/// have: no rule tells whether the same is meant. Those of `question` are left aside.
pub(crate) fn has_unproved_name(claim: &str, evidence: &[&str], question: &str) -> bool {
    let tokens = token::tokens(claim);
    let evidence: Vec<Vec<Token>> = evidence.iter().map(|text| token::tokens(text)).collect();
    if !is_chinese(claim) {
        return !unheld(&tokens, false, &evidence, question).is_empty();
    }
    let is_written = |name: &Name| name.parts.iter().any(|part| matches!(part, Part::Chinese(_)));
    unheld(&tokens, true, &evidence, question).iter().any(is_written)
        || (0..tokens.len()).any(|at| {
            chinese_name::person_at(&tokens, at).is_some_and(|person| !question.contains(person.as_str()))
        })
}

/// The names of a claim that neither the evidence nor the question has. A word that may have its capital of the
/// sentence alone (`Travel is approved`) is none: evidence in another language cannot have it.
fn unheld(tokens: &[Token], is_chinese: bool, evidence: &[Vec<Token>], question: &str) -> Vec<Name> {
    let mut words = Words::default();
    evidence.iter().for_each(|tokens| words.add(tokens));
    let asked = Question::of(question);
    let taken: Vec<Range<usize>> = readings(tokens).iter().map(|reading| reading.tokens().clone()).collect();
    let is_taken = |at: usize| taken.iter().any(|range| range.contains(&at));
    let mut names = name::names(tokens, is_chinese, is_taken);
    let may_be_word = |name: &Name| !is_chinese && begins_as_word(tokens, name);
    names.retain(|name| !may_be_word(name) && !words.hold(name) && !asked.brings(name));
    names
}

fn begins_as_word(tokens: &[Token], name: &Name) -> bool {
    let Range { start, end } = name.tokens;
    let is_plain = |token: &Token| !token.text.chars().skip(1).any(char::is_uppercase);
    end == start + 1 && name::starts_sentence(tokens, start) && tokens.get(start).is_some_and(is_plain)
}

/// Whether characters that stand for the sounds of a foreign name follow each other, or one that is not by its sound
/// is there.
fn has_name_in_chinese(tokens: &[Token]) -> bool {
    let is_sound = |token: &Token| token.single().is_some_and(|c| SOUNDS.contains(c));
    let stands = |at: usize| NOT_BY_SOUND.iter().any(|name| opposite::stands_at(tokens, at, name));
    tokens.windows(2).any(|pair| pair.iter().all(is_sound)) || (0..tokens.len()).any(stands)
}

/// Characters of foreign names that are rare side by side in other words.
const SOUNDS: &str = "艾奥巴贝伯布查达戴丹德迪蒂厄恩尔菲弗福戈葛哈赫霍吉加卡凯柯科克库拉莱朗劳勒雷利丽莉林卢鲁伦罗洛马迈曼梅蒙米密莫姆\
     穆纳娜奈尼诺努欧帕佩皮普奇乔切琼萨塞瑟森沙莎施斯苏索塔泰汤坦特提托瓦威韦维温沃乌西希谢辛休逊雅亚耶伊因尤约詹兹佐兰敦斯里波";
/// Foreign names, and those that have others in English.
const NOT_BY_SOUND: [&str; 20] = [
    "谷歌",
    "微软",
    "苹果",
    "丰田",
    "本田",
    "大众",
    "宝马",
    "奔驰",
    "西门子",
    "甲骨文",
    "高通",
    "三星",
    "诺基亚",
    "脸书",
    "联想",
    "腾讯",
    "中国",
    "长城",
    "故宫",
    "欧盟",
];
/// Abbreviations, languages and peoples that Chinese has words of its own for.
const TRANSLATED: &str = " vat gst gdp gnp gni cpi ngo ngos eu un uk us usa uae who wto imf nato oecd roi kpi kpis phd mba \
     msc dna rna hiv aids fda irs gmt utc english chinese mandarin cantonese german french spanish italian portuguese \
     russian arabic korean japanese dutch european american british asian african monday tuesday wednesday thursday friday \
     saturday sunday january february march april may june july august september october november december christmas \
     easter asia africa europe america ";
/// Longest word that is taken for romanised Chinese, and longest syllable.
const LONGEST_WORD: usize = 24;
const LONGEST_SYLLABLE: usize = 6;
/// What stands before the vowel of a syllable, a longer one before its parts, and what follows it.
const INITIALS: [&str; 23] = [
    "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z", "c",
    "s", "y", "w",
];
const FINALS: [&str; 33] = [
    "a", "o", "e", "i", "u", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ong", "ia", "ie", "iao",
    "iu", "ian", "in", "iang", "ing", "iong", "ua", "uo", "uai", "ui", "uan", "un", "uang", "ue", "er", "ve",
];
/// Syllables without one, and the initials that `o` follows.
const BARE: [&str; 12] = ["a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "er"];
const BEFORE_O: [&str; 7] = ["b", "p", "m", "f", "y", "w", "l"];

/// Whether a word in small letters may be romanised Chinese: one syllable or more.
fn is_pinyin(word: &str) -> bool {
    (1..=LONGEST_WORD).contains(&word.len()) && are_syllables(word)
}

/// Goes through the word once: at each place it is known whether syllables end there.
fn are_syllables(word: &str) -> bool {
    let mut ends = vec![true];
    for end in 1..=word.len() {
        let is_last =
            |start: usize| ends.get(start) == Some(&true) && word.get(start..end).is_some_and(is_syllable);
        let is_end = (end.saturating_sub(LONGEST_SYLLABLE)..end).any(is_last);
        ends.push(is_end);
    }
    ends.last() == Some(&true)
}

fn is_syllable(text: &str) -> bool {
    let is_final =
        |initial: &str, rest: &str| FINALS.contains(&rest) && (rest != "o" || BEFORE_O.contains(&initial));
    let begins = |initial: &&str| text.strip_prefix(*initial).is_some_and(|rest| is_final(initial, rest));
    BARE.contains(&text) || INITIALS.iter().any(begins)
}

#[cfg(test)]
mod tests;
