//! Size: a block becomes atoms that fit, cut where meaning suffers least.
//!
//! A block that fits is one atom. A larger table is cut between rows, code between lines, a Markdown
//! list item or quotation by its Markdown, prose at sentence ends (Chinese ones too); a sentence that
//! is too large at clause ends, and what is left by text-splitter at words.

use std::borrow::Cow;
use std::ops::Range;

use footnote_core::Result;
use footnote_core::parsed::BlockKind;
use footnote_core::ports::TokenCounter;
use text_splitter::{ChunkConfig, MarkdownSplitter, TextSplitter};
use unicode_segmentation::UnicodeSegmentation;

use super::tokens::TokenIndex;

/// Bytes that stay together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Atom {
    /// Bytes of the text.
    pub(crate) bytes: Range<usize>,
    /// Tokens that are repeated before a chunk which begins here: a table's header, and the label of a row that was cut.
    pub(crate) lead: usize,
    /// Whether it belongs to what follows: a heading.
    pub(crate) heads: bool,
}

/// Tokens that what is cut from a table is given to begin with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lead {
    /// Of the header, before every row.
    pub(crate) header: usize,
    /// Kept free for the label of a row that is cut, before each piece of it but the first.
    pub(crate) label: usize,
}

/// The atoms of one block: they tile `bytes`, and each holds `max` tokens at the most, with its `lead` where the block
/// is a table.
pub(crate) fn atoms(
    index: &TokenIndex<'_>,
    bytes: Range<usize>,
    kind: BlockKind,
    max: usize,
    lead: Lead,
) -> Vec<Atom> {
    let heads = kind == BlockKind::Heading;
    if index.count(bytes.clone()) <= max {
        return vec![Atom { bytes, lead: 0, heads }];
    }
    if kind == BlockKind::Table {
        return rows(index, bytes, max, lead);
    }
    let ranges = match kind {
        BlockKind::Code => by_lines(index, bytes, max),
        BlockKind::ListItem | BlockKind::Quote => by_markdown(index, bytes, max),
        _ => by_sentences(index, bytes, max),
    };
    ranges.into_iter().map(|bytes| Atom { bytes, lead: 0, heads: false }).collect()
}

/// Longest names of columns, in characters, that the header of a wide table is tried with; longest labels of rows, too.
const NAME_CHARS: [usize; 7] = [32, 24, 16, 12, 8, 6, 4];

/// The header of a table that is repeated before rows cut from it, and its tokens. One of more than `max` is without its
/// line of dashes, and its names are cut, as far as it takes; `None` where even then it has more.
pub(crate) fn repeated_header<'t>(
    table: &'t str,
    max: usize,
    tokens: &dyn TokenCounter,
) -> Result<Option<(Cow<'t, str>, usize)>> {
    let header = table.get(..header_len(table)).unwrap_or_default();
    let count = tokens.token_ends(header)?.len();
    if count <= max {
        return Ok(Some((Cow::Borrowed(header), count)));
    }
    let Some(names) = names(header) else { return Ok(None) };
    for most in NAME_CHARS {
        let cells: String = names.iter().map(|name| format!(" {} |", shortened(name, most))).collect();
        let short = format!("|{cells}\n");
        let count = tokens.token_ends(&short)?.len();
        if count <= max {
            return Ok(Some((Cow::Owned(short), count)));
        }
    }
    Ok(None)
}

/// What a row is about, to stand before a piece cut from it: its first cell that says anything, as much as `max` tokens
/// hold. Nothing where even then it has more, or the row has no cells.
pub(crate) fn row_label(row: &str, max: usize, tokens: &dyn TokenCounter) -> Result<String> {
    let cells = names(row).unwrap_or_default();
    let Some(first) = cells.into_iter().find(|cell| !cell.is_empty()) else { return Ok(String::new()) };
    for most in NAME_CHARS {
        let label = format!("| {} | … ", shortened(first, most));
        if tokens.token_ends(&label)?.len() <= max {
            return Ok(label);
        }
    }
    Ok(String::new())
}

/// The names of the columns of a Markdown table; `None` for another.
fn names(header: &str) -> Option<Vec<&str>> {
    let row = header.lines().next()?.trim().strip_prefix('|')?.strip_suffix('|')?;
    let mut names = Vec::new();
    let mut start = 0;
    for (at, _) in row.match_indices('|').filter(|(at, _)| !row[..*at].ends_with('\\')) {
        names.push(row[start..at].trim());
        start = at + 1;
    }
    names.push(row[start..].trim());
    Some(names)
}

/// The first characters of a name that has more than `most`, with a mark.
fn shortened(name: &str, most: usize) -> String {
    match name.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", name[..end].trim_end_matches([' ', '\\'])),
        None => name.to_owned(),
    }
}

/// Length in bytes of a table's header: its first line, and the line of dashes under it.
pub(crate) fn header_len(table: &str) -> usize {
    let mut lines = table.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    let rule = lines.next().filter(|l| l.contains('-') && l.trim().chars().all(|c| "|-: +=".contains(c)));
    first.len() + rule.map_or(0, str::len)
}

fn rows(index: &TokenIndex<'_>, bytes: Range<usize>, max: usize, lead: Lead) -> Vec<Atom> {
    let table = index.text().get(bytes.clone()).unwrap_or_default();
    let header = header_len(table);

    let header_end = bytes.start + header;
    let mut atoms = Vec::new();
    // The header stays with the first row where both fit.
    let mut start = line_ends(table, bytes.start).find(|&end| end > header_end).unwrap_or(header_end);
    if index.count(bytes.start..start) <= max {
        atoms.push(Atom { bytes: bytes.start..start, lead: 0, heads: false });
    } else {
        start = header_end;
        push_row(index, bytes.start..header_end, max, Lead::default(), &mut atoms);
    }
    for end in line_ends(table, bytes.start) {
        if end > start {
            push_row(index, start..end, max, lead, &mut atoms);
            start = end;
        }
    }
    atoms
}

/// One row, whole where it fits; else it has to be cut like prose.
fn push_row(index: &TokenIndex<'_>, row: Range<usize>, max: usize, lead: Lead, atoms: &mut Vec<Atom>) {
    if row.is_empty() {
        return;
    }
    let room = max.saturating_sub(lead.header).max(1);
    if index.count(row.clone()) <= room {
        atoms.push(Atom { bytes: row, lead: lead.header, heads: false });
        return;
    }
    let begin = row.start;
    for bytes in by_sentences(index, row, room.saturating_sub(lead.label).max(1)) {
        let label = if bytes.start == begin { 0 } else { lead.label };
        atoms.push(Atom { bytes, lead: lead.header + label, heads: false });
    }
}

fn line_ends(text: &str, offset: usize) -> impl Iterator<Item = usize> {
    text.split_inclusive('\n').scan(offset, |end, line| {
        *end += line.len();
        Some(*end)
    })
}

fn by_lines(index: &TokenIndex<'_>, bytes: Range<usize>, max: usize) -> Vec<Range<usize>> {
    let text = index.text().get(bytes.clone()).unwrap_or_default();
    let config = ChunkConfig::new(max.max(1)).with_sizer(index).with_trim(false);
    tile(bytes, TextSplitter::new(config).chunk_indices(text))
}

fn by_markdown(index: &TokenIndex<'_>, bytes: Range<usize>, max: usize) -> Vec<Range<usize>> {
    let text = index.text().get(bytes.clone()).unwrap_or_default();
    let config = ChunkConfig::new(max.max(1)).with_sizer(index).with_trim(false);
    let parts = tile(bytes, MarkdownSplitter::new(config).chunk_indices(text));
    parts
        .into_iter()
        .flat_map(|p| if index.count(p.clone()) <= max { vec![p] } else { by_sentences(index, p, max) })
        .collect()
}

/// Begins of the splitter's parts, made to tile `bytes` whatever it left out between them.
fn tile<'a>(bytes: Range<usize>, parts: impl Iterator<Item = (usize, &'a str)>) -> Vec<Range<usize>> {
    let mut begins: Vec<usize> = parts.map(|(at, _)| bytes.start + at).collect();
    if begins.first() != Some(&bytes.start) {
        begins.insert(0, bytes.start);
    }
    begins.dedup();
    let ends = begins.iter().skip(1).copied().chain([bytes.end]).collect::<Vec<_>>();
    begins.into_iter().zip(ends).map(|(start, end)| start..end).filter(|r| !r.is_empty()).collect()
}

fn by_sentences(index: &TokenIndex<'_>, bytes: Range<usize>, max: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    for sentence in sentences(index.text(), bytes) {
        if index.count(sentence.clone()) <= max {
            parts.push(sentence);
            continue;
        }
        for clause in clauses(index.text(), sentence) {
            if index.count(clause.clone()) <= max {
                parts.push(clause);
            } else {
                parts.extend(by_lines(index, clause, max));
            }
        }
    }
    parts
}

/// Sentences by Unicode's rules (UAX 29, which knows 。！？), except that a line's end within a
/// sentence does not end it, and that ；and …… do: Chinese sentences are long.
fn sentences(text: &str, bytes: Range<usize>) -> Vec<Range<usize>> {
    let block = text.get(bytes.clone()).unwrap_or_default();
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut opened = 0;
    for (at, part) in block.split_sentence_bound_indices() {
        // UAX 29 gives a quotation mark that opens the next sentence to the one before.
        let own = part.trim_end_matches(['“', '‘', '「', '『', '（', '《', '(']);
        let own = if own.is_empty() { part } else { own };
        let range = bytes.start + at - opened..bytes.start + at + own.len();
        opened = part.len() - own.len();
        match found.last_mut() {
            Some(last) if is_broken_line(text.get(last.clone()).unwrap_or_default()) => last.end = range.end,
            _ => found.push(range),
        }
    }
    if let Some(last) = found.last_mut() {
        last.end = bytes.end;
    }
    found.into_iter().flat_map(|sentence| split_after(text, sentence, &['；', '…'])).collect()
}

/// Whether a "sentence" is only a line of a wrapped paragraph.
fn is_broken_line(part: &str) -> bool {
    let ends_line = part.ends_with(['\n', '\r']) && !part.ends_with("\n\n");
    let closed = part.trim_end().trim_end_matches(['”', '’', '"', '\'', ')', '）', '」', '』', ']']);
    ends_line && !closed.ends_with(['.', '!', '?', '。', '！', '？', '；', '…', ':', '：'])
}

fn clauses(text: &str, bytes: Range<usize>) -> Vec<Range<usize>> {
    split_after(text, bytes, &[';', ',', '，', '、', '：', '|', '\n'])
}

/// Cuts after runs of the marks, closing quotes and blanks included.
fn split_after(text: &str, bytes: Range<usize>, marks: &[char]) -> Vec<Range<usize>> {
    let part = text.get(bytes.clone()).unwrap_or_default();
    let mut ranges = Vec::new();
    let (mut start, mut after_mark) = (bytes.start, false);
    for (at, c) in part.char_indices() {
        let follows = c.is_whitespace() || marks.contains(&c) || "”’」』）)".contains(c);
        if after_mark && !follows {
            ranges.push(start..bytes.start + at);
            start = bytes.start + at;
            after_mark = false;
        }
        after_mark |= marks.contains(&c);
    }
    ranges.push(start..bytes.end);
    ranges.retain(|r| !r.is_empty());
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::WordCounter;

    fn parts(text: &str, kind: BlockKind, max: usize) -> Vec<(String, usize)> {
        let index = TokenIndex::build(text, &WordCounter).unwrap();
        let header = repeated_header(text, max * 2 / 3, &WordCounter).unwrap();
        let lead = Lead { header: header.map_or(0, |(_, tokens)| tokens), label: max / 8 };
        let atoms = atoms(&index, 0..text.len(), kind, max, lead);
        let tiled: String = atoms.iter().map(|a| &text[a.bytes.clone()]).collect();
        assert_eq!(tiled, text);
        for atom in &atoms {
            assert!(atom.lead + index.count(atom.bytes.clone()) <= max, "{atom:?}");
        }
        atoms.into_iter().map(|a| (text[a.bytes].to_owned(), a.lead)).collect()
    }

    fn texts(text: &str, kind: BlockKind, max: usize) -> Vec<String> {
        parts(text, kind, max).into_iter().map(|(t, _)| t).collect()
    }

    #[test]
    fn chinese_is_cut_at_sentence_ends() {
        let text = "员工每年享有十天年假。未休的年假可以顺延！“真的吗？”是的；请提前申请……谢谢";
        assert_eq!(
            texts(text, BlockKind::Paragraph, 14),
            [
                "员工每年享有十天年假。",
                "未休的年假可以顺延！",
                "“真的吗？”",
                "是的；",
                "请提前申请……",
                "谢谢"
            ]
        );
    }

    #[test]
    fn a_wrapped_line_is_no_sentence() {
        let text = "The fee is 3.5 percent\nof the price. It is due\nat once. Pay.";
        assert_eq!(
            texts(text, BlockKind::Paragraph, 11),
            ["The fee is 3.5 percent\nof the price. ", "It is due\nat once. ", "Pay."]
        );
    }

    #[test]
    fn rows_stay_whole_and_know_their_header() {
        let text = "| city | rate |\n| - | - |\n| Ulm | 12 |\n| Jena | 14 |\n| Kiel | 90 |\n";
        assert_eq!(
            parts(text, BlockKind::Table, 16),
            [
                ("| city | rate |\n| - | - |\n| Ulm | 12 |\n".to_owned(), 0),
                ("| Jena | 14 |\n".to_owned(), 10),
                ("| Kiel | 90 |\n".to_owned(), 10)
            ]
        );
    }

    #[test]
    fn a_header_that_is_too_long_is_shortened_and_the_rows_are_not() {
        let header = |table: &str, max| {
            repeated_header(table, max, &WordCounter).unwrap().map(|(header, _)| header.into_owned())
        };
        let table =
            "| Name of the employee | Days \\| weeks of leave per year |\n| --- | --- |\n| Ann | 10 |\n";
        assert_eq!(header(table, 40).unwrap(), &table[..table.find("| Ann").unwrap()]);
        let short = header(table, 12).unwrap();
        assert_eq!(short, "| Name of the… | Days \\| week… |\n");
        assert_eq!(header(table, 3), None);
        assert_eq!(header("a long header without any columns\nrow\n", 3), None);
        let row = parts(table, BlockKind::Table, 18).pop().unwrap();
        assert!(row.0.contains("| Ann | 10 |") && row.1 > 0, "{row:?}");
    }

    #[test]
    fn what_a_row_is_about_is_its_first_cell_as_far_as_it_fits() {
        let label = |row: &str, max| row_label(row, max, &WordCounter).unwrap();
        assert_eq!(label("| Pump A | It runs. |", 8), "| Pump A | … ");
        assert_eq!(label("|  | Pump A | It runs. |\n", 8), "| Pump A | … ");
        assert_eq!(
            label("| The pump in the hall beyond the yard | It runs. |", 9),
            "| The pump in the… | … "
        );
        assert_eq!(label("| Pump A | It runs. |", 3), "");
        assert_eq!(label("no cells at all", 8), "");
        assert_eq!(label("|  |  |", 8), "");
    }

    #[test]
    fn pieces_of_a_row_leave_room_for_its_label() {
        let row = format!("| Pump A | {}|\n", "It runs well. ".repeat(20));
        let pieces = parts(&format!("| item | text |\n| - | - |\n{row}"), BlockKind::Table, 32);
        let leads: Vec<usize> = pieces.iter().map(|(_, lead)| *lead).collect();
        assert_eq!(leads[..3], [0, 10, 14], "{pieces:?}");
        assert!(leads.len() > 3 && leads[2..].iter().all(|&lead| lead == 14), "{pieces:?}");
    }

    #[test]
    fn what_has_no_seams_is_cut_all_the_same() {
        let endless = "字".repeat(50);
        assert!(texts(&endless, BlockKind::Paragraph, 8).len() >= 7);
        let word = "x".repeat(1_000);
        assert!(texts(&word, BlockKind::Code, 8).len() >= 7);
        let row = format!("|{}|\n|-|\n|{}|", "头".repeat(30), "行".repeat(30));
        assert!(texts(&row, BlockKind::Table, 8).len() >= 7);
        let item = format!("- {}\n\n  ```\n{}\n```\n", "go on ".repeat(20), "let x;\n".repeat(20));
        assert!(texts(&item, BlockKind::ListItem, 12).len() >= 6);
    }
}
