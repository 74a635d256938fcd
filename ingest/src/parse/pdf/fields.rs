//! What people filled into a page's form fields, wrote over it as notes that are shown, and remarked on it. PDFium's
//! text of a page does not have it, as it lies in appearances of its own; the values are set where the fields are, as if
//! they were printed there.

use pdfium_render::prelude::*;

use super::glyph::Glyph;
use crate::parse::comment::Comment;

/// Most characters of one field, and fields or remarks of one page.
const MAX_CHARS: usize = 20_000;
const MAX_FIELDS: usize = 5_000;
/// Most choices of list boxes that are looked at on a page: many boxes may share one long list.
const MAX_CHOICES: usize = 50_000;
/// Largest letters, in points, and the mean width of one as a share of its size.
const SIZE: f32 = 10.0;
/// Smallest letters of several lines: those that have no room so are put together. The print of a long list is not that
/// of the page's text, which would be headings beside it.
const LEAST_SIZE: f32 = 4.0;
const WIDTH: f32 = 0.5;
/// Height of a line as a share of the size.
const LINE: f32 = 1.2;

/// What is set in the place of a field or note.
struct Value {
    text: String,
    /// Stands between lines that are put together.
    joint: &'static str,
    /// How many of a list's choices it lacks.
    lacking: usize,
}

impl Value {
    fn of(text: String) -> Self {
        Self { text, joint: " ", lacking: 0 }
    }
}

/// The characters of all values and notes, a blank behind each line, and how many were left out, at least.
pub(super) fn glyphs(page: &PdfPage<'_>) -> (Vec<Glyph>, usize) {
    let mut choices_left = MAX_CHOICES;
    let fields = page.annotations().iter().filter_map(|annotation| {
        let value = match &annotation {
            PdfPageAnnotation::FreeText(note) if !note.is_hidden() => Value::of(note.contents()?),
            _ => value(annotation.as_form_field()?, &mut choices_left)?,
        };
        let bounds = annotation.bounds().ok()?;
        Some((value, bounds))
    });
    let (mut glyphs, mut left_out) = (Vec::new(), 0);
    for (number, (value, bounds)) in fields.enumerate() {
        let kept = if number < MAX_FIELDS { shortened(&value.text) } else { "" };
        left_out += value.lacking + value.text.chars().count() - kept.chars().count();
        glyphs.extend(set(kept, value.joint, &bounds));
    }
    (glyphs, left_out)
}

/// The first characters of a value, as many as one field may have.
fn shortened(value: &str) -> &str {
    value.char_indices().nth(MAX_CHARS).map_or(value, |(end, _)| &value[..end])
}

/// What people noted on the page, which viewers show beside it, as in Office: sticky notes, and remarks on what they
/// marked. Tells how many were left out as well.
pub(super) fn comments(page: &PdfPage<'_>) -> (Vec<String>, usize) {
    let comments = page.annotations().iter().filter_map(|annotation| comment(&annotation)?.shown());
    let mut comments: Vec<String> = comments.collect();
    let left_out = comments.len().saturating_sub(MAX_FIELDS);
    comments.truncate(MAX_FIELDS);
    (comments, left_out)
}

fn comment(annotation: &PdfPageAnnotation<'_>) -> Option<Comment> {
    use PdfPageAnnotation::{
        Circle, Highlight, Ink, Square, Squiggly, Stamp, Strikeout, Text, Underline, Unsupported,
    };
    let (Circle(_) | Highlight(_) | Ink(_) | Square(_) | Squiggly(_) | Stamp(_) | Strikeout(_) | Text(_)
    | Underline(_) | Unsupported(_)) = annotation
    else {
        return None;
    };
    if annotation.is_hidden() {
        return None;
    }
    let text = annotation.contents()?;
    let time = annotation.modification_date().or_else(|| annotation.creation_date());
    let time = time.and_then(|time| iso_time(&time)).unwrap_or_default();
    Some(Comment { author: annotation.creator().unwrap_or_default(), time, text, ..Comment::default() })
}

/// `D:20260618171552+02'00'` as `2026-06-18T17:15`.
fn iso_time(time: &str) -> Option<String> {
    let digits = time.strip_prefix("D:").unwrap_or(time);
    let digits = digits.get(..12).filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()))?;
    let (day, clock) = digits.split_at(8);
    Some(format!("{}-{}-{}T{}:{}", &day[..4], &day[4..6], &day[6..], &clock[..2], &clock[2..]))
}

/// What is typed, chosen or ticked; `None` where nothing is.
fn value(field: &PdfFormField<'_>, choices_left: &mut usize) -> Option<Value> {
    let text = match field {
        PdfFormField::Text(field) => field.value(),
        PdfFormField::ComboBox(field) => field.value(),
        PdfFormField::ListBox(field) => return choices(field, choices_left),
        PdfFormField::Checkbox(field) => field.is_checked().unwrap_or(false).then(|| "☑".to_owned()),
        PdfFormField::RadioButton(field) => is_chosen(field).then(|| "◉".to_owned()),
        _ => None,
    };
    text.filter(|text| !text.trim().is_empty()).map(Value::of)
}

/// A list box shows all that may be chosen; what is chosen, is ticked.
fn choices(field: &PdfFormListBoxField<'_>, left: &mut usize) -> Option<Value> {
    let count = field.options().len();
    let looked_at = count.min(*left);
    *left -= looked_at;
    let lines = field.options().iter().take(looked_at).filter_map(|option| {
        let label = option.label()?;
        Some(if option.is_set() { format!("☑ {label}") } else { label.clone() })
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let lacking = count - looked_at;
    (lacking > 0 || !text.trim().is_empty()).then_some(Value { text, joint: "; ", lacking })
}

/// PDFium's bindings call each button of a group checked where none is: its value is none then.
fn is_chosen(button: &PdfFormRadioButtonField<'_>) -> bool {
    let value = button.group_value().filter(|value| !value.is_empty() && value != "Off");
    value.is_some() && button.is_checked().unwrap_or(false)
}

/// The value's lines from the field's upper edge on, each as wide as the field at the most.
fn set(value: &str, joint: &str, bounds: &PdfRect) -> Vec<Glyph> {
    let (left, top, bottom) = (bounds.left().value, bounds.top().value, bounds.bottom().value);
    let lines = lines_within(value, joint, top - bottom);
    let most = (top - bottom).max(1.0) / (LINE * lines.len().max(1) as f32);
    let size = most.min(SIZE);
    let is_alone = lines.len() == 1;
    let mut glyphs = Vec::new();
    for (number, line) in (1_u16..).zip(lines) {
        let baseline = match number {
            1 if is_alone && most > size * LINE => (top + bottom) / 2.0 - 0.35 * size,
            _ => top - f32::from(number) * size * LINE + 0.3 * size,
        };
        let chars = line.chars().count().max(1);
        let width = (size * WIDTH).min((bounds.right().value - left).max(1.0) / chars as f32);
        for (at, c) in line.chars().enumerate() {
            if c.is_whitespace() {
                glyphs.push(Glyph::blank(false));
                continue;
            }
            let x = left + at as f32 * width;
            glyphs.push(Glyph {
                c,
                left: x,
                right: x + width,
                bottom: baseline - 0.2 * size,
                top: baseline + 0.8 * size,
                baseline,
                origin_x: x,
                size,
                clockwise: 0.0,
                bold: false,
                monospaced: false,
                generated: false,
            });
        }
        glyphs.push(Glyph::blank(true));
    }
    glyphs
}

/// The lines of a value, put together where there are more than have room.
fn lines_within(value: &str, joint: &str, height: f32) -> Vec<String> {
    let lines: Vec<&str> = value.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // `as` saturates, and NaN gives 0.
    let room = ((height / (LINE * LEAST_SIZE)) as usize).max(1);
    let together = lines.len().div_ceil(room).max(1);
    lines.chunks(together).map(|lines| lines.join(joint)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_room_are_put_together() {
        assert_eq!(lines_within("a\n\n b \nc", " ", 60.0), ["a", "b", "c"]);
        assert_eq!(lines_within("a\nb\nc", "; ", 10.0), ["a; b", "c"]);
        assert_eq!(lines_within("a\nb\nc", "; ", 0.0), ["a; b; c"]);
        assert!(lines_within(" \n", " ", f32::NAN).is_empty());
    }

    /// A page's text beside a list that is longer than its box stays text.
    #[test]
    fn a_long_list_is_set_in_print_that_can_be_read() {
        let list: Vec<String> = (0..250).map(|number| format!("Country {number}")).collect();
        let bounds = PdfRect::new_from_values(600.0, 200.0, 660.0, 400.0);
        let glyphs = set(&list.join("\n"), "; ", &bounds);
        let letters: Vec<&Glyph> = glyphs.iter().filter(|glyph| glyph.c != ' ').collect();
        assert!(letters.iter().all(|glyph| glyph.size >= LEAST_SIZE - 0.01), "{:?}", letters.first());
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
        let text: String = letters.iter().map(|glyph| glyph.c).collect();
        assert_eq!(digits(&text), digits(&list.concat()), "nothing is lost");
    }

    #[test]
    fn a_value_is_cut_between_characters() {
        assert_eq!(shortened("年假"), "年假");
        let long = "年".repeat(MAX_CHARS + 3);
        assert_eq!(shortened(&long).chars().count(), MAX_CHARS);
    }
}
