//! Comments of documents, presentations and workbooks: who said what, and when.

use std::collections::HashMap;

use footnote_core::Result;
use quick_xml::events::BytesStart;

use crate::parse::comment::Comment;
use crate::parse::package::xml::{Xml, attribute, each_event};

/// The warning where they cannot be read: the text matters more.
pub(crate) const DAMAGED: &str = "comments are damaged and were left out";

/// Names of people by their id.
pub(crate) type People = HashMap<String, String>;

/// The people named by a part of authors or persons.
pub(crate) fn read_people(part: &str, xml: &str, people: &mut People) -> Result<()> {
    each_event(part, xml, |event| {
        if let Xml::Start(start) = event
            && matches!(start.local_name().as_ref(), "cmAuthor" | "author" | "person")
            && let Some(id) = attribute(start, "id")
            && let Some(name) = attribute(start, "displayName").or_else(|| attribute(start, "name"))
        {
            people.insert(id, name);
        }
        Ok(())
    })
}

/// The comments of a part, an answer after what it answers.
pub(crate) fn read(part: &str, xml: &str, people: &People) -> Result<Vec<Comment>> {
    let mut comments: Vec<Comment> = Vec::new();
    // A comment has its answers within it, before its own text.
    let mut open: Vec<usize> = Vec::new();
    let (mut in_text, mut deleted) = (false, 0_usize);
    each_event(part, xml, |event| {
        match event {
            Xml::Start(start) => match start.local_name().as_ref() {
                "comment" | "cm" | "reply" | "threadedComment" => {
                    open.push(comments.len());
                    comments.push(begun(start, people));
                }
                "t" | "text" => in_text = true,
                "del" | "moveFrom" => deleted += 1,
                _ => {}
            },
            Xml::Text(text) if in_text && deleted == 0 => {
                if let Some(comment) = open.last().and_then(|&at| comments.get_mut(at)) {
                    comment.text.push_str(text);
                }
            }
            Xml::Text(_) => {}
            Xml::End("comment" | "cm" | "reply" | "threadedComment") => _ = open.pop(),
            Xml::End("t" | "text") => in_text = false,
            Xml::End("del" | "moveFrom") => deleted = deleted.saturating_sub(1),
            Xml::End("p") => {
                if let Some(comment) = open.last().and_then(|&at| comments.get_mut(at)) {
                    comment.text.push('\n');
                }
            }
            Xml::End(_) => {}
        }
        Ok(())
    })?;
    Ok(comments)
}

fn begun(start: &BytesStart<'_>, people: &People) -> Comment {
    let any = |names: &[&str]| names.iter().find_map(|name| attribute(start, name));
    let named = any(&["authorId", "personId"]).and_then(|id| people.get(&id).cloned());
    Comment {
        id: attribute(start, "id").unwrap_or_default(),
        place: attribute(start, "ref").unwrap_or_default(),
        author: named.or_else(|| attribute(start, "author")).unwrap_or_default(),
        time: any(&["date", "dt", "created", "dT"]).unwrap_or_default(),
        text: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_follow_what_they_answer() {
        let mut people = People::new();
        read_people(
            "a",
            "<a:authorLst><a:author id=\"{1}\" name=\"Ann\" initials=\"A\"/></a:authorLst>",
            &mut people,
        )
        .unwrap();
        let xml = "<c:cmLst><c:cm id=\"{7}\" authorId=\"{1}\" created=\"2026-06-18T17:15:52.310\"><c:replyLst>\
                   <c:reply authorId=\"{2}\" created=\"later\"><c:txBody><a:p><a:r><a:t>yes</a:t></a:r></a:p></c:txBody></c:reply>\
                   </c:replyLst><c:txBody><a:p><a:r><a:t>really?</a:t></a:r></a:p></c:txBody></c:cm></c:cmLst>";
        let shown: Vec<_> = read("c", xml, &people).unwrap().iter().filter_map(Comment::shown).collect();
        assert_eq!(shown, ["Comment by Ann, 2026-06-18 17:15: really?", "Comment: yes"]);
    }

    #[test]
    fn damaged_comments_are_read_as_far_as_they_go() {
        let open = "<cm dt=\"2026\"><text>x".repeat(1_000);
        assert_eq!(read("c", &open, &People::new()).unwrap().len(), 1_000);
        assert!(read("c", "</cm>", &People::new()).is_err());
    }
}
