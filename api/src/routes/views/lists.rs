//! Parts of lists and their cursors.

use std::cmp::Reverse;

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

    /// A part of a list that was read whole because it is never long, newest first.
    pub fn part<N>(
        mut items: Vec<N>,
        request: &ListRequest,
        id: impl Fn(&N) -> Uuid,
        view: impl FnMut(N) -> T,
    ) -> Self {
        items.sort_by_key(|item| Reverse(id(item)));
        if let Some(after) = request.after {
            items.retain(|item| id(item) < after);
        }
        let limit = request.limit as usize;
        let next = items.get(limit).and_then(|_| items.get(limit.saturating_sub(1))).map(&id);
        items.truncate(limit);
        Self::of(Listing { items, next }, view)
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
    fn a_list_that_was_read_whole_is_given_in_parts() {
        let ids: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = Page::part(ids.clone(), &ListRequest { after, limit: 2 }, |id| *id, |id| id);
            assert!((1..=2).contains(&page.items.len()));
            seen.extend(page.items);
            let Some(next) = page.next else { break };
            after = Some(next.parse().unwrap());
        }
        let newest_first: Vec<Uuid> = ids.into_iter().rev().collect();
        assert_eq!(seen, newest_first);
        let whole = Page::part(seen, &ListRequest { after: None, limit: 5 }, |id| *id, |id| id);
        assert_eq!((whole.items.len(), whole.next), (5, None));
    }

    #[test]
    fn bad_parameters_are_named() {
        assert!(page_request(Some("x"), None).unwrap_err().to_string().contains("cursor"));
        for limit in [0, 201] {
            assert!(page_request(None, Some(limit)).unwrap_err().to_string().contains("limit"));
        }
    }
}
