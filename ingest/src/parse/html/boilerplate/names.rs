//! Words that tell what is no text of a page: in the names of its parts, in labels, and in lines below its text.

use scraper::ElementRef;
use scraper::node::Element;

/// The words of an element's classes and, unless a generator names it after its heading, of its id.
pub(super) struct Names {
    words: Vec<String>,
}

impl Names {
    /// The words of `element`; none of a section that a generator of documentation made, or of a name that says how
    /// the page is laid out.
    pub(super) fn of(element: &Element) -> Self {
        let mut names: Vec<Vec<String>> =
            element.attr("class").unwrap_or_default().split_whitespace().map(split_name).collect();
        if names.iter().flatten().any(|word| word == "section") {
            return Self { words: Vec::new() };
        }
        if element.name() != "section" {
            names.push(split_name(element.attr("id").unwrap_or_default()));
        }
        let words = names.into_iter().filter(|name| !name.iter().any(|word| LAYOUT.contains(&word.as_str())));
        // Some write `sideBar` and `comment-list`, others `sidebar` and `commentlist`.
        let joined = |name: Vec<String>| {
            let pairs: Vec<String> = name.windows(2).map(|pair| pair.concat()).collect();
            name.into_iter().chain(pairs)
        };
        Self { words: words.flat_map(joined).collect() }
    }

    /// Whether one of `words` is among them.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }
}

/// `relatedPosts_box-2` as `related`, `posts`, `box`.
fn split_name(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && before.is_lowercase();
        if begins || !c.is_alphabetic() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphabetic()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether the text of a heading, or of a short line, is a label such as `相关推荐`, `共 2 条评论` or
/// `Related posts (3)`.
pub(super) fn is_label(element: ElementRef<'_>) -> bool {
    if !matches!(
        element.value().name(),
        "h2" | "h3" | "h4" | "h5" | "h6" | "p" | "div" | "strong" | "span" | "dt"
    ) {
        return false;
    }
    let text: String = element.text().flat_map(str::chars).take(60).collect();
    let text = text.trim().trim_end_matches(|c: char| !c.is_alphabetic()).to_lowercase();
    LABELS.contains(&text.as_str()) || LABELS.contains(&without_count(&text)) || {
        let counted = without_count(&text);
        counted.len() < text.len()
            && ["thought on", "thoughts on", "responses to"].iter().any(|l| counted.starts_with(l))
    }
}

/// The fewest entries below a label that are comments; `None` where it is the label of something else. `评论` alone may
/// be the heading of a section.
pub(super) fn comments_below(label: ElementRef<'_>) -> Option<usize> {
    let text: String = label.text().flat_map(str::chars).take(60).flat_map(char::to_lowercase).collect();
    let text = text.trim().trim_end_matches(|c: char| !c.is_alphabetic());
    let is_of_comments =
        ["评论", "留言", "comment", "thought", "response"].iter().any(|word| text.contains(word));
    let is_plain = matches!(text, "评论" | "留言" | "comment" | "comments");
    is_of_comments.then_some(if is_plain { 2 } else { 1 })
}

/// `共 2 条评论` as `评论`, `3 comments` as `comments`; `3.2 Comments` is a section's heading and stays.
fn without_count(text: &str) -> &str {
    let rest = text.strip_prefix('共').unwrap_or(text).trim_start();
    let counted = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_counted =
        counted.len() < rest.len() && counted.starts_with(|c: char| c.is_whitespace() || !c.is_ascii());
    if !is_counted {
        return text;
    }
    let counted = counted.trim_start();
    counted.strip_prefix(['条', '个', '篇', '则']).unwrap_or(counted)
}

/// Whether a line beginning so leads to another page.
pub(super) fn is_turn(start: &str) -> bool {
    TURNS.iter().any(|label| start.starts_with(label))
}

/// Whether a line beginning so is a notice below a text.
pub(super) fn is_notice(start: &str) -> bool {
    NOTICES.iter().any(|label| start.starts_with(label))
}

/// Whether a line without blanks asks the reader to follow the author, not to use what the page is about.
pub(super) fn is_call(text: &str) -> bool {
    let asks = ["扫码", "扫描", "长按", "点击", "点个", "识别", "微信扫", "欢迎关注", "关注公众号"];
    let follows = [
        "公众号",
        "关注我",
        "点关注",
        "名片，",
        "赞赏",
        "打赏",
        "在看”",
        "“在看",
        "加客服微信",
        "分享给更多",
        "更多干货",
        "阅读原文",
    ];
    asks.iter().any(|ask| text.starts_with(ask)) && follows.iter().any(|follow| text.contains(follow))
}

/// Whether a line without blanks says where a text comes from, and whom to ask to take it down.
pub(super) fn is_reprint(text: &str) -> bool {
    const BEGINS: &[&str] = &[
        "本文",
        "文章",
        "图文",
        "图片",
        "内容",
        "来源",
        "转载",
        "声明",
        "免责声明",
        "版权",
        "部分",
        "如有",
        "如涉",
        "侵权",
    ];
    BEGINS.iter().any(|start| text.starts_with(start))
        && ["侵权", "联系", "删"].iter().all(|word| text.contains(word))
}

/// Whether a text without blanks wants to sell something.
pub(super) fn is_pitch(text: &str) -> bool {
    const PITCHES: &[&str] = &[
        "限时",
        "立减",
        "抢购",
        "优惠",
        "特惠",
        "下单",
        "促销",
        "大促",
        "折扣",
        "热销",
        "广告",
        "buynow",
        "%off",
        "freetrial",
        "limitedoffer",
        "learnmore",
        "ordernow",
        "shopnow",
        "signup",
        "advertisement",
        "sponsoredby",
    ];
    PITCHES.iter().any(|pitch| text.contains(pitch))
}

/// Whether a line without blanks consists of counters of a blog: `阅读(123)评论(2)`, `随笔-123文章-0`.
pub(super) fn is_counters(text: &str) -> bool {
    const COUNTED: &[&str] =
        &["随笔", "文章", "评论", "阅读", "浏览", "点赞", "收藏", "推荐", "粉丝", "访问"];
    if text.contains(['，', '。', '；', ',']) || text.contains("作者") {
        return false;
    }
    let counters = COUNTED.iter().filter(|word| {
        let after =
            text.split(**word).nth(1).map(|after| after.trim_start_matches(['-', ':', '：', '(', '（', '|']));
        after.is_some_and(|after| {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            // `文章 12 篇` is a sentence's.
            rest.len() < after.len()
                && !rest.starts_with(['条', '个', '篇', '次', '万', '人', '年', '月', '.', '%'])
        })
    });
    counters.count() > 1
}

/// Words in a name that say how a page is laid out: `content-with-sidebar`, `no-sidebar`.
const LAYOUT: &[&str] = &["has", "have", "layout", "no", "with", "without"];

/// Words in the names of parts that are no text of the page, whatever they hold.
pub(super) const CERTAIN: &[&str] = &[
    "adbanner",
    "adbox",
    "adcontainer",
    "adsbox",
    "adsbygoogle",
    "adslot",
    "adunit",
    "advert",
    "advertisement",
    "adwrapper",
    "breadcrumb",
    "breadcrumbs",
    "commentlist",
    "disqus",
    "guanggao",
    "pagination",
    "relatedposts",
];

/// Words in the names of what stands beside a text.
pub(super) const SIDE: &[&str] = &["cebian", "cebianlan", "sidebar"];

/// Words in the names of advertising that mean other things, too: AD is a directory service.
pub(super) const ADVERTISING: &[&str] = &["ad", "ads", "promo", "sponsor", "sponsored", "tuiguang"];

/// Words in the names of other parts that are no text of the page, unless it is about them.
pub(super) const TOPICS: &[&str] = &[
    "comment",
    "comments",
    "cookie",
    "liuyan",
    "newsletter",
    "pinglun",
    "recommend",
    "recommendation",
    "recommendations",
    "recommended",
    "related",
    "respond",
    "tuijian",
    "xiangguan",
];

/// Words in the names of entries that people wrote below a text.
pub(super) const PEOPLE: &[&str] =
    &["author", "avatar", "commenter", "nickname", "reply", "touxiang", "username", "vcard"];

/// Words that may mean something else; other signs are asked for too.
pub(super) const WEAK: &[&str] = &[
    "banner",
    "caidan",
    "copyright",
    "daohang",
    "fenxiang",
    "footer",
    "hot",
    "lang",
    "language",
    "languages",
    "link",
    "links",
    "menu",
    "nav",
    "navbar",
    "navigation",
    "navigator",
    "next",
    "pager",
    "popular",
    "prev",
    "rank",
    "share",
    "sharing",
    "social",
    "subscribe",
    "toolbar",
    "widget",
];

/// Beginnings of lines that lead to other pages.
const TURNS: &[&str] = &[
    "上一篇",
    "下一篇",
    "上一章",
    "下一章",
    "上一页",
    "下一页",
    "previouspost",
    "nextpost",
    "olderpost",
    "newerpost",
];

/// Beginnings of notices below a text.
const NOTICES: &[&str] = &[
    "版权声明",
    "著作权归",
    "本文链接：",
    "本文版权归",
    "转载请注明",
    "未经允许不得转载",
    "广告：",
    "【广告】",
];

/// Labels above lists of other pages, and above comments.
const LABELS: &[&str] = &[
    "相关推荐",
    "相关阅读",
    "相关文章",
    "相关链接",
    "相关新闻",
    "推荐阅读",
    "推荐文章",
    "延伸阅读",
    "猜你喜欢",
    "你可能喜欢",
    "你可能还喜欢",
    "你可能感兴趣",
    "您可能感兴趣",
    "大家都在看",
    "为您推荐",
    "热门推荐",
    "热门文章",
    "最新文章",
    "更多文章",
    "往期推荐",
    "往期精选",
    "往期回顾",
    "评论",
    "网友评论",
    "最新评论",
    "热门评论",
    "精彩评论",
    "全部评论",
    "评论列表",
    "评论区",
    "发表评论",
    "发表回复",
    "文章评论",
    "留言",
    "精选留言",
    "comment",
    "comments",
    "leave a comment",
    "leave a reply",
    "more from this author",
    "popular posts",
    "read next",
    "recommended",
    "related articles",
    "related posts",
    "related stories",
    "share this",
    "you may also like",
    "you might also like",
];
