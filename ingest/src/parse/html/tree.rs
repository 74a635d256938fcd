//! The tree of a page by html5ever, given up where it would take time or memory without end.
//!
//! The parser's rules look through all open elements at each one that is opened (HTML Standard, "has an element in
//! scope"), open formatting elements again in each paragraph, and compare the attributes of a tag with each other. What
//! opens and closes an element depends on all of those rules, so that nothing less than the parser can count: it gets
//! the page in pieces, and is asked after each of them.

mod attributes;

use std::cell::Cell;

use ego_tree::NodeId;
use footnote_core::{Error, Result};
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer};
use html5ever::tree_builder::{Tracer, TreeBuilder, TreeSink, create_element};
use html5ever::{QualName, TokenizerResult, local_name, ns};
use scraper::{Html, HtmlTreeSink};

use self::attributes::Attributes;

/// How much of a page the parser gets at once.
const PIECE: usize = 1_024;

/// What a page may ask of the parser.
struct Bounds {
    /// Deepest nesting. Pages of people have some dozens of levels; broken ones, with tags that nobody closed, some
    /// thousands.
    open: usize,
    /// Nesting from which it adds up from piece to piece, and to how much at the most.
    deep: usize,
    all_deep: usize,
    /// Parts of the tree beyond one for each byte, of which a page of any kind has fewer.
    nodes: usize,
    /// Attributes of one tag.
    attributes: usize,
}

const BOUNDS: Bounds =
    Bounds { open: 20_000, deep: 256, all_deep: 10_000_000, nodes: 1_000_000, attributes: 10_000 };

/// The tree of a page.
pub(super) fn document(text: &str) -> Result<Html> {
    let sink = HtmlTreeSink::new(Html::new_document());
    build(TreeBuilder::new(sink, Default::default()), text, &BOUNDS)
}

/// The tree of what lies in a page's body.
pub(super) fn fragment(text: &str) -> Result<Html> {
    let sink = HtmlTreeSink::new(Html::new_fragment());
    let body = create_element(&sink, QualName::new(None, ns!(html), local_name!("body")), Vec::new());
    build(TreeBuilder::new_for_fragment(sink, body, None, Default::default()), text, &BOUNDS)
}

type Builder = TreeBuilder<NodeId, HtmlTreeSink>;

fn build(builder: Builder, text: &str, bounds: &Bounds) -> Result<Html> {
    let tokenizer = Tokenizer::new(Watched { builder, tokens: Cell::new(0) }, Default::default());
    let queue = BufferQueue::default();
    let mut within_tag: Option<Attributes> = None;
    let (mut from, mut tokens, mut all_deep) = (0, 0, 0);
    let mut before = "";
    while from < text.len() {
        let mut end = text.len().min(from + PIECE);
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let piece = &text[from..end];
        from = end;
        queue.push_back(StrTendril::from_slice(piece));
        // A script is nothing to the reader.
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}

        // Where nothing came to an end, a tag may go on that began in the piece before.
        let ended = tokenizer.sink.tokens.get();
        let attributes = if ended == tokens {
            let counts = within_tag.get_or_insert_with(|| Attributes::of(before));
            counts.read(piece)
        } else {
            within_tag = None;
            0
        };
        (before, tokens) = (piece, ended);
        let open = tokenizer.sink.open();
        all_deep += open.saturating_sub(bounds.deep);
        let refused = match () {
            () if attributes > bounds.attributes => {
                format!("has a tag with more than {} attributes", bounds.attributes)
            }
            () if open > bounds.open => format!("nests more than {} elements in each other", bounds.open),
            () if all_deep > bounds.all_deep => "nests too many elements in each other".to_owned(),
            () if tokenizer.sink.nodes() > from + bounds.nodes => {
                "has elements that nobody closed and that open again and again".to_owned()
            }
            () => continue,
        };
        return Err(Error::invalid(format!("the page {refused}; save it again from a browser")));
    }
    tokenizer.end();
    Ok(tokenizer.sink.builder.sink.finish())
}

/// Builds the tree, and counts.
struct Watched {
    builder: Builder,
    /// Tags, texts and comments that came to an end.
    tokens: Cell<usize>,
}

impl Watched {
    /// Elements that are open, or that open again in the next paragraph.
    fn open(&self) -> usize {
        let count = Count::default();
        self.builder.trace_handles(&count);
        count.0.get()
    }

    fn nodes(&self) -> usize {
        self.builder.sink.0.borrow().tree.values().len()
    }
}

impl TokenSink for Watched {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<NodeId> {
        // An error may be told within a tag.
        let is_error = matches!(token, Token::ParseError(_));
        self.tokens.set(self.tokens.get() + usize::from(!is_error));
        self.builder.process_token(token, line_number)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

#[derive(Default)]
struct Count(Cell<usize>);

impl Tracer for Count {
    type Handle = NodeId;

    fn trace_handle(&self, _: &NodeId) {
        self.0.set(self.0.get() + 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEW: Bounds = Bounds { open: 200, deep: 100, all_deep: 2_000, nodes: 2_000, attributes: 600 };

    fn read(text: &str) -> Result<Html> {
        let sink = HtmlTreeSink::new(Html::new_document());
        build(TreeBuilder::new(sink, Default::default()), text, &FEW)
    }

    #[track_caller]
    fn check_refused(text: &str, why: &str) {
        let error = read(text).unwrap_err();
        assert!(error.message().contains(why), "{text:.60}: {error}");
    }

    #[test]
    fn whatever_stays_open_nests() {
        for unit in [
            "<div>",
            "<details>",
            "<x-card>",
            "<code id=x>",
            "<rt>",
            "<li><dd>",
            "<li><h1>",
            "<ul><li>",
            "<option><div>",
            "<td><div>",
            "<table><tr><td>",
            "<div></b>",
            "<span><div></span>",
            "<x-a><div></x-a>",
            "<b><div></b>",
            "<form><div></form>",
            "<div><object></div>",
            "<!-- --!><div><!-- -->",
            "<svg><foreignObject><style><div></style>",
            "<svg><foreignObject><p></foreignObject></svg>",
            "<svg><td>",
            "<math><annotation-xml encoding=text/html><div></annotation-xml>",
            "<script><!--<script></script><textarea></script><div></textarea>",
        ] {
            check_refused(&unit.repeat(20_000), "nests");
        }
    }

    #[test]
    fn what_html_closes_by_itself_does_not() {
        for unit in [
            "<p>one<br>",
            "<div>flat</div>",
            "<li>one<b>two</b>",
            "<dt>one<dd>two",
            "<ul><li>one<li>two</ul>",
            "<table><thead><tr><th>a<tbody><tr><td>b<td>c</table>",
            "<script>if (a<b && c<d) x('<div>')</script>",
            "<svg><g><path d='M1'/></g></svg>",
            "<svg><template></template><area></svg>",
            "<div><b><i>x</div>",
            "<!-- <div> --><style>a<b</style>",
            "<form><input><wbr></form>",
        ] {
            read(&unit.repeat(3_000)).unwrap();
        }
        read(&format!("<svg>{}</svg>", "<path d='M1'/>".repeat(3_000))).unwrap();
        read(&format!("<table>{}", "<tr><td>a<td>b".repeat(3_000))).unwrap();
    }

    #[test]
    fn elements_that_open_again_and_again_are_refused() {
        let open: String = (0..90).map(|n| format!("<b id={n}>")).collect();
        check_refused(&format!("<div>{open}</div>{}", "<div>x</div>".repeat(300)), "again and again");
        check_refused(&format!("{}{}", "<x>".repeat(190), "<p>flat</p>".repeat(5_000)), "too many");
    }

    #[test]
    fn tags_have_no_attributes_without_end() {
        let many = |count: usize| (0..count).map(|n| format!(" a{n}")).collect::<String>();
        read(&format!("<a{}>", many(500)).repeat(5)).unwrap();
        for start in
            ["<a", "</a", "<a title='>'", "<!-- <a b='--><a", "<script><a b='</script><a", "<a b='<c d=\"'"]
        {
            check_refused(&format!("{start}{}>", many(2_000)), "attributes");
        }
        check_refused(&format!("<a{}>", "/b".repeat(2_000)), "attributes");
        let picture = "AA/BB+/ ".repeat(3_000);
        read(&format!("<img src=\"{picture}\"><script>i<n; {picture}</script>{picture}")).unwrap();
    }

    #[test]
    fn pieces_make_the_tree_that_the_whole_does() {
        let unit =
            "<p class='a'>年假 &amp; more&hellip;\r\n<!-- c --><table><td>x</table><![CDATA[x]]></p>\0";
        let text = format!("<!DOCTYPE html>{}", unit.repeat(200));
        assert_eq!(document(&text).unwrap().html(), Html::parse_document(&text).html());
        assert_eq!(fragment(&text).unwrap().html(), Html::parse_fragment(&text).html());
    }

    proptest! {
        #[test]
        fn no_page_panics(text in "(<[a-z]{1,3}[ />]|</[a-z]{1,3}>|<!--|-->|<svg>|<table>|<td>|[ -~]){0,40}") {
            prop_assert_eq!(document(&text).unwrap().html(), Html::parse_document(&text).html());
        }
    }
}
