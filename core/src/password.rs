//! Words that open an encrypted file.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Longest password, in bytes: what PDF 2.0 takes (ISO 32000-2, 7.6.4.3.3).
const MAX_BYTES: usize = 127;

/// A password of a file. Never shown: debugging does not reveal it. Serialising does, for the parser's process.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Takes 1 to 127 bytes, blanks included; an error does not quote them.
    pub fn parse(text: &str) -> Result<Self> {
        if (1..=MAX_BYTES).contains(&text.len()) && !text.contains('\0') {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid(format!("a file's password has 1 to {MAX_BYTES} bytes, and no NUL among them")))
    }

    /// The words, for whoever opens the file.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let password = Password::parse(" open sesame ").unwrap();
        assert_eq!(
            (password.reveal(), format!("{password:?}").as_str()),
            (" open sesame ", "Password(hidden)")
        );
        for bad in ["", "a\0b", &"x".repeat(128)] {
            let error = Password::parse(bad).unwrap_err().to_string();
            assert!(error.contains("1 to 127 bytes") && !error.contains("a\0b"), "{error}");
        }
    }
}
