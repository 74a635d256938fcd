//! What goes in as HTML and what comes out.

use footnote_core::parsed::BlockKind;

use super::*;

pub(super) fn read(html: &str) -> ParsedDocument {
    parse(html.as_bytes(), &ParseLimits::default()).unwrap()
}

#[test]
fn main_content_is_kept_and_the_rest_left_out() {
    let document = read(
        "<!doctype html><title>Leave  policy</title><body><nav>Home | About</nav><header>Banner</header>\
         <main><header><h1>年假</h1></header><p>Ten&nbsp;days<br>per <b>year</b>.</p>\
         <p style='display: none'>hidden</p><div hidden>hidden</div><span aria-hidden=true>hidden</span>\
         <ol start=3><li>three<ul><li>inner</ul><li>four</ol><blockquote>said</blockquote>\
         <pre>a\n  b</pre><table><tr><th>Year<th colspan=2>Days</tr><tr><td>1<td>10<td>11</table></main>\
         <script>var x</script><noscript>no</noscript><footer>(c)</footer>",
    );
    assert_eq!(document.title.as_deref(), Some("Leave policy"));
    assert_eq!(
        document.text,
        "年假\n\nTen days\nper year.\n\n3. three\n\n- inner\n\n4. four\n\nsaid\n\na\n  b\n\n\
         | Year | Days | Days |\n| --- | --- | --- |\n| 1 | 10 | 11 |"
    );
    let kinds: Vec<_> = document.blocks.iter().map(|b| b.kind).collect();
    use BlockKind::{Code, Heading, ListItem, Paragraph, Quote, Table};
    assert_eq!(kinds, [Heading, Paragraph, ListItem, ListItem, ListItem, Quote, Code, Table]);
}

#[test]
fn a_small_main_does_not_stand_for_the_page() {
    let long = "words of the page ".repeat(20);
    let document = read(&format!("<body><main>tiny</main><p>{long}</p>"));
    assert!(document.text.contains("words of the page"));
    // Half of the letters do not stand for the page either.
    let document = read(&format!("<body><main>{long}</main><p>What {long} beside it</p>"));
    assert!(document.text.contains("beside it"));
}

#[test]
fn notes_of_an_article_are_text_and_what_is_left_out_is_counted() {
    let document = read(
        "<body><nav>Home</nav><article><p>Ten days of leave in each year</p><aside>Except in 2020</aside>\
         <footer>Source: law</footer></article><aside>Ads</aside><footer>Imprint</footer>",
    );
    assert_eq!(document.text, "Ten days of leave in each year\n\nExcept in 2020\n\nSource: law");
    let message = &document.warnings[0].message;
    assert!(message.starts_with("14 of 59 letters were left out"), "{message}");
    assert_eq!(document.warnings[0].kind, WarningKind::Note, "it is no part of the article");
    assert!(read("<body><p>All of it</p>").warnings.is_empty());
}

#[test]
fn line_ends_between_chinese_characters_are_no_blanks() {
    assert_eq!(
        read("<p>员工每年\n  享有<b>\n十天</b>\n年假\nand more\nof it</p>").text,
        "员工每年享有十天年假 and more of it"
    );
}

#[test]
fn layout_tables_are_read_as_blocks() {
    let document = read("<table><tr><td><p>one</p><p>two</p><table><tr><td>a<td>b</table></td></tr></table>");
    assert_eq!(document.text, "one\n\ntwo\n\n| a | b |\n| --- | --- |");
}

#[test]
fn layouts_stay_layouts_where_a_cell_holds_a_page() {
    let page = "<h2>Leave</h2><p>Ten days.</p><table><tr><td>a<td>b</table>";
    let document =
        read(&format!("<table><tr><th>Logo<th>Banner</tr><tr><td>Menu<td>{page}</td></tr></table>"));
    assert!(
        document.text.ends_with("Menu\n\nLeave\n\nTen days.\n\n| a | b |\n| --- | --- |"),
        "{document:?}"
    );
    let text = "words of the page ".repeat(20);
    let document = read(&format!(
        "<table><tr><td>one<td>two</tr><tr><td>{text}<td><table><tr><td>a<td>b</table></td></tr></table>"
    ));
    assert!(document.text.starts_with("one\n\ntwo\n\nwords of"), "{document:?}");
}

#[test]
fn a_table_within_a_cell_of_data_is_the_text_of_the_cell() {
    let inner = "see <table><tr><td>Ulm<td>6</tr><tr><td>Bonn<td>4</tr></table>";
    let rows = format!("<tr><td>East<td>10<td>{inner}</td></tr><tr><td>West<td>11<td>none</tr>");
    let cells = "| East | 10 | see Ulm 6 Bonn 4 |";
    let named = read(&format!("<table><tr><th>Region<th>Revenue<th>Notes</tr>{rows}</table><p>after"));
    assert_eq!(
        named.text,
        format!("| Region | Revenue | Notes |\n| --- | --- | --- |\n{cells}\n| West | 11 | none |\n\nafter")
    );
    let alike = read(&format!("<table><tr><td><table>{rows}</table></td></tr></table><p>after"));
    assert_eq!(alike.text, format!("{cells}\n| --- | --- | --- |\n| West | 11 | none |\n\nafter"));
}

#[test]
fn a_head_of_groups_and_names_is_one_row() {
    let read = |groups: &str, names: &str| {
        let head = format!("<thead><tr>{groups}</tr><tr>{names}</tr></thead>");
        read(&format!("<table>{head}<tbody><tr><td>East<td>10<td>2</tr></tbody></table>")).text
    };
    let body = "| --- | --- | --- |\n| East | 10 | 2 |";
    let region = "<th rowspan=2>Region";
    assert_eq!(
        read(&format!("{region}<th colspan=2>2024<br>(<b>USD</b>)"), "<th>Revenue<th>Profit"),
        format!("| Region | 2024 (USD) Revenue | 2024 (USD) Profit |\n{body}")
    );
    assert_eq!(
        read("<th><th colspan=2>2024", "<th>Region<th>Revenue<th>Profit"),
        format!("| Region | 2024 Revenue | 2024 Profit |\n{body}")
    );
    // What does not fit together is left as it is.
    let kept = read(&format!("{region}<th colspan=2>2024"), "<th>Revenue");
    assert!(kept.starts_with("| Region | 2024 | 2024 |\n"), "{kept}");
    let wide = format!("<th colspan={}>2024", usize::MAX);
    assert!(read(&wide, "<th>Revenue").starts_with("| 2024 | 2024 | 2024 |"));
}

#[test]
fn charset_comes_from_the_page() {
    let page = "<html><head><meta charset=gb2312></head><body><p>年假</p></body></html>";
    let document = parse(&encoding_rs::GBK.encode(page).0, &ParseLimits::default()).unwrap();
    assert_eq!(document.text, "年假");
    for (head, expected) in [
        ("<meta http-equiv='Content-Type' content='text/html; charset=big5'>", Some(encoding_rs::BIG5)),
        ("<script charset=gbk></script><meta charset='utf-8'>", Some(encoding_rs::UTF_8)),
        ("<meta charset=utf-16le>", Some(encoding_rs::UTF_8)),
        ("<meta name=description content='charset=gbk'>", None),
        ("<a charset=gbk>", None),
    ] {
        assert_eq!(declared_encoding(head.as_bytes()), expected, "{head}");
    }
}

#[test]
fn malformed_pages_are_read_as_far_as_they_go() {
    assert_eq!(read("").text, "");
    assert_eq!(read("<p>a\0b<p").text, "ab");
    assert_eq!(read("</table></td><li>x</ul></h1>").text, "- x");
    assert!(read(&format!("{}deep", "<div>".repeat(3_000))).text.contains("deep"));
    assert!(read(&format!("{}deep", "<table><tr><td>".repeat(500))).text.contains("deep"));
    assert!(read(&"<b><p>x".repeat(300)).text.contains('x'));
    assert!(read(&"word ".repeat(1_000_000)).text.len() > 4_000_000);
}

#[test]
fn what_nests_without_end_is_refused_wherever_it_stands() {
    let deep = "<x-a>".repeat(20_001);
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(deep.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let limits = ParseLimits::default();
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    for refused in [
        parse(&utf16, &limits).map(drop),
        append_chapter(&deep, &mut builder).map(drop),
        append_fragment(&deep, &mut Flow::new(&mut builder)),
        crate::parse::markdown::parse(format!("<div>\n{deep}").as_bytes(), &limits).map(drop),
        crate::parse::xml::parse(format!("<a><![CDATA[<br>{deep}]]></a>").as_bytes(), &limits).map(drop),
        crate::parse::asciidoc::parse(format!("++++\n{deep}\n++++").as_bytes(), &limits).map(drop),
    ] {
        assert!(refused.unwrap_err().message().contains("nests more than 20000"));
    }
}

#[test]
fn pictures_beside_the_text_and_decoration_are_not_told() {
    let picture = "<img src=\"data:image/png;base64,AAAA\">";
    let decoration = picture.replace('>', " alt=''>");
    let page = format!("<body><nav>{picture}</nav><p hidden>{picture}</p><p>Text.</p>{decoration}");
    assert!(
        read(&page).warnings.iter().all(|warning| !warning.message.contains("picture")),
        "{:?}",
        read(&page)
    );
    let mut builder = DocumentBuilder::new(1_000);
    let cover = "<p>x</p><svg><image xlink:href='cover.jpg'/></svg><img src='a.png' alt=''><img src='b' alt='A duck'>";
    assert_eq!(append_chapter(cover, &mut builder).unwrap(), 2);
}

#[test]
fn pictures_are_described_or_told() {
    let document = read(
        "<body><p>Text.</p><p><img src=\"a.png\" alt=\"Revenue by year\"></p><img src=\"b.png\" alt=\"\">\
         <img src=\"data:image/png;base64,AAAA\"><img src=\"data:image/png;base64,AAAA\" alt=\"c.png\"></body>",
    );
    assert_eq!(document.text, "Text.\n\nPicture: Revenue by year");
    assert_eq!(document.warnings.len(), 1, "{:?}", document.warnings);
    assert!(document.warnings[0].message.contains("2 pictures without"), "{:?}", document.warnings);
}
