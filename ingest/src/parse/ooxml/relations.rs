//! The relationships of a part: which other parts it names, and as what.

use std::collections::HashMap;

use footnote_core::Result;
use quick_xml::events::BytesStart;

use crate::parse::package::xml::{Xml, attribute, each_event};
use crate::parse::package::{Package, resolve};

/// What a part names, in the file's order; what lies outside of the file is left out.
#[derive(Default)]
pub(crate) struct Relations {
    list: Vec<Relation>,
    by_id: HashMap<String, usize>,
}

/// A part as another part names it.
pub(crate) struct Relation {
    pub(crate) id: String,
    /// The last word of the type: `slide`, `notesSlide`.
    pub(crate) kind: String,
    pub(crate) target: String,
}

impl Relations {
    /// The relationships of `part`; of the package itself where it is empty.
    pub(crate) fn of(package: &mut Package, part: &str) -> Result<Self> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let file = resolve(folder, &format!("_rels/{name}.rels"));
        let mut relations = Self::default();
        let Some(xml) = package.xml(&file)? else { return Ok(relations) };
        each_event(&file, &xml, |event| {
            if let Xml::Start(start) = event
                && start.local_name().as_ref() == "Relationship"
                && attribute(start, "TargetMode").as_deref() != Some("External")
                && let (Some(id), Some(target)) = (attribute(start, "Id"), attribute(start, "Target"))
            {
                let kind = attribute(start, "Type").unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                relations.by_id.insert(id.clone(), relations.list.len());
                relations.list.push(Relation { id, kind, target: resolve(folder, &target) });
            }
            Ok(())
        })?;
        Ok(relations)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Relation> {
        self.list.iter()
    }

    /// The relationship with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Relation> {
        self.by_id.get(id).and_then(|&at| self.list.get(at))
    }

    /// The part with this id.
    pub(crate) fn part(&self, id: &str) -> Option<&str> {
        self.get(id).map(|relation| relation.target.as_str())
    }

    /// Parts of this kind.
    pub(crate) fn parts_of_kind(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.list.iter().filter(move |r| r.kind == kind).map(|r| r.target.as_str())
    }

    /// The first part of this kind.
    pub(crate) fn part_of_kind(&self, kind: &str) -> Option<&str> {
        self.parts_of_kind(kind).next()
    }
}

/// The attribute `r:name`: it may stand beside one of the same local name without a prefix.
pub(crate) fn relation_id(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = start.attributes().flatten();
    let found = attributes.find(|a| a.key.prefix().is_some() && a.key.local_name().as_ref() == name)?;
    Some(found.value.to_string())
}
