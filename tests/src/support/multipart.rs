//! A multipart form, written by hand so that tests may also send what no client library would.

const BOUNDARY: &str = "footnote-test-boundary-7d1b";

/// An upload under construction.
#[derive(Debug, Clone, Default)]
pub struct Form {
    body: Vec<u8>,
}

impl Form {
    /// A form without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; its name is sent as raw UTF-8, as curl does.
    pub fn file(self, name: &str, content: &[u8]) -> Self {
        self.file_named("file", name, content)
    }

    /// Adds a file as the part of a name of its own.
    pub fn file_named(mut self, part: &str, name: &str, content: &[u8]) -> Self {
        let escaped = name.replace('"', "\\\"");
        self.part(&format!("name=\"{part}\"; filename=\"{escaped}\""), content);
        self
    }

    /// Adds a field that is no file.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes());
        self
    }

    fn part(&mut self, disposition: &str, content: &[u8]) {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
    }

    /// The content type with the boundary, and the body.
    pub fn finish(mut self) -> (String, Vec<u8>) {
        self.body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={BOUNDARY}"), self.body)
    }
}
