//! Pages and what is kept of them.

use crate::parse::html::tests::read;

const ENGLISH: &str =
    "Every employee has ten days of paid leave in each calendar year, and asks for them two weeks ahead. ";

#[track_caller]
fn check(page: &str, kept: &[&str], left_out: &[&str]) {
    let document = read(page);
    for text in kept {
        assert!(document.text.contains(text), "{text} is lost: {}", document.text);
    }
    for text in left_out {
        assert!(!document.text.contains(text), "{text} is there: {}", document.text);
    }
    let told = document.warnings.iter().any(|w| w.message.contains("letters were left out"));
    assert_eq!(told, !left_out.is_empty());
}

#[test]
fn a_chinese_blog_page_keeps_its_text_only() {
    let text =
        "员工入职满一年后，每个自然年享有十天带薪年假，应当至少提前两周在系统中提出申请，由直属主管批准。";
    let paragraphs = format!("<p>{text}</p>").repeat(5);
    check(
        &format!(
            "<body><div class='top-menu'><a href=/>首页</a><a href=/a>技术</a><a href=/b>生活</a></div>\
             <div id=wrap><div class=left><h1>年假制度说明</h1><p class=info>作者：李雷 2026-11-27</p>\
             <div class=post-body>{paragraphs}<h2>评论</h2><p>评论员每季度评论一次制度的执行情况，并且向全体员工公布结果和建议。</p>\
             <table><tr><td>工龄<td>天数<tr><td>1<td>10</table></div>\
             <p>版权声明：本文为博主原创文章，转载请附上原文出处链接。</p>\
             <p>上一篇：<a href=1>旧的文章</a></p><p>下一篇：<a href=2>新的文章</a></p>\
             <h3>相关推荐</h3><ul><li><a href=3>别人的文章一</a></li><li><a href=4>别人的文章二</a></li></ul>\
             <div class='comment-list'><h3>全部评论(2)</h3><div>韩梅梅：{text}写得真好</div></div></div>\
             <div class=right-sidebar><h3>热门文章</h3><a href=5>热门之一</a><p>广告：{text}</p></div></div>\
             <div class=footer>京ICP备<a href=6>友情链接</a></div>"
        ),
        &["年假制度说明", "作者：李雷", text, "评论员每季度", "| 工龄 | 天数 |"],
        &[
            "首页",
            "版权声明",
            "旧的文章",
            "新的文章",
            "相关推荐",
            "别人的文章",
            "韩梅梅",
            "热门之一",
            "广告",
            "友情链接",
        ],
    );
}

#[test]
fn an_english_page_loses_its_sidebar_and_more_comments_than_text() {
    let (text, comments) = (ENGLISH.repeat(6), format!("<li>Bob: {}</li>", ENGLISH.repeat(3)).repeat(5));
    check(
        &format!(
            "<body><div class=content><h1>Leave</h1><p>{text}</p><h2>Comments</h2><p>Comments in code begin with a hash.</p>\
             <div class=share-links><a>Tweet</a><a>Mail</a></div><h2>Related posts</h2><div><a>Other things</a></div>\
             <h2>Sources</h2><p>The law.</p></div><ol class=commentlist>{comments}</ol>\
             <div class=widget-area><p>Short words on us</p><a>Archive</a></div>"
        ),
        &["Leave", "ten days", "begin with a hash", "Sources", "The law."],
        &["Bob", "Tweet", "Other things", "Archive"],
    );
}

#[test]
fn a_page_without_a_main_text_keeps_all() {
    let links = "<li><a href=x>A link to a page with a rather long name</a></li>".repeat(30);
    check(
        &format!(
            "<body><div class=sidebar>Side</div><ul class=links>{links}</ul><h3>相关推荐</h3><a>其他</a>"
        ),
        &["A link", "Side", "其他"],
        &[],
    );
    let rows = "<tr><td>Name of it</td><td><a href=x>12 days</a></td></tr>".repeat(50);
    check(&format!("<body><div class=related><table>{rows}</table></div>"), &["12 days"], &[]);
}

#[test]
fn names_of_sections_and_of_layouts_are_no_boilerplate() {
    let text = ENGLISH.repeat(6);
    check(
        &format!(
            "<body class='has-sidebar'><div class='related-layout'><h1>T</h1><p>{text}</p></div>\
             <section id=comments><h2>Comments</h2><p>{text}of comments</p></section>\
             <div class=section id=related><h2>Related</h2><p>Words on what is related</p></div>"
        ),
        &["ten days", "of comments", "what is related"],
        &[],
    );
}

#[test]
fn deep_and_wide_pages_are_read_in_time() {
    let deep = format!("{}{}", "<div class=comments>".repeat(3_000), ENGLISH.repeat(10));
    assert!(read(&deep).text.contains("ten days"));
    let wide = format!("<p>{}</p>{}", ENGLISH.repeat(10), "<div class=comments><a>x</a></div>".repeat(5_000));
    assert!(read(&wide).text.contains("ten days"));
}
