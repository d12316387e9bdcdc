//! The directory of a GGUF file, read front to back.

use super::numbers::NumberType;
use super::{TensorInfo, Value};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Most bytes of a key or of a tensor's name (the format allows 65,535 and 64).
const LONGEST_NAME: u64 = 65_535;
/// Most dimensions of a tensor.
const DIMENSIONS: u32 = 4;

/// The place that is read next.
pub(super) struct Header<'a> {
    origin: &'a str,
    bytes: &'a [u8],
    at: usize,
}

pub(super) fn unusable(origin: &str, place: String, found: String, expected: &str) -> Error {
    Error::Gguf { origin: origin.to_owned(), place, found, expected: expected.to_owned() }
}

impl<'a> Header<'a> {
    pub(super) fn new(bytes: &'a [u8], origin: &'a str) -> Self {
        Self { origin, bytes, at: 0 }
    }

    pub(super) fn read(mut self) -> Result<(BTreeMap<String, Value>, BTreeMap<String, TensorInfo>)> {
        let magic = self.array::<4>("the first four bytes")?;
        if &magic != b"GGUF" {
            return Err(self.lie("the first four bytes", format!("`{}`", magic.escape_ascii()), "`GGUF`"));
        }
        let version = self.u32("the version")?;
        if !(2..=3).contains(&version) {
            return Err(self.lie("the version", version.to_string(), "2 or 3"));
        }
        let tensors = self.count("the number of tensors", 24)?;
        let entries = self.count("the number of metadata entries", 13)?;
        let mut metadata = BTreeMap::new();
        for _ in 0..entries {
            let key = self.name("a key")?;
            let value = self.value(&key)?;
            if metadata.insert(key.clone(), value).is_some() {
                return Err(self.lie("the metadata", format!("`{key}` twice"), "each key once"));
            }
        }
        let alignment = match metadata.get("general.alignment") {
            None => 32,
            Some(Value::Unsigned(alignment)) if alignment.is_power_of_two() && *alignment <= 1 << 16 => *alignment,
            Some(other) => {
                return Err(self.lie("`general.alignment`", format!("{other:?}"), "a power of two up to 65536"));
            }
        };
        let mut listed = BTreeMap::new();
        for _ in 0..tensors {
            let (name, info) = self.tensor(alignment)?;
            if listed.insert(name.clone(), info).is_some() {
                return Err(self.lie("the list of tensors", format!("`{name}` twice"), "each name once"));
            }
        }
        let data = self.at.next_multiple_of(alignment as usize);
        for (name, tensor) in &mut listed {
            let (start, end) = (data.saturating_add(tensor.bytes.start), data.saturating_add(tensor.bytes.end));
            if end > self.bytes.len() {
                let found = format!("at bytes {start}..{end} of {}", self.bytes.len());
                return Err(self.lie(&format!("tensor `{name}`"), found, "within the file"));
            }
            tensor.bytes = start..end;
        }
        Ok((metadata, listed))
    }

    fn lie(&self, place: &str, found: String, expected: &str) -> Error {
        unusable(self.origin, place.to_owned(), found, expected)
    }

    fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8]> {
        let left = &self.bytes[self.at..];
        let Some(taken) = left.get(..count) else {
            let found = format!("cut off at byte {} ({count} bytes needed, {} left)", self.at, left.len());
            return Err(self.lie(what, found, "whole"));
        };
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, what)?);
        Ok(array)
    }

    fn u32(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    fn u64(&mut self, what: &str) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// A number of things of which each takes at least `least` bytes of what is left.
    fn count(&mut self, what: &str, least: usize) -> Result<usize> {
        let count = self.u64(what)?;
        let most = (self.bytes.len() - self.at) / least.max(1);
        match usize::try_from(count) {
            Ok(count) if count <= most => Ok(count),
            _ => Err(self.lie(what, count.to_string(), &format!("at most {most}, which the file could hold"))),
        }
    }

    fn text(&mut self, what: &str) -> Result<String> {
        let length = self.count(what, 1)?;
        let bytes = self.take(length, what)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(self.lie(what, format!("not UTF-8 before byte {}", self.at), "UTF-8")),
        }
    }

    fn name(&mut self, what: &str) -> Result<String> {
        let name = self.text(what)?;
        if name.is_empty() || name.len() as u64 > LONGEST_NAME {
            return Err(self.lie(what, format!("{} bytes", name.len()), "1 to 65535 bytes"));
        }
        Ok(name)
    }

    fn value(&mut self, key: &str) -> Result<Value> {
        let what = format!("`{key}`");
        let kind = self.u32(&what)?;
        if kind == 9 {
            return self.values(&what);
        }
        self.scalar(kind, &what)
    }

    fn scalar(&mut self, kind: u32, what: &str) -> Result<Value> {
        let whole = |value: i64| u64::try_from(value).map_or(Value::Signed(value), Value::Unsigned);
        Ok(match kind {
            0 => Value::Unsigned(u64::from(self.array::<1>(what)?[0])),
            1 => whole(i64::from(i8::from_le_bytes(self.array(what)?))),
            2 => Value::Unsigned(u64::from(u16::from_le_bytes(self.array(what)?))),
            3 => whole(i64::from(i16::from_le_bytes(self.array(what)?))),
            4 => Value::Unsigned(u64::from(self.u32(what)?)),
            5 => whole(i64::from(i32::from_le_bytes(self.array(what)?))),
            6 => Value::Float(f64::from(f32::from_le_bytes(self.array(what)?))),
            7 => match self.array::<1>(what)?[0] {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                other => return Err(self.lie(what, other.to_string(), "0 or 1")),
            },
            8 => Value::Text(self.text(what)?),
            10 => Value::Unsigned(self.u64(what)?),
            11 => whole(i64::from_le_bytes(self.array(what)?)),
            12 => Value::Float(f64::from_le_bytes(self.array(what)?)),
            other => return Err(self.lie(what, format!("of type {other}"), "a type from 0 to 12")),
        })
    }

    fn values(&mut self, what: &str) -> Result<Value> {
        let kind = self.u32(what)?;
        let bytes = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8, // of a text, its length
            _ => return Err(self.lie(what, format!("an array of type {kind}"), "an array of numbers or texts")),
        };
        let count = self.count(what, bytes)?;
        if kind != 8 {
            self.take(count * bytes, what)?;
            return Ok(Value::PassedOver);
        }
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            texts.push(self.text(what)?);
        }
        Ok(Value::Texts(texts))
    }

    fn tensor(&mut self, alignment: u64) -> Result<(String, TensorInfo)> {
        let name = self.name("the name of a tensor")?;
        let what = format!("tensor `{name}`");
        let count = self.u32(&what)?;
        if !(1..=DIMENSIONS).contains(&count) {
            return Err(self.lie(&what, format!("{count} dimensions"), "1 to 4"));
        }
        let mut dimensions = Vec::new();
        for _ in 0..count {
            let size = self.u64(&what)?;
            match usize::try_from(size) {
                Ok(size) if size > 0 => dimensions.insert(0, size),
                _ => return Err(self.lie(&what, format!("{size} numbers in a dimension"), "1 or more")),
            }
        }
        let kind = self.u32(&what)?;
        let numbers = NumberType::from_code(kind).map_err(|found| Error::NumberType {
            origin: self.origin.to_owned(),
            tensor: name.clone(),
            found,
        })?;
        let offset = self.u64(&what)?;
        if !offset.is_multiple_of(alignment) {
            return Err(self.lie(&what, format!("at offset {offset}"), &format!("a multiple of {alignment}")));
        }
        let columns = dimensions.last().copied().unwrap_or(1);
        if !columns.is_multiple_of(numbers.block()) {
            let expected = format!("a multiple of {}", numbers.block());
            return Err(self.lie(&what, format!("rows of {columns}"), &expected));
        }
        let rows = dimensions[..dimensions.len() - 1].iter().try_fold(1_usize, |rows, size| rows.checked_mul(*size));
        let size = rows.and_then(|rows| Some((rows, rows.checked_mul(numbers.checked_row_bytes(columns)?)?)));
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        match size.and_then(|(rows, size)| Some((rows, start.checked_add(size)?))) {
            Some((rows, end)) if end <= self.bytes.len() => {
                Ok((name, TensorInfo { numbers, rows, columns, dimensions, bytes: start..end }))
            }
            _ => Err(self.lie(&what, format!("of shape {dimensions:?} at offset {offset}"), "a part of the file")),
        }
    }
}
