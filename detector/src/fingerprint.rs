//! What a verdict depends on, by hash: two programs with equal fingerprints say the same of the same text.

use crate::bundle::HeadFiles;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The form of a text that is judged: to be raised whenever [`crate::normalize()`] gives another text.
pub const NORMALIZER: u32 = 3;

/// SHA-256, in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hashes of a detector's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The language model's files: its configuration, weights and tokenizer, wherever they lie.
    pub model: String,
    /// `heads.json`.
    pub heads: String,
    /// `assistant.lexical`.
    pub lexical: String,
    /// `calibration.json`.
    pub calibration: String,
    /// [`NORMALIZER`].
    pub normalizer: u32,
}

impl Fingerprint {
    /// Of a model that is known by this hash, and these files.
    #[must_use]
    pub(crate) fn new(model: String, heads: &HeadFiles<'_>) -> Self {
        Self {
            model,
            heads: sha256(heads.heads),
            lexical: sha256(heads.lexical),
            calibration: sha256(heads.calibration),
            normalizer: NORMALIZER,
        }
    }
}
