//! Server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use serde::Serialize;

/// Proxies close connections that are silent for a minute or less.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// An event called `name` with JSON data.
pub(crate) fn event(name: &str, data: &impl Serialize) -> Event {
    json(Event::default().event(name), data)
}

/// An event without a name, as OpenAI's clients read it.
pub(crate) fn data(data: &impl Serialize) -> Event {
    json(Event::default(), data)
}

fn json(event: Event, data: &impl Serialize) -> Event {
    // Wire types are plain structs with text keys, which always serialise.
    let json = serde_json::to_string(data).unwrap_or_else(|e| format!("{{\"error\":\"{e}\"}}"));
    event.data(json)
}

/// Streams events, with comments in between that keep the connection open. Dropping the connection
/// drops the stream, and with it the work behind it.
pub(crate) fn respond(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let events = events.map(Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive");
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    // Otherwise nginx holds the events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
