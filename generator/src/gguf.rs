//! GGUF, the single-file format of llama.cpp: metadata, tokenizer and quantised tensors.
//!
//! Layout (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>), little-endian: `GGUF`, version, number of tensors, number
//! of metadata entries; the entries (key, type, value); the tensors (name, dimensions, number type, offset); padding; data.
//! Dimensions are innermost first: `[C, V]` is V rows of C numbers. Every length is checked against what is left of the file
//! before anything is set aside for it.

mod header;
pub(crate) mod numbers;
mod tokenizer;

use crate::error::{Error, Result};
use header::Header;
use memmap2::Mmap;
pub use numbers::NumberType;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::{Deref, Range};
use std::path::Path;

/// A file in memory with its directory.
#[derive(Debug)]
pub struct Gguf {
    origin: String,
    bytes: Bytes,
    metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, TensorInfo>,
}

/// The bytes of a file; mapped, they need not be copied.
#[derive(Debug)]
enum Bytes {
    Mapped(Mmap),
    Held(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(bytes) => bytes,
            Self::Held(bytes) => bytes,
        }
    }
}

/// Maps a file, or reads what cannot be mapped, as a pipe.
#[expect(unsafe_code, reason = "mapping a file is unsafe: others may change it")]
fn map(path: &Path) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    // SAFETY: the bytes are only ever read as numbers and checked text, and no reference outlives loading; a file that is cut
    // short while it is mapped ends the program with SIGBUS.
    match unsafe { Mmap::map(&file) } {
        Ok(bytes) => Ok(Bytes::Mapped(bytes)),
        Err(_) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(Bytes::Held(bytes))
        }
    }
}

/// A metadata value; arrays of anything but texts are passed over.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Any whole number that is not negative.
    Unsigned(u64),
    /// Any negative number.
    Signed(i64),
    /// Any number with a fraction.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(String),
    /// An array of texts.
    Texts(Vec<String>),
    /// An array of something else.
    PassedOver,
}

#[derive(Debug, Clone)]
struct TensorInfo {
    numbers: NumberType,
    rows: usize,
    columns: usize,
    dimensions: Vec<usize>, // outermost first
    bytes: Range<usize>,
}

/// A tensor as it lies in the file.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'a> {
    /// How its numbers are written.
    pub numbers: NumberType,
    /// Product of all dimensions but the innermost.
    pub rows: usize,
    /// The innermost dimension.
    pub columns: usize,
    /// `rows` rows of [`NumberType::row_bytes`].
    pub bytes: &'a [u8],
}

impl Gguf {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is no GGUF file that can be used.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = map(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
        Self::of(bytes, &path.display().to_string())
    }

    /// Reads a file held in memory. `origin` names it in errors.
    ///
    /// # Errors
    /// When it is cut off, foreign, of another version, or holds numbers of a type that is not read.
    pub fn from_bytes(bytes: Vec<u8>, origin: &str) -> Result<Self> {
        Self::of(Bytes::Held(bytes), origin)
    }

    fn of(bytes: Bytes, origin: &str) -> Result<Self> {
        let (metadata, tensors) = Header::new(&bytes, origin).read()?;
        Ok(Self { origin: origin.to_owned(), bytes, metadata, tensors })
    }

    /// What names the file in errors.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Names of all tensors, in order.
    pub fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// A tensor of the given shape, outermost dimension first.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor<'_>> {
        let info = self.tensors.get(name).ok_or_else(|| Error::MissingTensor {
            origin: self.origin.clone(),
            tensor: name.to_owned(),
            expected: shape.to_vec(),
        })?;
        if info.dimensions != shape {
            return Err(Error::Shape {
                origin: self.origin.clone(),
                tensor: name.to_owned(),
                found: info.dimensions.clone(),
                expected: shape.to_vec(),
            });
        }
        let TensorInfo { numbers, rows, columns, ref bytes, .. } = *info;
        Ok(Tensor { numbers, rows, columns, bytes: &self.bytes[bytes.clone()] })
    }

    /// Whether there is a tensor of this name.
    #[must_use]
    pub fn has_tensor(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn value(&self, key: &str) -> Result<&Value> {
        self.metadata.get(key).ok_or_else(|| self.unusable(format!("`{key}`"), "missing", "a value"))
    }

    pub(crate) fn unusable(&self, place: String, found: &str, expected: &str) -> Error {
        header::unusable(&self.origin, place, found.to_owned(), expected)
    }

    /// A text of the metadata.
    ///
    /// # Errors
    /// When it is missing or no text.
    pub fn text(&self, key: &str) -> Result<&str> {
        match self.value(key)? {
            Value::Text(text) => Ok(text),
            other => Err(self.unusable(format!("`{key}`"), &format!("{other:?}"), "a text")),
        }
    }

    /// A count of the metadata.
    ///
    /// # Errors
    /// When it is missing or no whole number.
    pub fn count(&self, key: &str) -> Result<usize> {
        match self.value(key)? {
            Value::Unsigned(count) => Ok(usize::try_from(*count).unwrap_or(usize::MAX)),
            other => Err(self.unusable(format!("`{key}`"), &format!("{other:?}"), "a whole number")),
        }
    }

    /// A number of the metadata.
    ///
    /// # Errors
    /// When it is missing or no number.
    pub fn number(&self, key: &str) -> Result<f64> {
        match self.value(key)? {
            Value::Float(number) => Ok(*number),
            Value::Unsigned(number) => Ok(*number as f64),
            other => Err(self.unusable(format!("`{key}`"), &format!("{other:?}"), "a number")),
        }
    }

    /// An array of texts of the metadata.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn texts(&self, key: &str) -> Result<&[String]> {
        match self.value(key)? {
            Value::Texts(texts) => Ok(texts),
            _ => Err(self.unusable(format!("`{key}`"), "something else", "an array of texts")),
        }
    }

    /// Whether the metadata has this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.metadata.contains_key(key)
    }
}

impl Tensor<'_> {
    /// The numbers of one row.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        let bytes = self.numbers.row_bytes(self.columns);
        self.numbers.read(&self.bytes[row * bytes..][..bytes], out);
    }

    /// All numbers, row by row.
    #[must_use]
    pub fn values(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.rows * self.columns];
        values.chunks_mut(self.columns.max(1)).enumerate().for_each(|(row, out)| self.row(row, out));
        values
    }
}
