//! The values of a page, one after the other, in every encoding that is read.

use super::ParquetError;
use super::decode::{CUT, Delta, Hybrid};
use super::metadata::Kind;
use super::thrift::Read;
use crate::lines::MAX_RECORD_BYTES;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Text(Vec<u8>),
    Number(String),
    Flag(bool),
    /// A text of more than [`MAX_RECORD_BYTES`].
    TooLong,
}

/// The values that a page names by number.
#[derive(Debug)]
pub(super) struct Dictionary {
    bytes: Vec<u8>,
    starts: Vec<u32>,
}

/// How values lie in a page, and where the next one is.
#[derive(Debug)]
pub(super) enum Values {
    Plain(usize),
    /// Booleans, a bit each.
    Bits(usize),
    Runs(Hybrid),
    Numbered(Hybrid),
    Differences(Delta),
    /// Lengths, and where the texts begin.
    Lengths(Delta, usize),
    /// How much of the text before is repeated, the length of what follows, and where that begins.
    Prefixed(Delta, Delta, usize, Vec<u8>),
}

pub(super) fn length_at(bytes: &[u8], at: usize) -> Read<usize> {
    let length = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(CUT)?;
    Ok(u32::from_le_bytes(*length) as usize)
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Read<&[u8]> {
    bytes.get(at..at.saturating_add(length)).ok_or(CUT)
}

fn text(bytes: &[u8]) -> Value {
    if bytes.len() > MAX_RECORD_BYTES { Value::TooLong } else { Value::Text(bytes.to_owned()) }
}

impl Dictionary {
    pub(super) fn new(bytes: Vec<u8>, count: u64, kind: Kind) -> Read<Self> {
        let mut starts = Vec::new();
        let mut at = 0;
        for _ in 0..count {
            starts.push(at as u32);
            at += plain_bytes(&bytes, at, kind)?;
            if at > bytes.len() {
                return Err(CUT);
            }
        }
        Ok(Self { bytes, starts })
    }
}

/// Bytes of the value that begins here, at least one.
fn plain_bytes(bytes: &[u8], at: usize, kind: Kind) -> Read<usize> {
    match kind {
        Kind::Int32 | Kind::Uint32 | Kind::Float => Ok(4),
        Kind::Int64 | Kind::Uint64 | Kind::Double => Ok(8),
        Kind::Bytes => Ok(4 + length_at(bytes, at)?),
        Kind::Boolean | Kind::Other(_) => Err(ParquetError::Damaged { what: "a dictionary of values that have none" }),
    }
}

fn plain(bytes: &[u8], at: usize, kind: Kind) -> Read<Value> {
    let four = || bytes.get(at..).and_then(<[u8]>::first_chunk::<4>).copied().ok_or(CUT);
    let eight = || bytes.get(at..).and_then(<[u8]>::first_chunk::<8>).copied().ok_or(CUT);
    Ok(match kind {
        Kind::Int32 => Value::Number(i32::from_le_bytes(four()?).to_string()),
        Kind::Uint32 => Value::Number(u32::from_le_bytes(four()?).to_string()),
        Kind::Int64 => Value::Number(i64::from_le_bytes(eight()?).to_string()),
        Kind::Uint64 => Value::Number(u64::from_le_bytes(eight()?).to_string()),
        Kind::Float => Value::Number(f32::from_le_bytes(four()?).to_string()),
        Kind::Double => Value::Number(f64::from_le_bytes(eight()?).to_string()),
        Kind::Bytes => text(slice(bytes, at + 4, length_at(bytes, at)?)?),
        Kind::Boolean | Kind::Other(_) => return Err(ParquetError::Unsupported { what: kind.name().to_owned() }),
    })
}

impl Values {
    /// The numbers are those of `parquet.thrift`: Encoding.
    pub(super) fn new(encoding: i64, kind: Kind, bytes: &[u8], at: usize) -> Read<Self> {
        Ok(match (encoding, kind) {
            (0, Kind::Boolean) => Self::Bits(8 * at),
            (0, _) => Self::Plain(at),
            (2 | 8, _) => Self::Numbered(Hybrid::new(at + 1, bytes.len(), u32::from(bytes[at]))?),
            (3, Kind::Boolean) => Self::Runs(Hybrid::new(at + 4, (at + 4).saturating_add(length_at(bytes, at)?), 1)?),
            (5, Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Uint64) => Self::Differences(Delta::new(bytes, at)?),
            (6, Kind::Bytes) => {
                let lengths = Delta::new(bytes, at)?;
                let end = lengths.end(bytes)?;
                Self::Lengths(lengths, end)
            }
            (7, Kind::Bytes) => {
                let prefixes = Delta::new(bytes, at)?;
                let lengths = Delta::new(bytes, prefixes.end(bytes)?)?;
                if prefixes.left() != lengths.left() {
                    return Err(ParquetError::Damaged { what: "texts have other numbers of beginnings and ends" });
                }
                let end = lengths.end(bytes)?;
                Self::Prefixed(prefixes, lengths, end, Vec::new())
            }
            _ => return Err(ParquetError::Unsupported { what: format!("the encoding {encoding}") }),
        })
    }

    pub(super) fn next(&mut self, bytes: &[u8], kind: Kind, dictionary: Option<&Dictionary>) -> Read<Value> {
        match self {
            Self::Plain(at) => {
                let value = plain(bytes, *at, kind)?;
                *at += plain_bytes(bytes, *at, kind)?;
                Ok(value)
            }
            Self::Bits(bit) => {
                let byte = *bytes.get(*bit / 8).ok_or(CUT)?;
                let flag = byte >> (*bit % 8) & 1 != 0;
                *bit += 1;
                Ok(Value::Flag(flag))
            }
            Self::Runs(runs) => Ok(Value::Flag(runs.next(bytes)? != 0)),
            Self::Numbered(numbers) => {
                let missing = ParquetError::Damaged { what: "a value is not in its dictionary" };
                let number = numbers.next(bytes)? as usize;
                let dictionary = dictionary.ok_or(ParquetError::Damaged { what: "a dictionary is missing" })?;
                let start = *dictionary.starts.get(number).ok_or(missing)?;
                plain(&dictionary.bytes, start as usize, kind)
            }
            Self::Differences(numbers) => {
                let number = numbers.next(bytes)?;
                Ok(Value::Number(match kind {
                    Kind::Int32 => (number as i32).to_string(),
                    Kind::Uint32 => (number as u32).to_string(),
                    Kind::Uint64 => (number as u64).to_string(),
                    _ => number.to_string(),
                }))
            }
            Self::Lengths(lengths, at) => {
                let length = usize::try_from(lengths.next(bytes)?).map_err(|_| CUT)?;
                let value = text(slice(bytes, *at, length)?);
                *at += length;
                Ok(value)
            }
            Self::Prefixed(prefixes, lengths, at, previous) => {
                let kept = usize::try_from(prefixes.next(bytes)?).map_err(|_| CUT)?;
                let length = usize::try_from(lengths.next(bytes)?).map_err(|_| CUT)?;
                if kept > previous.len() {
                    return Err(CUT);
                }
                let rest = slice(bytes, *at, length)?;
                *at += length;
                previous.truncate(kept);
                previous.extend(rest);
                Ok(text(previous))
            }
        }
    }
}
