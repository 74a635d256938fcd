//! Checks what was built, or what a child says it has built.

use footnote_core::parsed::{MAX_LINKS, Page, PageKind, ParsedDocument, is_address};
use footnote_core::text::Span;
use footnote_core::{Error, Result};

/// Verifies what everything downstream relies on: blocks and pages are in order, do not overlap and
/// lie within the text; no block is blank; every visible character lies in a block and, where there
/// are pages, in a page; lines are in order and lie within a block,
/// and lead to addresses alone; the text is clean.
pub fn check(document: &ParsedDocument) -> Result<()> {
    let broken = |what: String| Err(Error::corrupt(format!("parsed document: {what}")));
    let chars: Vec<char> = document.text.chars().collect();
    if let Some(at) = chars.iter().position(|&c| c.is_control() && c != '\n' && c != '\t') {
        return broken(format!("control character {:?} at {at}", chars[at]));
    }
    let blocks: Vec<Span> = document.blocks.iter().map(|b| b.span).collect();
    let pages: Vec<Span> = document.pages.iter().map(|p| p.span).collect();
    for (name, spans) in [("block", &blocks), ("page", &pages)] {
        let mut end = 0;
        for (index, span) in spans.iter().enumerate() {
            if span.start < end || span.end < span.start || span.end > chars.len() {
                return broken(format!("{name} {index} at {span} overlaps or leaves the text"));
            }
            end = span.end;
        }
    }
    for (index, span) in blocks.iter().enumerate() {
        if chars[span.start..span.end].iter().all(|c| c.is_whitespace()) {
            return broken(format!("block {index} at {span} is blank"));
        }
    }
    let mut end = 0;
    let mut around = blocks.iter().peekable();
    for (index, line) in document.lines.iter().enumerate() {
        let span = line.span;
        while around.next_if(|block| block.end <= span.start).is_some() {}
        let within = around.peek().is_some_and(|block| block.start <= span.start && span.end <= block.end);
        if span.start < end || span.is_empty() || !within {
            return broken(format!("line {index} at {span} overlaps or lies in no block"));
        }
        if line.links.len() > MAX_LINKS || !line.links.iter().all(|link| is_address(link)) {
            return broken(format!("line {index} at {span} leads where no line may"));
        }
        end = span.end;
    }
    let tables_of_one = |pair: &[Page]| pair.iter().all(|page| page.kind == PageKind::Sheet);
    let ascends = |pair: &[Page]| {
        pair[0].number < pair[1].number || pair[0].number == pair[1].number && tables_of_one(pair)
    };
    if !document.pages.windows(2).all(ascends) {
        return broken("page numbers do not ascend".to_owned());
    }
    let mut coverings = vec![("block", &blocks)];
    if !pages.is_empty() {
        coverings.push(("page", &pages));
    }
    for (name, spans) in coverings {
        if let Some(at) = first_uncovered(&chars, spans) {
            return broken(format!("character {at} lies in no {name}"));
        }
    }
    Ok(())
}

fn first_uncovered(chars: &[char], spans: &[Span]) -> Option<usize> {
    let mut at = 0;
    let ends = spans.iter().map(|s| (s.start, s.end)).chain([(chars.len(), chars.len())]);
    for (start, end) in ends {
        let gap = chars.get(at..start)?;
        if let Some(offset) = gap.iter().position(|c| !c.is_whitespace()) {
            return Some(at + offset);
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use footnote_core::parsed::{ContentType, Line};

    use super::super::DocumentBuilder;
    use super::*;

    #[test]
    fn check_finds_what_is_broken() {
        let mut builder = DocumentBuilder::new(100);
        builder.start_page(1);
        builder.paragraph("one");
        builder.paragraph("two");
        let good = builder.finish(ContentType::Text, "test").unwrap();
        let mut overlap = good.clone();
        overlap.blocks[1].span.start = 2;
        assert!(check(&overlap).unwrap_err().to_string().contains("overlaps"));
        let mut uncovered = good.clone();
        uncovered.blocks.pop();
        assert!(check(&uncovered).unwrap_err().to_string().contains("no block"));
        let mut unpaged = good.clone();
        unpaged.pages[0].span.end = 3;
        assert!(check(&unpaged).unwrap_err().to_string().contains("no page"));
        let mut leading = good.clone();
        let bounds = [0.0, 0.0, 1.0, 1.0];
        let line = Line { span: good.blocks[0].span, page: 1, bounds, confidence: None, links: Vec::new() };
        let addresses = |address: &str, count| vec![address.to_owned(); count];
        for (links, is_sound) in [
            (addresses("https://example.org", MAX_LINKS), true),
            (addresses("https://example.org", MAX_LINKS + 1), false),
            (addresses("javascript:alert(1)", 1), false),
        ] {
            leading.lines = vec![Line { links, ..line.clone() }];
            assert_eq!(check(&leading).is_ok(), is_sound, "{:?}", leading.lines);
        }
        let mut outside = good;
        outside.blocks[1].span.end = 99;
        assert!(check(&outside).is_err());
    }
}
