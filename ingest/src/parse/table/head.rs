//! Headers of several rows: a table has one header line, which is repeated wherever the table is cut, and it has to
//! name each column whole.

use std::ops::Range;

use super::are_words;

/// Most rows of a header that is folded.
const MAX_HEADER_ROWS: usize = 4;
/// Rows below a header, of which the first with anything in the columns in question has to hold figures there.
const ROWS_BELOW: usize = 4;

/// Folds the header of a table into one row, `2024 (USD million) Revenue`: the first `marked` rows, where the document
/// says that they are it, or the first two, where a cell of the first is plainly a heading over several columns.
pub(crate) fn fold_header(rows: &mut Vec<Vec<String>>, marked: usize) {
    let count = if (2..=MAX_HEADER_ROWS).contains(&marked) && marked < rows.len() {
        marked
    } else if are_header(rows) {
        2
    } else {
        return;
    };
    let header = rows.drain(..count).reduce(|mut upper, lower| {
        if is_title(&upper) {
            upper.iter_mut().skip(1).for_each(String::clear);
        }
        upper.iter().zip(&lower).map(|(above, below)| whole_name(above, below)).collect()
    });
    if let Some(header) = header {
        rows.insert(0, header);
    }
}

/// The name of a column out of a heading and the one below it, which may be the same cell.
pub(crate) fn whole_name(above: &str, below: &str) -> String {
    let goes_on = above.strip_suffix(below).is_some_and(|rest| rest.is_empty() || rest.ends_with(' '));
    match (above, below) {
        (name, "") | ("", name) => name.to_owned(),
        (name, _) if goes_on => name.to_owned(),
        _ => format!("{above} {below}"),
    }
}

/// Whether a row is one cell over all columns, which names the table and none of them.
fn is_title(row: &[String]) -> bool {
    row.len() > 2 && row.iter().skip(1).all(|cell| cell.is_empty() || row.first() == Some(cell))
}

/// Whether the first two rows are plainly a header: a heading in the first stands over several columns, each with
/// words of its own in the second, no other heading has anything below it, and figures follow.
fn are_header(rows: &[Vec<String>]) -> bool {
    let [upper, lower, below @ ..] = rows else { return false };
    if upper.len() != lower.len() {
        return false;
    }
    let goes_on = |group: &Range<usize>| upper[group.clone()] == lower[group.clone()];
    let all = groups(upper);
    let named: Vec<Range<usize>> = all.iter().filter(|group| !goes_on(group)).cloned().collect();
    let is_named = |column: usize| named.iter().any(|group| group.contains(&column));
    let has_place = |column: usize| {
        let (above, below) = (&upper[column], &lower[column]);
        below.is_empty() || above == below || above.is_empty() && are_words(below)
    };
    !named.is_empty()
        && all.iter().all(|group| group.len() < upper.len())
        && named.iter().all(|group| are_names(&upper[group.start], &lower[group.clone()]))
        && (0..upper.len()).filter(|&column| !is_named(column)).all(has_place)
        && below.iter().take(ROWS_BELOW).find_map(|row| hold_figures(row, &named)).unwrap_or(false)
}

/// Columns below the cells that are repeated over several.
fn groups(row: &[String]) -> Vec<Range<usize>> {
    let mut end = 0;
    let parts = row.chunk_by(|left, right| left == right).map(|same| {
        let start = end;
        end += same.len();
        (start..end, &same[0])
    });
    parts
        .filter(|(columns, text)| columns.len() > 1 && !text.is_empty())
        .map(|(columns, _)| columns)
        .collect()
}

/// Whether these are words, none twice and none that is the heading's.
fn are_names(heading: &str, names: &[String]) -> bool {
    let is_new = |index: usize| !names[..index].contains(&names[index]);
    names.iter().all(|name| are_words(name) && name != heading) && (0..names.len()).all(is_new)
}

/// Whether a row has figures alone in these columns; `None` where it has nothing there, or is one cell over all.
fn hold_figures(row: &[String], columns: &[Range<usize>]) -> Option<bool> {
    let cells: Vec<&String> =
        columns.iter().flat_map(|group| row.get(group.clone()).unwrap_or_default()).collect();
    if cells.iter().all(|cell| cell.is_empty()) || is_title(row) {
        return None;
    }
    let has_digits = cells.iter().any(|cell| cell.contains(|c: char| c.is_ascii_digit()));
    Some(has_digits && cells.iter().all(|cell| !are_words(cell)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row per line, its cells parted by `|`.
    #[track_caller]
    fn check(table: &[&str], marked: usize, expected: &[&str]) {
        let cells = |line: &&str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let mut rows: Vec<Vec<String>> = table.iter().map(cells).collect();
        fold_header(&mut rows, marked);
        assert_eq!(rows, expected.iter().map(cells).collect::<Vec<_>>(), "{table:?}");
    }

    #[test]
    fn headings_over_several_columns_go_before_those_below() {
        check(
            &[
                "Region|2023|2023|2024|2024",
                "Region|Home (EUR m)|Export|Home (EUR m)|Export",
                "North|1|2|3|(4.5)",
            ],
            0,
            &["Region|2023 Home (EUR m)|2023 Export|2024 Home (EUR m)|2024 Export", "North|1|2|3|(4.5)"],
        );
        check(
            &["年度|收入|收入", "|国内|国外", "2023|1.5|2"],
            0,
            &["年度|收入 国内|收入 国外", "2023|1.5|2"],
        );
        let section = ["|A|A", "Item|x|y", "Assets|Assets|Assets", "Cash||", "Gold|–|7"];
        check(&section, 0, &["Item|A x|A y", "Assets|Assets|Assets", "Cash||", "Gold|–|7"]);
    }

    #[test]
    fn data_below_a_heading_stays_data() {
        for table in [
            ["Region|2024|2024", "North|1|2", "South|3|4"],
            ["Name|Name|City", "Ann|Lee|Ulm", "1|2|3"],
            ["Who|Name|Name", "|Ann|Lee", "|Bo|Chen"],
            ["Region|2024|2024", "Region|Sales|Sales", "North|1|2"],
            ["Table 1|Table 1|Table 1", "Region|Sales|Costs", "North|1|2"],
            ["Region|2024|2024", "Region|Sales|", "North|1|2"],
        ] {
            check(&table, 0, &table);
            check(&table, 1, &table);
            check(&table, 3, &table);
        }
        check(&["A|B|B", "|x|y"], 0, &["A|B|B", "|x|y"]);
    }

    #[test]
    fn rows_that_the_document_calls_header_are_one() {
        check(
            &["Sales|Sales|Sales", "Year|Home|Home", "Year|EUR|EUR", "Year|m|Home", "2024|many|few"],
            4,
            &["Sales Year|Home EUR m|Home EUR Home", "2024|many|few"],
        );
        check(&["A|B", "2023|2024", "x|y"], 2, &["A 2023|B 2024", "x|y"]);
    }
}
