//! Does the whole do what it says?
//!
//! [`conformance`] holds one suite per seam, which every implementation of it must pass; [`support`]
//! runs the service for tests and speaks its public API. The integration tests lie in `suite/`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "everything here runs inside tests")]

pub mod conformance;
pub mod support;
