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

#[test]
fn what_a_page_is_about_is_kept_whatever_its_class() {
    let text = ENGLISH.repeat(6);
    check(
        &format!(
            "<body><h1>Audit</h1><div class=findings><p>{text}</p></div>\
             <div class=recommendations><h2>Recommendations</h2><p>Replace all vehicles by 2027.</p><p>Approve a budget.</p></div>\
             <div class=related><h2>Related party transactions</h2><p>The company sold land to its director.</p></div>\
             <div class=comment>Management comment: we accept the finding.</div>\
             <section class=sponsor-info><p>The study was funded by the ministry.</p></section>\
             <div class=content-with-sidebar><h2>Leave</h2><p>A policy in a layout.</p></div>"
        ),
        &["Replace all", "sold land", "we accept", "funded by", "policy in a layout"],
        &[],
    );
}

#[test]
fn another_sign_tells_boilerplate_from_text() {
    let text = ENGLISH.repeat(6);
    check(
        &format!(
            "<body><div class=main><h1>T</h1><p>{text}</p></div>\
             <div class=comments><div><b class=author>Bob</b><p>First!</p></div><div><b class=author>Ann</b><p>Second!</p></div></div>\
             <div class=related><a href=1>Another page</a><a href=2>A third page</a></div>\
             <div class=newsletter>Our letters<form><input></form></div>\
             <div class=ad-setup><p>Join the computer to the AD domain.</p></div>\
             <div class=sponsored><p>Limited offer: buy now and save.</p></div>\
             <div id=sideBar><h3>Notice board</h3><p>Owner: Ann, five years with us.</p></div>"
        ),
        &["ten days", "AD domain"],
        &["First!", "Second!", "Another page", "Our letters", "Limited offer", "Notice board"],
    );
}

#[test]
fn chinese_pages_lose_advertising_calls_and_comments() {
    let text = "员工入职满一年后，每个自然年享有十天带薪年假，应当至少提前两周在系统中提出申请。".repeat(6);
    check(
        &format!(
            "<body><div id=head><p>随笔 - 123 文章 - 0 评论 - 45</p></div><div class=wrapper><div class=article>\
             <h1>年假制度</h1><p>点击右上角的分享按钮，扫描二维码登录系统。</p><p>{text}</p><p>本月文章 12 篇，评论 30 条。</p>\
             <p>{text}</p><p>扫码关注公众号“人力资源”，回复“年假”领取资料！</p>\
             <p>点击下方名片，关注我们，获取更多干货！</p><p>长按识别二维码，添加客服微信领取《员工手册模板》</p>\
             <p>点个“在看”，分享给更多人</p><div class=ad-box><p>限时优惠：购买课程立减100元，名师亲授。</p></div>\
             <div class=tuijian><p>广告：双十一大促，全场五折，赶快下单吧。</p></div></div>\
             <div>posted @ 2024-03-01 10:00 阅读(123) 评论(2)</div>\
             <div class=pinglun><h3>共 2 条评论</h3><div class=item><b>李四</b><p>写得很好，学习了。</p></div></div>\
             <div class=xiangguan><h3>你可能还喜欢</h3><ul><li><a href=1>加班费怎么算</a></li></ul></div></div>"
        ),
        &["年假制度", "分享按钮", "本月文章", &text],
        &[
            "随笔",
            "公众号",
            "名片",
            "客服微信",
            "在看",
            "课程",
            "双十一",
            "posted",
            "李四",
            "共 2 条",
            "加班费",
        ],
    );
}

#[test]
fn comments_without_names_of_their_parts_are_told_by_their_entries() {
    let text = "员工入职满一年后，每个自然年享有十天带薪年假，应当至少提前两周在系统中提出申请。".repeat(6);
    let page = |below: &str| format!("<body><div class=post><h1>年假制度</h1><p>{text}</p></div>{below}");
    check(
        &page(
            "<div class=cmt><h3>网友评论</h3><ul><li>张三：写得很好，学习了。2024-03-16 10:22</li><li>李四：怎么申请？2024-03-17 09:01</li></ul></div>\
             <div class=box><h3>最新评论</h3><p>王五：感谢分享 2024-03-18</p></div>\
             <div class=pl><h3>评论</h3><div>赵六：不错 3天前</div><div>孙七：沙发 2024年3月17日</div><p>附则自公布之日起施行。</p></div>\
             <p>本文转载自某公众号，如有侵权请联系删除。</p><p>点击阅读原文，立即领取优惠券！</p>",
        ),
        &["年假制度", &text, "附则自公布"],
        &["张三", "李四", "王五", "赵六", "孙七", "评论", "转载自", "优惠券"],
    );
    // What is written about comments stays, and so do minutes.
    let kept = "<h3>评论</h3><p>张三：建议于 2024-03-16 起实行。</p><p>各部门的评论应当在两周内提交。</p>\
                <h3>会议记录</h3><p>李四：同意 2024-03-17</p><p>王五：反对 2024-03-17</p><p>如发现侵权内容，平台应当删除。</p>";
    check(&page(kept), &["张三", "各部门的评论", "李四", "王五", "侵权内容"], &[]);
}

#[test]
fn pages_that_nest_deep_keep_all() {
    let links = "<div class=sidebar><a href=1>One other page</a><a href=2>Two other pages</a></div>";
    let page = |levels: usize| {
        let paragraphs = format!("<p>{ENGLISH}</p>").repeat(5);
        format!(
            "<body><h1>Leave</h1>{paragraphs}{links}{}deep{}",
            "<b>".repeat(levels),
            "</b>".repeat(levels)
        )
    };
    check(&page(200), &["Leave", ENGLISH.trim(), "deep"], &["other page"]);
    check(&page(300), &["Leave", ENGLISH.trim(), "deep", "Two other pages"], &[]);
    let related = "<div class=related>".repeat(3_000);
    check(&format!("<body>{related}{}", ENGLISH.repeat(5)), &[ENGLISH.trim()], &[]);
}
