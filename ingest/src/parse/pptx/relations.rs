//! The relationships of a part: which other parts it names, and as what.

use std::collections::HashMap;

use footnote_core::Result;
use quick_xml::events::BytesStart;

use crate::parse::docx::package::Package;
use crate::parse::docx::xml::{Xml, attribute, each_event};

/// What a part names, by relationship id.
#[derive(Default)]
pub(crate) struct Relations(HashMap<String, Relation>);

struct Relation {
    /// The last word of the type: `slide`, `notesSlide`.
    kind: String,
    target: String,
}

impl Relations {
    /// The relationships of `part`; of the package itself where it is empty.
    pub(crate) fn of(package: &mut Package, part: &str) -> Result<Self> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let file = resolve(folder, &format!("_rels/{name}.rels"));
        let mut found = HashMap::new();
        let Some(xml) = package.xml(&file)? else { return Ok(Self::default()) };
        each_event(&file, &xml, |event| {
            if let Xml::Start(start) = event
                && start.local_name().as_ref() == "Relationship"
                && attribute(start, "TargetMode").as_deref() != Some("External")
                && let (Some(id), Some(target)) = (attribute(start, "Id"), attribute(start, "Target"))
            {
                let kind = attribute(start, "Type").unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                found.insert(id, Relation { kind, target: resolve(folder, &target) });
            }
            Ok(())
        })?;
        Ok(Self(found))
    }

    /// The part with this id.
    pub(crate) fn part(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|relation| relation.target.as_str())
    }

    /// The part of this kind; the first by name should there be several.
    pub(crate) fn part_of_kind(&self, kind: &str) -> Option<&str> {
        self.0.values().filter(|r| r.kind == kind).map(|r| r.target.as_str()).min()
    }
}

/// The attribute `r:name`: it may stand beside one of the same local name without a prefix.
pub(crate) fn relation_id(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = start.attributes().flatten();
    let found = attributes.find(|a| a.key.prefix().is_some() && a.key.local_name().as_ref() == name)?;
    Some(found.value.to_string())
}

/// `target` as seen from `folder`, without `.` and `..`.
pub(crate) fn resolve(folder: &str, target: &str) -> String {
    let base = if target.starts_with('/') { "" } else { folder };
    let mut parts = Vec::new();
    for part in base.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
