//! The OpenAPI document: what all routes share, and where it is served.
//!
//! Routes and documentation come from one declaration (`utoipa_axum::routes!`), so that a route
//! cannot be without its documentation.

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::error::{OpenAiError, OpenAiErrorBody, Problem};
use crate::routes::{SourcesView, StreamErrorView, TokenView, WatchErrorView};

/// What all routes share.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Footnote",
        description = "A self-hosted knowledge base whose answers can be proved. Every offset and span \
                       counts Unicode scalar values of a version's canonical text, never bytes or UTF-16 \
                       units.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(
        Problem, OpenAiError, OpenAiErrorBody,
        // Data of server-sent events, which no response names.
        SourcesView, TokenView, StreamErrorView, WatchErrorView,
    )),
    security(("api_key" = [])),
    modifiers(&BearerKey),
    tags(
        (name = "knowledge bases", description = "Sets of documents that are searched and asked as one"),
        (name = "documents", description = "Upload, list, read, delete"),
        (name = "sources", description = "Directories on the server, their schedules and runs"),
        (name = "jobs", description = "Durable slow work: watch, retry, cancel"),
        (name = "questions", description = "Search, ask, conversations"),
        (name = "answers", description = "What answers were made from, and what people think of them"),
        (name = "keys", description = "API keys"),
        (name = "openai", description = "For clients that speak OpenAI's dialect"),
        (name = "service", description = "Health, metrics"),
    )
)]
pub struct Shared;

struct BearerKey;

impl Modify for BearerKey {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("`Authorization: Bearer fn_…`; `footnote keys create` makes one"));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("api_key", SecurityScheme::Http(scheme.build()));
    }
}

const FAILURES: [(&str, &str); 14] = [
    ("400", "The input cannot be accepted; `detail` names it and the remedy"),
    ("401", "No key, or one that is not valid"),
    ("403", "The key's role does not allow this"),
    ("404", "It does not exist, or is not yours to know of"),
    ("405", "The path does not take this method; `Allow` says which it takes"),
    ("408", "The body did not arrive in time"),
    ("409", "It is in a state that does not allow this"),
    ("413", "The request is larger than the configured limit"),
    ("415", "The body, or the file in it, is of a type that is not taken"),
    ("429", "Busy; `Retry-After` says how many seconds to wait"),
    ("500", "A fault of ours; the log has it under the request's id"),
    ("501", "The operator has to install something first; `detail` says what"),
    ("503", "A dependency does not answer, or the service is stopping"),
    ("504", "It took longer than the configured time"),
];

/// How routes under `/api/v1` fail.
pub struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures("application/problem+json", "Problem")
    }
}

/// How routes under `/v1` fail.
pub struct OpenAiFailures;

impl IntoResponses for OpenAiFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures("application/json", "OpenAiError")
    }
}

fn failures(content_type: &str, schema: &str) -> BTreeMap<String, RefOr<Response>> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let response = |words: &str| {
        ResponseBuilder::new().description(words).content(content_type, content.clone()).build().into()
    };
    FAILURES.iter().map(|(status, words)| ((*status).to_owned(), response(words))).collect()
}

/// Serves the document, and the pages that show it where `docs` are wanted. Everything the pages
/// need is inside the binary.
pub fn serve<S: Clone + Send + Sync + 'static>(openapi: OpenApi, docs: bool) -> Router<S> {
    let document = axum::Json(openapi);
    let router = Router::new().route("/openapi.json", get(move || std::future::ready(document.clone())));
    if !docs {
        return router;
    }
    // The validator would send the document to a public server.
    let config = Config::new(["/openapi.json"]).validator_url("none");
    router.merge(SwaggerUi::new("/docs").config(config))
}
