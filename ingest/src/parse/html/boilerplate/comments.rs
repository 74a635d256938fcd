//! Comments below a text that nothing but their words tell: a person, a remark and a date.

use scraper::ElementRef;

use super::names::{Names, PEOPLE};
use super::{heading_level, is_line, is_list};
use crate::parse::table::one_line;

/// Most characters of an element that are looked at; a longer one is no remark.
const MAX_CHARS: usize = 2_000;
/// Longest name of a person, with what stands before it.
const MAX_NAME: usize = 24;

/// How many entries of people an element consists of; `None` where it has other text, too.
pub(super) fn entries(element: ElementRef<'_>) -> Option<usize> {
    let mut chars = element.text().flat_map(str::chars);
    let text = one_line(&chars.by_ref().take(MAX_CHARS).collect::<String>());
    let is_whole = chars.next().is_none();
    if text.is_empty() {
        return Some(0);
    }
    let parts = || element.child_elements().filter(|part| is_line(*part) || is_list(part.value()));
    match dates(&text) {
        0 => None,
        1 => {
            let is_remark = is_whole && heading_level(element.value().name()).is_none();
            (is_remark && names_somebody(element, &text)).then_some(1)
        }
        _ => {
            let is_bare = element
                .children()
                .all(|child| child.value().as_text().is_none_or(|text| text.trim().is_empty()));
            if !is_bare || element.child_elements().count() != parts().count() {
                return None;
            }
            parts().map(entries).sum()
        }
    }
}

/// Whether an entry begins with a name and a colon, or has a part that is called after its author.
fn names_somebody(element: ElementRef<'_>, text: &str) -> bool {
    let is_mark = |c: char| c.is_ascii_digit() || c.is_whitespace() || "#-/.:年月日楼".contains(c);
    let start: String = text.trim_start_matches(is_mark).chars().take(MAX_NAME).collect();
    let name = start.split_once(['：', ':']).map(|(name, _)| name);
    let is_name = |name: &str| {
        name.contains(char::is_alphabetic)
            && !name.contains(['。', '，', '；', '！', '？', ',', ';', '!', '?'])
    };
    name.is_some_and(is_name)
        || element
            .descendants()
            .skip(1)
            .filter_map(ElementRef::wrap)
            .any(|e| Names::of(e.value()).has(PEOPLE))
}

/// How many dates a text has: `2024-03-16`, `2024年3月16日`, `3天前`.
fn dates(text: &str) -> usize {
    let chars: Vec<char> = text.chars().collect();
    let ages = ["天前", "小时前", "分钟前"].iter().map(|age| text.matches(age).count()).sum::<usize>();
    let is_date = |at: usize| {
        let rest = &chars[at..];
        let digits = |from: usize| rest.iter().skip(from).take_while(|c| c.is_ascii_digit()).count();
        let is_mark = |at: usize| rest.get(at).is_some_and(|c| "-/.年月".contains(*c));
        let month = digits(5);
        digits(0) == 4
            && matches!(rest[..2], ['1', '9'] | ['2', '0'])
            && (at == 0 || !chars[at - 1].is_ascii_digit())
            && is_mark(4)
            && (1..=2).contains(&month)
            && is_mark(5 + month)
            && digits(6 + month) > 0
    };
    ages + (0..chars.len()).filter(|&at| chars[at].is_ascii_digit() && is_date(at)).count()
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;

    #[test]
    fn dates_are_counted() {
        for (text, count) in [
            ("张三：好 2024-03-16 10:22", 1),
            ("2024年3月16日，2024/3/7", 2),
            ("3天前", 1),
            ("12024-03-16 2024-123-1 2024-3 1824.5.6 2024", 0),
        ] {
            assert_eq!(dates(text), count, "{text}");
        }
    }

    #[test]
    fn entries_are_a_person_and_a_date() {
        let count = |page: &str| {
            let page = Html::parse_fragment(page);
            entries(page.root_element().child_elements().next().unwrap())
        };
        assert_eq!(count("<ul><li>张三：好 2024-03-16</li><li>李四：问 2024-03-17 09:01</li></ul>"), Some(2));
        assert_eq!(count("<div><b class=author>Ann</b> First! <i>2024-03-16</i></div>"), Some(1));
        assert_eq!(count("<p>#2 2024-03-16 王五：谢谢</p>"), Some(1));
        assert_eq!(count("<p>本制度自 2024-03-16 起施行。</p>"), None);
        let long = "这是正文。".repeat(MAX_CHARS);
        assert_eq!(count(&format!("<p>张三：好 2024-03-16 {long}</p>")), None);
        assert_eq!(
            count("<ul><li>张三：好 2024-03-16</li><li>李四：问 2024-03-17</li><li>其他</li></ul>"),
            None
        );
        assert_eq!(count("<div>前言<p>张三：好 2024-03-16</p><p>李四：问 2024-03-17</p></div>"), None);
    }
}
