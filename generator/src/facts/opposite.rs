//! Words that negate, and pairs of words that mean opposites, in English and Chinese.
//!
//! To add a pair, add a line to [`PAIRS`]: both sides' words apart by blanks, every form spelled out.
//! Only pairs whose swap makes a true sentence false belong here; `buy` and `sell` do not, as the same
//! deal is both.

use std::ops::Range;

use super::token::{Sort, Token};

/// A word that negates.
#[derive(Debug, Clone)]
pub(super) struct Cue {
    pub(super) tokens: Range<usize>,
}

/// A word of a pair of opposites.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pair: usize,
    left: bool,
    pub(super) tokens: Range<usize>,
    /// The two words before it and the two behind it.
    around: [Option<String>; 4],
}

impl Side {
    pub(super) fn opposes(&self, other: &Side) -> bool {
        self.pair == other.pair && self.left != other.left
    }

    pub(super) fn agrees(&self, other: &Side) -> bool {
        self.pair == other.pair && self.left == other.left
    }

    /// How many of the words around it stand around `other` in the same place.
    pub(super) fn shared_context(&self, other: &Side) -> usize {
        let pairs = self.around.iter().zip(&other.around);
        pairs.filter(|(mine, other)| mine.is_some() && mine == other).count()
    }
}

const ENGLISH_CUES: &str = " not n't never no none neither nor without cannot nobody nowhere lack lacks lacked lacking \
     fail fails failed refuse refuses refused deny denies denied unable ";

/// What follows a negating word that negates nothing.
const ENGLISH_NO_CUES: [(&str, &str); 12] = [
    ("not", "only"),
    ("not", "just"),
    ("not", "merely"),
    ("not", "simply"),
    ("not", "least"),
    ("not", "necessarily"),
    ("no", "doubt"),
    ("no", "matter"),
    ("no", "one"),
    ("no", "."),
    ("without", "doubt"),
    ("not", "surprisingly"),
];

const CHINESE_CUES: [&str; 27] = [
    "尚未",
    "并不是",
    "并没有",
    "并非",
    "并不",
    "并未",
    "不是",
    "没有",
    "无法",
    "无须",
    "无需",
    "不能",
    "不会",
    "不再",
    "不可",
    "不得",
    "不予",
    "不",
    "没",
    "未",
    "无",
    "非",
    "拒绝",
    "否认",
    "禁止",
    "缺乏",
    "勿",
];

/// Words that hold a negating character and negate nothing, or ask.
const CHINESE_NO_CUES: [&str; 84] = [
    "不但",
    "不仅",
    "不断",
    "不同",
    "不少",
    "不久",
    "不过",
    "不管",
    "不论",
    "不然",
    "不禁",
    "不免",
    "不得不",
    "不可或缺",
    "不错",
    "不愧",
    "不妨",
    "差不多",
    "不等",
    "不惜",
    "不止",
    "不已",
    "不锈钢",
    "不动产",
    "不丹",
    "不列颠",
    "不朽",
    "不只",
    "不单",
    "不光",
    "不料",
    "不幸",
    "不满",
    "不足",
    "不良",
    "不知不觉",
    "不约而同",
    "不时",
    "不解",
    "不安",
    "不休",
    "对不起",
    "是不是",
    "能不能",
    "会不会",
    "无论",
    "无数",
    "无线",
    "无锡",
    "无人机",
    "无疑",
    "无双",
    "无不",
    "无非",
    "无尽",
    "无穷",
    "无产",
    "无限",
    "无比",
    "无机",
    "无损",
    "无意",
    "无名",
    "无敌",
    "非常",
    "非洲",
    "非凡",
    "南非",
    "北非",
    "东非",
    "西非",
    "除非",
    "是非",
    "非政府",
    "非营利",
    "非物质",
    "非法",
    "未来",
    "未免",
    "未知",
    "没收",
    "沉没",
    "淹没",
    "出没",
];

/// Pairs of opposites; a word may stand in one pair only.
const PAIRS: [(&str, &str); 57] = [
    (
        "increase increases increased increasing rise rises rose risen rising grow grows grew grown growing",
        "decrease decreases decreased decreasing decline declines declined declining fall falls fell fallen drop \
         drops dropped reduce reduces reduced shrink shrank",
    ),
    ("higher", "lower"),
    ("highest", "lowest"),
    ("largest biggest greatest", "smallest"),
    ("larger bigger greater", "smaller"),
    ("longest", "shortest"),
    ("longer", "shorter"),
    ("oldest", "youngest newest"),
    ("older", "younger newer"),
    ("earliest", "latest"),
    ("earlier", "later"),
    ("more", "less fewer"),
    ("most", "least fewest"),
    ("above", "below"),
    ("maximum", "minimum"),
    ("before", "after"),
    ("first", "last"),
    ("often frequently usually always", "seldom rarely"),
    (
        "allowed permitted allows permits allow permit",
        "prohibited forbidden banned prohibits forbids bans prohibit forbid ban",
    ),
    ("able", "unable"),
    ("possible", "impossible"),
    ("legal lawful", "illegal unlawful"),
    ("accept accepts accepted", "reject rejects rejected refuse refuses refused"),
    ("include includes included including", "exclude excludes excluded excluding"),
    ("enabled enable enables", "disabled disable disables"),
    ("begin begins began begun start starts started", "end ends ended finish finished stop stopped"),
    ("open opens opened", "close closes closed"),
    ("successful success succeeded succeed succeeds", "unsuccessful failure failed fail fails"),
    ("positive", "negative"),
    ("public", "private"),
    ("internal", "external"),
    ("mandatory required compulsory", "optional voluntary"),
    ("strong stronger strongest", "weak weaker weakest"),
    ("major majority", "minor minority"),
    ("true", "false"),
    ("northern north", "southern south"),
    ("eastern east", "western west"),
    ("left", "right"),
    ("male men man", "female women woman"),
    ("增加 增长 增多 上升 上涨 升高 提高 提升 增至 升至", "减少 下降 下跌 降低 下滑 降至 减至"),
    ("允许 可以 准许 许可", "禁止 不得 不准 严禁"),
    ("最高", "最低"),
    ("最大", "最小"),
    ("最多", "最少"),
    ("最早", "最晚"),
    ("高于 大于 多于 超过", "低于 小于 少于 不足"),
    ("以上", "以下"),
    ("之前 以前", "之后 以后"),
    ("开始", "结束 停止"),
    ("成功", "失败"),
    ("支持 赞成", "反对"),
    ("同意 接受", "拒绝"),
    ("必须", "无需 不必 无须"),
    ("有效", "无效"),
    ("公开", "秘密 保密"),
    ("扩大", "缩小"),
    ("加强 增强", "削弱 减弱"),
];

/// Beginnings of verbs that may deny what follows them, though they are no negations.
const ENGLISH_DENYING: [&str; 16] = [
    "ceas",
    "disappear",
    "stop",
    "prevent",
    "avoid",
    "exclud",
    "prohibit",
    "forb",
    "bann",
    "abolish",
    "cancel",
    "reject",
    "lost",
    "remov",
    "except",
    "only",
];
const CHINESE_DENYING: [&str; 10] =
    ["取消", "停止", "避免", "防止", "消失", "排除", "除外", "杜绝", "废除", "只"];

/// Words before which an English clause ends.
pub(super) fn starts_clause(lower: &str) -> bool {
    [
        "but", "although", "though", "while", "whereas", "because", "however", "which", "who", "rather",
        "instead",
    ]
    .contains(&lower)
}

/// Whether the mark at `at` is that of a number's `No.`
pub(super) fn numbers(tokens: &[Token], at: usize) -> bool {
    let token = |at: usize| tokens.get(at);
    let is_number = token(at + 1).is_some_and(|next| next.sort == Sort::Digits);
    let before = at.checked_sub(1).and_then(token);
    is_number && token(at).is_some_and(|mark| mark.is('.')) && before.is_some_and(|word| word.lower == "no")
}

/// Whether a verb that may deny what follows stands at `at`.
pub(super) fn is_denying_verb(tokens: &[Token], at: usize) -> bool {
    let begins = |token: &Token| ENGLISH_DENYING.iter().any(|verb| token.lower.starts_with(verb));
    tokens.get(at).is_some_and(begins) || CHINESE_DENYING.iter().any(|verb| stands_at(tokens, at, verb))
}

/// The words of some tokens that negate.
pub(super) fn cues(tokens: &[Token]) -> Vec<Cue> {
    let mut cues = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(len) = longest(tokens, at, &CHINESE_NO_CUES).filter(|_| is_han(tokens, at)) {
            at += len;
            continue;
        }
        let len = longest(tokens, at, &CHINESE_CUES).or_else(|| is_english_cue(tokens, at).then_some(1));
        if let Some(len) = len {
            cues.push(Cue { tokens: at..at + len });
        }
        at += len.unwrap_or(1);
    }
    cues
}

/// How many of the `cues` of some tokens deny something of their own: `neither … nor` and `no … and no …` deny once.
pub(super) fn denials(tokens: &[Token], cues: &[Cue]) -> usize {
    let is_listed = |cue: &&Cue| {
        tokens
            .get(cue.tokens.start)
            .is_some_and(|token| ["neither", "nor", "no"].contains(&token.lower.as_str()))
    };
    let listed = cues.iter().filter(is_listed).count();
    cues.len() - listed + listed.min(1)
}

/// The words of some tokens that have an opposite.
pub(super) fn sides(tokens: &[Token]) -> Vec<Side> {
    let mut sides = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let side = side_at(tokens, at);
        at = side.as_ref().map_or(at + 1, |side| side.tokens.end);
        sides.extend(side);
    }
    sides
}

fn side_at(tokens: &[Token], at: usize) -> Option<Side> {
    let token = tokens.get(at)?;
    PAIRS.iter().enumerate().find_map(|(pair, (left, right))| {
        let len = |words: &str| {
            words.split(' ').find_map(|word| match token.sort {
                Sort::Han => stands_at(tokens, at, word).then(|| word.chars().count()),
                Sort::Word => (token.lower == word).then_some(1),
                Sort::Digits | Sort::Code | Sort::Mark => None,
            })
        };
        let (len, left) = len(left).map(|len| (len, true)).or_else(|| len(right).map(|len| (len, false)))?;
        Some(Side { pair, left, tokens: at..at + len, around: around(tokens, at..at + len) })
    })
}

fn around(tokens: &[Token], range: Range<usize>) -> [Option<String>; 4] {
    let is_word = |token: &&Token| token.sort != Sort::Mark;
    let mut before = tokens.get(..range.start).unwrap_or_default().iter().rev().filter(is_word);
    let mut behind = tokens.get(range.end..).unwrap_or_default().iter().filter(is_word);
    let mut word = |is_before: bool| {
        let next = if is_before { before.next() } else { behind.next() };
        next.map(|token| token.lower.clone())
    };
    [word(true), word(true), word(false), word(false)]
}

fn is_han(tokens: &[Token], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| token.sort == Sort::Han)
}

/// The length of the longest of `words` that stands at `at`, or around it.
fn longest(tokens: &[Token], at: usize, words: &[&str]) -> Option<usize> {
    words.iter().filter(|word| stands_at(tokens, at, word)).map(|word| word.chars().count()).max()
}

/// Whether the Chinese characters of `word` stand at `at`.
pub(super) fn stands_at(tokens: &[Token], at: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(i, c)| tokens.get(at + i).is_some_and(|token| token.is(c)))
}

fn is_english_cue(tokens: &[Token], at: usize) -> bool {
    let lower = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let word = lower(at);
    let negates = word.ends_with("n't") || ENGLISH_CUES.contains(&format!(" {word} "));
    let idiom = ENGLISH_NO_CUES.iter().any(|(first, second)| *first == word && *second == lower(at + 1));
    let asks = word == "not" && lower(at.wrapping_sub(1)) == "or";
    negates
        && !word.is_empty()
        && tokens.get(at).is_some_and(|token| token.sort == Sort::Word)
        && !idiom
        && !asks
}
