//! The bytes that a model is stored in: versioned, of a known length, with a checksum.
//!
//! The layout is written down at [`LexicalModel::to_bytes`]. Opens no files: whoever has the bytes knows the path.

use super::BITS;
use super::model::LexicalModel;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 4] = b"DTLX";
const VERSION: u32 = 1;
const HEADER: usize = 32;
const CHECKSUM: usize = 8;

/// Why bytes are no [`LexicalModel`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LexicalError {
    /// The file ends early or goes on after its end.
    #[error("lexical model has {found} bytes where {expected} are expected")]
    Length {
        /// Bytes that the header asks for, or that a header takes.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// The file is something else.
    #[error("lexical model begins with {found:02x?}, not with `DTLX`")]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// The file was written by another version of this program.
    #[error("lexical model has format version {found}, this program reads version {VERSION}")]
    Version {
        /// The file's version.
        found: u32,
    },
    /// A header field has no sensible value.
    #[error("lexical model's header has an impossible `{field}`")]
    Header {
        /// Name of the field.
        field: &'static str,
    },
    /// The bytes were changed since they were written.
    #[error("lexical model has checksum {found:016x} where {expected:016x} is stored")]
    Checksum {
        /// The checksum stored.
        expected: u64,
        /// The checksum of the bytes.
        found: u64,
    },
}

impl LexicalModel {
    /// The file, all little-endian: `DTLX`, version u32, bits u32, bias f32, scale of words f32, scale of characters
    /// f32, human texts u32, machine texts u32, the weights as i8 (words, then characters), xxh3-64 of all before.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.weights.len() + CHECKSUM);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.bits.to_le_bytes());
        for value in [self.bias, self.scales[0], self.scales[1]] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(self.texts.iter().flat_map(|count| count.to_le_bytes()));
        bytes.extend(self.weights.iter().map(|weight| weight.cast_unsigned()));
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    /// Reads [`LexicalModel::to_bytes`].
    ///
    /// # Errors
    /// When the bytes are cut, longer, changed, of another version, or something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LexicalError> {
        let header: &[u8; HEADER] =
            bytes.first_chunk().ok_or(LexicalError::Length { expected: HEADER, found: bytes.len() })?;
        let word = |at: usize| [header[at], header[at + 1], header[at + 2], header[at + 3]];
        if word(0) != *MAGIC {
            return Err(LexicalError::Magic { found: word(0) });
        }
        let version = u32::from_le_bytes(word(4));
        if version != VERSION {
            return Err(LexicalError::Version { found: version });
        }
        let bits = u32::from_le_bytes(word(8));
        if !BITS.contains(&bits) {
            return Err(LexicalError::Header { field: "bits" });
        }
        let expected = HEADER + (2 << bits) + CHECKSUM;
        let Some((body, checksum)) = bytes.split_last_chunk().filter(|_| bytes.len() == expected) else {
            return Err(LexicalError::Length { expected, found: bytes.len() });
        };
        let (stored, computed) = (u64::from_le_bytes(*checksum), xxh3_64(body));
        if stored != computed {
            return Err(LexicalError::Checksum { expected: stored, found: computed });
        }
        let [bias, words, characters] = [12, 16, 20].map(|at| f32::from_le_bytes(word(at)));
        for (field, value) in [("bias", bias), ("scale of words", words), ("scale of characters", characters)] {
            if !value.is_finite() {
                return Err(LexicalError::Header { field });
            }
        }
        Ok(Self {
            bits,
            bias,
            scales: [words, characters],
            texts: [24, 28].map(|at| u32::from_le_bytes(word(at))),
            weights: body[HEADER..].iter().map(|byte| byte.cast_signed()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::testing::trained;

    #[test]
    fn file_round_trips_and_each_lie_is_an_error() {
        let model = trained(1).quantize();
        let bytes = model.to_bytes();
        assert_eq!(bytes.len(), 32 + 2 * 4096 + 8);
        assert_eq!(LexicalModel::from_bytes(&bytes), Ok(model));
        for end in (0..bytes.len()).step_by(7) {
            assert!(matches!(LexicalModel::from_bytes(&bytes[..end]), Err(LexicalError::Length { .. })), "{end}");
        }
        let changed = |at: usize, to: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + to.len()].copy_from_slice(to);
            LexicalModel::from_bytes(&bytes)
        };
        assert_eq!(changed(0, b"GGUF"), Err(LexicalError::Magic { found: *b"GGUF" }));
        assert_eq!(changed(4, &[2]), Err(LexicalError::Version { found: 2 }));
        assert_eq!(changed(8, &[255; 4]), Err(LexicalError::Header { field: "bits" }));
        assert!(matches!(changed(8, &[13]), Err(LexicalError::Length { .. })));
        for at in [12, 20, 24, 32, 5000, bytes.len() - 1] {
            assert!(matches!(changed(at, &[bytes[at] ^ 1]), Err(LexicalError::Checksum { .. })), "{at}");
        }
        let mut nan = bytes.clone();
        nan[12..16].copy_from_slice(&f32::NAN.to_le_bytes());
        let body = nan.len() - 8;
        let checksum = xxh3_64(&nan[..body]).to_le_bytes();
        nan[body..].copy_from_slice(&checksum);
        assert_eq!(LexicalModel::from_bytes(&nan), Err(LexicalError::Header { field: "bias" }));
    }
}
