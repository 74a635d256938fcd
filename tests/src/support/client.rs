//! A client of the HTTP API with one key, and what it gets back.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::Form;

/// Speaks to a service with one key, or with none.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    key: Option<String>,
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
    what: String,
}

/// A server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerEvent {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its data, as sent.
    pub text: String,
}

impl Client {
    /// A client of the service at `address`, which is like `http://127.0.0.1:8080`.
    pub fn new(address: impl Into<String>, key: Option<&str>) -> Self {
        Self { http: reqwest::Client::new(), address: address.into(), key: key.map(str::to_owned) }
    }

    /// The same service with another key, or with none.
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..self.clone() }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// POST of a multipart form with further headers.
    pub async fn upload(&self, path: &str, form: Form, headers: &[(&str, &str)]) -> Reply {
        let (content_type, body) = form.finish();
        let mut request = self.request(Method::POST, path).header(CONTENT_TYPE, content_type).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Any method, without a body.
    pub async fn call(&self, method: &str, path: &str) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).expect("a method of HTTP");
        self.send(self.request(method, path)).await
    }

    /// A request as it is before it is sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.address));
        match &self.key {
            Some(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        }
    }

    /// Sends a request and reads the response.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        self.try_send(request).await.expect("the service answers")
    }

    /// [`Self::send`] to a service that may be gone.
    pub async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Reply> {
        let request = request.build()?;
        let what = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply { status, headers, bytes: response.bytes().await?.into(), what })
    }
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A header's value; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The JSON body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {} {}", self.what, self.status, self.text());
        if self.bytes.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("{}: not JSON: {}", self.what, self.text()))
    }

    /// The JSON body of a response with exactly this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        self.ok()
    }

    /// The detail of an RFC 9457 problem with this status.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.what);
        let body: Value = serde_json::from_slice(&self.bytes).expect("a problem is JSON");
        assert_eq!(body["status"], status);
        assert!(body["type"].as_str().is_some_and(|t| t.starts_with("urn:footnote:problem:")), "{body}");
        assert!(["title", "instance", "request_id"].iter().all(|key| body[key].is_string()), "{body}");
        body["detail"].as_str().expect("a problem has a detail").to_owned()
    }

    /// The events of a stream that has ended.
    #[track_caller]
    pub fn events(&self) -> Vec<ServerEvent> {
        assert_eq!(self.status, 200, "{}: {}", self.what, self.text());
        assert_eq!(self.header("content-type"), "text/event-stream", "{}", self.what);
        self.text().split("\n\n").filter_map(ServerEvent::parse).collect()
    }
}

impl ServerEvent {
    fn parse(block: &str) -> Option<Self> {
        let mut event = Self { name: String::new(), text: String::new() };
        for line in block.lines() {
            if let Some(name) = line.strip_prefix("event:") {
                event.name = name.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data:") {
                event.text.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
        }
        // A comment keeps the connection open and is no event.
        (!event.text.is_empty()).then_some(event)
    }

    /// Its data as JSON.
    #[track_caller]
    pub fn data(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
}
