//! Comments of OpenDocument files.

use crate::parse::comment::Comment;
use crate::parse::package::xml::Xml;

/// A comment that is being read, from the start of its element.
#[derive(Default)]
pub(crate) struct Annotation {
    comment: Comment,
    field: Field,
}

/// What the text is that comes next.
#[derive(Default)]
enum Field {
    Text,
    Author,
    Time,
    #[default]
    Other,
}

impl Annotation {
    /// A comment on a cell.
    pub(crate) fn on(place: String) -> Self {
        Self { comment: Comment { place, ..Comment::default() }, field: Field::Other }
    }

    /// Takes the next event and gives the comment where it ends.
    pub(crate) fn event(&mut self, event: &Xml<'_>) -> Option<Comment> {
        let comment = &mut self.comment;
        match event {
            Xml::Start(start) => match start.local_name().as_ref() {
                "creator" => self.field = Field::Author,
                "date" => self.field = Field::Time,
                "p" | "h" => self.field = Field::Text,
                "s" | "tab" | "line-break" => comment.text.push(' '),
                _ => {}
            },
            Xml::Text(text) => match self.field {
                Field::Text => comment.text.push_str(text),
                Field::Author => comment.author.push_str(text),
                Field::Time => comment.time.push_str(text),
                Field::Other => {}
            },
            Xml::End("p" | "h") => {
                comment.text.push('\n');
                self.field = Field::Other;
            }
            Xml::End("creator" | "date") => self.field = Field::Other,
            Xml::End("annotation") => return Some(std::mem::take(comment)),
            Xml::End(_) => {}
        }
        None
    }
}
