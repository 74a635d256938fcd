//! Comments on slides, of PowerPoint's older and newer kind.

use footnote_core::Result;
use footnote_core::parsed::{BlockKind, WarningKind};

use crate::parse::builder::DocumentBuilder;
use crate::parse::comment::Comment;
use crate::parse::ooxml::comments::{DAMAGED, People, read, read_people};
use crate::parse::ooxml::relations::Relations;
use crate::parse::package::Package;

/// Those who comment.
pub(super) struct Comments(People);

impl Comments {
    /// Reads who comments on the slides of the presentation in the part `main`.
    pub(super) fn of(package: &mut Package, main: &str) -> Result<Self> {
        let relations = Relations::of(package, main)?;
        let mut people = People::new();
        for kind in ["commentAuthors", "authors"] {
            if let Some(part) = relations.part_of_kind(kind)
                && let Some(xml) = package.xml(part)?
            {
                // Without names there are comments still.
                let _damaged = read_people(part, &xml, &mut people);
            }
        }
        Ok(Self(people))
    }

    /// Appends the comments on the slide with these relationships.
    pub(super) fn append(
        &self,
        out: &mut DocumentBuilder,
        page: Option<u32>,
        package: &mut Package,
        relations: &Relations,
    ) -> Result<()> {
        for part in relations.parts_of_kind("comments") {
            let Some(xml) = package.xml(part)? else { continue };
            let Ok(comments) = read(part, &xml, &self.0) else {
                out.warn(WarningKind::Lost, page, DAMAGED);
                continue;
            };
            for comment in comments.iter().filter_map(Comment::shown) {
                out.block(BlockKind::Footnote, 0, &comment);
            }
        }
        Ok(())
    }
}
