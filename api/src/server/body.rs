//! Request bodies that do not arrive: given up, and answered with 408.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use futures::{StreamExt, stream};
use tokio::time::Instant;

use crate::error::ApiError;

/// The client was silent for too long, or too slow by far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stalled;

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body of the request did not arrive in time; send it again, without a pause")
    }
}

impl Error for Stalled {}

/// How long a body may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The longest silence within it.
    pub(super) idle: Duration,
    /// All of it, where that has a limit.
    pub(super) whole: Option<Duration>,
}

/// Gives up on bodies that arrive more slowly than `pace`.
pub(super) async fn keep(pace: Pace, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    next.run(Request::from_parts(head, paced(pace, body))).await
}

fn paced(pace: Pace, body: Body) -> Body {
    let began = Instant::now();
    let pieces = Some(body.into_data_stream());
    Body::from_stream(stream::unfold(pieces, move |pieces| async move {
        let mut pieces = pieces?;
        let idle_ends = Instant::now() + pace.idle;
        let ends = pace.whole.map_or(idle_ends, |whole| idle_ends.min(began + whole));
        match tokio::time::timeout_at(ends, pieces.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok::<Bytes, axum::BoxError>(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(error.into()), None)),
            Err(_) => Some((Err(Stalled.into()), None)),
        }
    }))
}

/// The 408 that `error` means, where a stalled body caused it.
pub(crate) fn stalled(error: &(dyn Error + 'static)) -> Option<ApiError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<Stalled>() {
            return Some(ApiError::new(StatusCode::REQUEST_TIMEOUT, error.to_string()));
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(pace: Pace, pieces: Vec<Duration>) -> Result<usize, ApiError> {
        let pieces = stream::iter(pieces).then(|pause| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>(Bytes::from_static(b"x"))
        });
        match axum::body::to_bytes(paced(pace, Body::from_stream(pieces)), 100).await {
            Ok(bytes) => Ok(bytes.len()),
            Err(error) => Err(stalled(&error).expect("only a stall is expected")),
        }
    }

    #[tokio::test]
    async fn silence_and_dripping_end_a_body_and_steady_progress_does_not() {
        let millis = Duration::from_millis;
        let steady = vec![millis(10); 20];
        let patient = Pace { idle: millis(5_000), whole: None };
        assert_eq!(read(patient, steady.clone()).await.unwrap(), 20);
        let impatient = Pace { idle: millis(50), whole: None };
        let silent = read(impatient, vec![millis(60_000)]).await.unwrap_err();
        assert_eq!(silent.status(), StatusCode::REQUEST_TIMEOUT);
        let limited = Pace { whole: Some(millis(100)), ..patient };
        let dripping = read(limited, steady).await.unwrap_err();
        assert_eq!(dripping.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
