//! The one error type of the workspace: a kind, what we were doing, and the cause.

use std::fmt;
use std::time::Duration;

/// Result with the workspace's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is. The API turns kinds into status codes in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller's input cannot be accepted; the message names it and the remedy.
    InvalidInput,
    /// The input is larger than a configured limit.
    TooLarge,
    /// The content is of a type that no parser reads.
    Unsupported,
    /// The thing does not exist, or is not the caller's to know of.
    NotFound,
    /// No credentials, or ones that match no key.
    Unauthenticated,
    /// Known caller, but its role does not allow this.
    Forbidden,
    /// The thing is in a state that does not allow this.
    Conflict,
    /// A bounded queue is full; try again after the given time.
    Busy {
        /// How long a caller should wait before it tries again.
        retry_after: Duration,
    },
    /// Nobody waits for the result any more, or the job was cancelled.
    Cancelled,
    /// Something the operator must provide is missing (a model file, a library, a setting).
    NotInstalled,
    /// A dependency did not answer or answered wrongly; trying again may help.
    Unavailable,
    /// Work took longer than it may; on a machine that is less busy it may not.
    TimedOut,
    /// Stored data contradicts itself.
    Corrupt,
    /// A fault of ours.
    Internal,
}

/// An error: its kind, what failed in a few words, and the cause where there is one.
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync + 'static>>,
}

impl Error {
    /// Makes an error of `kind`; the message is lowercase, short, and ends without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// [`ErrorKind::InvalidInput`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// [`ErrorKind::NotFound`], naming what was looked for.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, format!("{what} not found"))
    }

    /// [`ErrorKind::Conflict`].
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// [`ErrorKind::Busy`].
    pub fn busy(message: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(ErrorKind::Busy { retry_after }, message)
    }

    /// [`ErrorKind::Corrupt`].
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    /// [`ErrorKind::NotInstalled`]; the message says which command installs it.
    pub fn not_installed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotInstalled, message)
    }

    /// [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// [`ErrorKind::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// [`ErrorKind::TimedOut`].
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::TimedOut, message)
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message without its causes.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether doing the same again later may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Busy { .. } | ErrorKind::Unavailable | ErrorKind::TimedOut | ErrorKind::Internal
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self.source.as_deref().map(|c| c as &dyn std::error::Error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl std::error::Error for Error {}

/// Adds "what we were doing" to a foreign error while keeping it as the cause.
pub trait Context<T> {
    /// Wraps the error as `kind` with `message`.
    fn context(self, kind: ErrorKind, message: impl FnOnce() -> String) -> Result<T>;

    /// Wraps the error as [`ErrorKind::Internal`].
    fn internal(self, message: &str) -> Result<T>;
}

impl<T, E> Context<T> for std::result::Result<T, E>
where
    E: Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
{
    fn context(self, kind: ErrorKind, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|cause| Error::new(kind, message()).with_source(cause))
    }

    fn internal(self, message: &str) -> Result<T> {
        self.context(ErrorKind::Internal, || message.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_tells_the_whole_chain_once() {
        let io = std::io::Error::other("disk on fire");
        let error = Error::corrupt("cannot read blob 12ab").with_source(io);
        assert_eq!(error.to_string(), "cannot read blob 12ab: disk on fire");
        assert!(!error.is_retryable());
    }
}
