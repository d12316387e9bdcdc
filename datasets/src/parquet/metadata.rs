//! The footer of a Parquet file: which columns there are, and where their values lie.

use std::fs::File;
use std::io::{Read as _, Seek, SeekFrom};

use super::ParquetError;
use super::thrift::{BINARY, I32, I64, LIST, Read, STRUCT, Thrift};

/// The most bytes of a footer that are read.
const MOST_FOOTER_BYTES: u64 = 64 << 20;
/// The most columns, and groups of columns.
const MOST_COLUMNS: usize = 1 << 16;
const MAGIC: [u8; 4] = *b"PAR1";
const MAGIC_ENCRYPTED: [u8; 4] = *b"PARE";

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) columns: Vec<Column>,
    pub(super) groups: Vec<Group>,
}

/// A column of the highest level.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether there are levels that say where a value is null.
    pub(super) optional: bool,
    /// Its place among the chunks of a group.
    pub(super) chunk: usize,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float,
    Double,
    /// Strings, or bytes that are taken for such.
    Bytes,
    /// What is not read, in words.
    Other(&'static str),
}

impl Kind {
    /// For a message.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "booleans",
            Self::Int32 | Self::Uint32 | Self::Int64 | Self::Uint64 => "whole numbers",
            Self::Float | Self::Double => "numbers",
            Self::Bytes => "strings",
            Self::Other(name) => name,
        }
    }
}

/// Rows that lie together.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) rows: u64,
    pub(super) chunks: Vec<Chunk>,
}

/// The values of one column in a group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chunk {
    pub(super) codec: i64,
    /// Values, nulls among them.
    pub(super) values: u64,
    /// Where its pages begin in the file and where they end.
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Reads the footer.
pub(super) fn read(file: &mut File) -> Read<Metadata> {
    let size = file.seek(SeekFrom::End(0)).map_err(ParquetError::Io)?;
    let mut magic = [0; 4];
    if size < 4 || !read_at(file, 0, &mut magic)? || ![MAGIC, MAGIC_ENCRYPTED].contains(&magic) {
        return Err(ParquetError::Foreign);
    }
    let mut tail = [0; 8];
    if size < 12 || !read_at(file, size - 8, &mut tail)? {
        return Err(ParquetError::CutOff);
    }
    let [length, end] = [[tail[0], tail[1], tail[2], tail[3]], [tail[4], tail[5], tail[6], tail[7]]];
    if end == MAGIC_ENCRYPTED {
        return Err(ParquetError::Encrypted);
    }
    let length = u64::from(u32::from_le_bytes(length));
    if end != MAGIC || length > size - 12 {
        return Err(ParquetError::CutOff);
    }
    if length > MOST_FOOTER_BYTES {
        return Err(ParquetError::Unsupported { what: format!("a footer of {length} bytes") });
    }
    let mut footer = vec![0; length as usize];
    read_at(file, size - 8 - length, &mut footer)?;
    parse(&footer, size)
}

/// Fills the buffer from this byte on; false at the end of the file.
pub(super) fn read_at(file: &mut File, at: u64, buffer: &mut [u8]) -> Read<bool> {
    file.seek(SeekFrom::Start(at)).map_err(ParquetError::Io)?;
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(ParquetError::Io(error)),
    }
}

fn parse(footer: &[u8], size: u64) -> Read<Metadata> {
    let mut elements = Vec::new();
    let mut groups = Vec::new();
    Thrift::new(footer).fields(|thrift, number, kind| {
        match (number, kind) {
            (2, LIST) => thrift.structs(|thrift| {
                elements.push(element(thrift)?);
                if elements.len() > MOST_COLUMNS {
                    return Err(ParquetError::Unsupported { what: format!("more than {MOST_COLUMNS} columns") });
                }
                Ok(())
            })?,
            (4, LIST) => thrift.structs(|thrift| {
                let group = group(thrift, size)?;
                if group.chunks.is_empty() {
                    return Err(ParquetError::Damaged { what: "a group of rows has no columns" });
                }
                groups.push(group);
                Ok(())
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let (columns, chunks) = columns(&elements)?;
    if groups.iter().any(|group: &Group| group.chunks.len() != chunks) {
        return Err(ParquetError::Damaged { what: "a group of rows has not the columns of the file" });
    }
    Ok(Metadata { columns, groups })
}

// ---- Columns --------------------------------------------------------------------------------------------------------

/// A node of the tree of columns, as it stands in the file: each followed by its children.
#[derive(Debug, Default)]
struct Element {
    name: String,
    physical: Option<i64>,
    repetition: i64,
    children: i64,
    converted: Option<i64>,
    logical: Option<i64>,
}

fn element(thrift: &mut Thrift<'_>) -> Read<Element> {
    let mut element = Element::default();
    thrift.fields(|thrift, number, kind| {
        match (number, kind) {
            (1, I32) => element.physical = Some(thrift.int()?),
            (3, I32) => element.repetition = thrift.int()?,
            (4, BINARY) => element.name = String::from_utf8_lossy(thrift.binary()?).into_owned(),
            (5, I32) => element.children = thrift.int()?,
            (6, I32) => element.converted = Some(thrift.int()?),
            (10, STRUCT) => {
                let logical = &mut element.logical;
                thrift.fields(|_, number, _| {
                    *logical = Some(number);
                    Ok(false)
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(element)
}

/// The columns of the highest level, and how many chunks there are.
fn columns(elements: &[Element]) -> Read<(Vec<Column>, usize)> {
    let damaged = || ParquetError::Damaged { what: "its columns are not a tree" };
    let (root, mut rest) = elements.split_first().ok_or_else(damaged)?;
    let mut columns = Vec::new();
    let mut chunks = 0;
    for _ in 0..root.children {
        let (top, after) = rest.split_first().ok_or_else(damaged)?;
        columns.push(Column { name: top.name.clone(), kind: kind(top), optional: top.repetition == 1, chunk: chunks });
        // The leaves below it are chunks.
        let mut pending = top.children;
        chunks += usize::from(top.children == 0);
        rest = after;
        while pending > 0 {
            let (element, after) = rest.split_first().ok_or_else(damaged)?;
            pending = pending.checked_add(element.children.max(0)).ok_or_else(damaged)? - 1;
            chunks += usize::from(element.children == 0);
            rest = after;
        }
    }
    if rest.is_empty() { Ok((columns, chunks)) } else { Err(damaged()) }
}

/// The numbers are those of `parquet.thrift`: Type, ConvertedType and the fields of LogicalType.
fn kind(element: &Element) -> Kind {
    if element.children != 0 || element.repetition == 2 {
        return Kind::Other("lists or structures");
    }
    if element.converted == Some(5) || element.logical == Some(5) {
        return Kind::Other("decimals");
    }
    if matches!(element.converted, Some(6..=10 | 21)) || matches!(element.logical, Some(6..=8)) {
        return Kind::Other("dates or times");
    }
    match (element.physical, element.converted) {
        (Some(0), _) => Kind::Boolean,
        (Some(1), Some(11..=13)) => Kind::Uint32,
        (Some(1), _) => Kind::Int32,
        (Some(2), Some(14)) => Kind::Uint64,
        (Some(2), _) => Kind::Int64,
        (Some(3), _) => Kind::Other("dates or times"),
        (Some(4), _) => Kind::Float,
        (Some(5), _) => Kind::Double,
        (Some(6), _) => Kind::Bytes,
        _ => Kind::Other("bytes of one length"),
    }
}

// ---- Groups of rows -------------------------------------------------------------------------------------------------

fn group(thrift: &mut Thrift<'_>, size: u64) -> Read<Group> {
    let mut group = Group::default();
    thrift.fields(|thrift, number, kind| {
        match (number, kind) {
            (1, LIST) => thrift.structs(|thrift| {
                group.chunks.push(chunk(thrift, size)?);
                Ok(())
            })?,
            (3, I64) => group.rows = count(thrift)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(group)
}

fn chunk(thrift: &mut Thrift<'_>, size: u64) -> Read<Chunk> {
    let mut chunk = Chunk::default();
    let (mut data, mut dictionary, mut bytes) = (0, 0, 0);
    thrift.fields(|thrift, number, kind| {
        match (number, kind) {
            (1, BINARY) => return Err(ParquetError::Unsupported { what: "columns in other files".to_owned() }),
            (3, STRUCT) => thrift.fields(|thrift, number, kind| {
                match (number, kind) {
                    (4, I32) => chunk.codec = thrift.int()?,
                    (5, I64) => chunk.values = count(thrift)?,
                    (7, I64) => bytes = count(thrift)?,
                    (9, I64) => data = count(thrift)?,
                    (11, I64) => dictionary = count(thrift)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?,
            (8 | 9, _) => return Err(ParquetError::Encrypted),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    // Old writers leave the place of the dictionary at 0; it then begins where the data is said to.
    chunk.start = if dictionary > 0 && dictionary < data { dictionary } else { data };
    chunk.end = chunk.start.saturating_add(bytes);
    if chunk.end > size {
        return Err(ParquetError::Damaged { what: "a column ends behind the file" });
    }
    Ok(chunk)
}

fn count(thrift: &mut Thrift<'_>) -> Read<u64> {
    u64::try_from(thrift.int()?).map_err(|_| ParquetError::Damaged { what: "a number of its metadata is negative" })
}
