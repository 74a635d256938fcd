//! Parts of lists and their cursors.

use footnote_core::ports::{ListRequest, Listing};
use footnote_core::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// A part of a list, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass as `cursor` for the next part; null at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Projects a listing.
    pub fn of<N>(listing: Listing<N>, view: impl FnMut(N) -> T) -> Self {
        let next = listing.next.map(|id| id.to_string());
        Self { items: listing.items.into_iter().map(view).collect(), next }
    }

    /// A list that is given whole.
    pub fn whole<N>(items: Vec<N>, view: impl FnMut(N) -> T) -> Self {
        Self { items: items.into_iter().map(view).collect(), next: None }
    }
}

/// Checks the parameters of a list.
pub fn page_request(cursor: Option<&str>, limit: Option<u32>) -> Result<ListRequest> {
    let after = match cursor {
        None => None,
        Some(cursor) => Some(Uuid::parse_str(cursor).map_err(|_| {
            Error::invalid(format!("cursor {cursor:?} is not one that a list gave; leave it out to start"))
        })?),
    };
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid(format!("limit is {limit}; give a value from 1 to {MAX_LIMIT}")));
    }
    Ok(ListRequest { after, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_to_the_next() {
        let id = Uuid::now_v7();
        let page = Page::of(Listing { items: vec![1, 2], next: Some(id) }, |n| n * 2);
        assert_eq!(page.items, [2, 4]);
        let request = page_request(page.next.as_deref(), Some(7)).unwrap();
        assert_eq!(request, ListRequest { after: Some(id), limit: 7 });
    }

    #[test]
    fn bad_parameters_are_named() {
        assert!(page_request(Some("x"), None).unwrap_err().to_string().contains("cursor"));
        for limit in [0, 201] {
            assert!(page_request(None, Some(limit)).unwrap_err().to_string().contains("limit"));
        }
    }
}
