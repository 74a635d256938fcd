//! Who asks: `Authorization: Bearer fn_…` becomes a [`Caller`].

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};
use footnote_core::ports::KeyStore;
use footnote_core::principal::{KeySecret, Principal};
use footnote_core::{Error, ErrorKind, Result};

use crate::app::App;
use crate::error::ApiError;

/// A handler that takes this answers only to somebody whose key was checked.
#[derive(Debug, Clone)]
pub struct Caller(pub Principal);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let secret = presented_secret(&parts.headers)?;
        Ok(Self(authenticate(app.store.keys.as_ref(), &secret).await?))
    }
}

/// Finds the key that `secret` belongs to.
pub async fn authenticate(keys: &dyn KeyStore, secret: &KeySecret) -> Result<Principal> {
    match keys.key_by_hash(&secret.hash()).await? {
        Some(record) => Principal::authenticate(secret, &record),
        // The same words as for a revoked key: neither tells which keys exist.
        None => Err(Error::new(ErrorKind::Unauthenticated, "the api key is not valid")),
    }
}

fn presented_secret(headers: &HeaderMap) -> Result<KeySecret> {
    let unauthenticated = |message: &str| Error::new(ErrorKind::Unauthenticated, message);
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| unauthenticated("no api key given; send `Authorization: Bearer fn_…`"))?;
    let value = value.to_str().map_err(|_| unauthenticated("the Authorization header is not readable"))?;
    match value.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") && !secret.trim().is_empty() => {
            Ok(KeySecret::presented(secret.trim()))
        }
        _ => Err(unauthenticated("the Authorization header is not `Bearer fn_…`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret_of(value: &[u8]) -> Result<KeySecret> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.try_into().unwrap());
        presented_secret(&headers)
    }

    #[test]
    fn the_key_is_taken_from_the_bearer_header() {
        assert_eq!(secret_of(b"Bearer fn_abc").unwrap().reveal(), "fn_abc");
        assert_eq!(secret_of(b"bearer  fn_abc ").unwrap().reveal(), "fn_abc");
    }

    #[test]
    fn anything_else_is_unauthenticated() {
        let missing = presented_secret(&HeaderMap::new()).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Unauthenticated);
        for bad in [&b"Basic fn_abc"[..], b"fn_abc", b"Bearer", b"Bearer ", b"Bearer \xff"] {
            assert_eq!(secret_of(bad).unwrap_err().kind(), ErrorKind::Unauthenticated, "{bad:?}");
        }
    }
}
