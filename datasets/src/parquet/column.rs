//! The values of one column in a group of rows, page by page: one page and one dictionary in memory.

use std::fs::File;
use std::io::{self, Read as _};

use super::ParquetError;
use super::decode::{CUT, Hybrid};
use super::metadata::{Chunk, Kind, read_at};
use super::thrift::{FALSE, I32, Read, STRUCT, TRUE, Thrift};
use super::values::{Dictionary, Value, Values, length_at};
use crate::compression::ZSTD_WINDOW_LOG_MAX;

/// The most bytes of a page, uncompressed. Memory is taken as they come, not as they are announced.
const MOST_PAGE_BYTES: usize = 1 << 30;
/// Bytes read at first to find the header of a page, and at most: it may hold the least and the greatest text.
const HEADER_BYTES: usize = 1 << 10;
const MOST_HEADER_BYTES: usize = 64 << 20;
/// Snappy makes 64 bytes of 3 at most.
const SNAPPY_MOST: usize = 22;

/// Reads the values of a column.
#[derive(Debug)]
pub(super) struct ColumnReader {
    kind: Kind,
    optional: bool,
    codec: i64,
    /// Where the next page begins, and where the last one ends.
    at: u64,
    end: u64,
    /// Values in pages to come.
    values: u64,
    dictionary: Option<Dictionary>,
    page: Page,
}

/// A page of values; before the first one, empty.
#[derive(Debug, Default)]
struct Page {
    bytes: Vec<u8>,
    /// Values left, nulls among them.
    left: u64,
    /// Says of each value whether it is one or null.
    levels: Option<Hybrid>,
    values: Option<Values>,
}

#[derive(Debug, Default)]
struct Header {
    kind: i64,
    uncompressed: usize,
    compressed: usize,
    crc: Option<u32>,
    values: u64,
    encoding: i64,
    level_encoding: Option<i64>,
    /// Bytes of the levels in a page of version 2, and whether what follows is compressed.
    repetition_bytes: usize,
    definition_bytes: usize,
    is_compressed: bool,
}

impl ColumnReader {
    pub(super) fn new(kind: Kind, optional: bool, chunk: Chunk) -> Self {
        let Chunk { codec, values, start, end } = chunk;
        Self { kind, optional, codec, at: start, end, values, dictionary: None, page: Page::default() }
    }

    pub(super) fn next(&mut self, file: &mut File) -> Read<Value> {
        while self.page.left == 0 {
            if self.values == 0 {
                return Err(ParquetError::Damaged { what: "a column has fewer values than rows" });
            }
            self.next_page(file)?;
        }
        let page = &mut self.page;
        page.left -= 1;
        if let Some(levels) = &mut page.levels
            && levels.next(&page.bytes)? == 0
        {
            return Ok(Value::Null);
        }
        match &mut page.values {
            Some(values) => values.next(&page.bytes, self.kind, self.dictionary.as_ref()),
            None => Err(CUT),
        }
    }

    fn next_page(&mut self, file: &mut File) -> Read<()> {
        let header = self.header(file)?;
        if header.compressed as u64 > self.end - self.at || header.uncompressed > MOST_PAGE_BYTES {
            return Err(ParquetError::Damaged { what: "a page is longer than its column" });
        }
        let mut bytes = vec![0; header.compressed];
        if !read_at(file, self.at, &mut bytes)? {
            return Err(CUT);
        }
        self.at += header.compressed as u64;
        if header.crc.is_some_and(|crc| crc != checksum(&bytes)) {
            return Err(ParquetError::Damaged { what: "the checksum of a page is wrong" });
        }
        match header.kind {
            0 => {
                let bytes = decompress(self.codec, bytes, header.uncompressed)?;
                self.start_page(&header, bytes)
            }
            2 => {
                let bytes = decompress(self.codec, bytes, header.uncompressed)?;
                self.dictionary = Some(Dictionary::new(bytes, header.values, self.kind)?);
                Ok(())
            }
            3 => {
                let levels = header.repetition_bytes.saturating_add(header.definition_bytes);
                if levels > bytes.len() || levels > header.uncompressed {
                    return Err(CUT);
                }
                let mut values = bytes.split_off(levels);
                if header.is_compressed {
                    values = decompress(self.codec, values, header.uncompressed - levels)?;
                }
                bytes.append(&mut values);
                self.start_page(&header, bytes)
            }
            // Pages of an index, or of a kind to come.
            _ => Ok(()),
        }
    }

    fn header(&mut self, file: &mut File) -> Read<Header> {
        let mut size = HEADER_BYTES;
        loop {
            let rest = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            let mut bytes = vec![0; size.min(rest)];
            if bytes.is_empty() || !read_at(file, self.at, &mut bytes)? {
                return Err(CUT);
            }
            let mut thrift = Thrift::new(&bytes);
            match header(&mut thrift) {
                Err(ParquetError::End) if size < rest && size < MOST_HEADER_BYTES => size *= 4,
                Err(error) => return Err(error),
                Ok(header) => {
                    self.at += thrift.at() as u64;
                    return Ok(header);
                }
            }
        }
    }

    fn start_page(&mut self, header: &Header, bytes: Vec<u8>) -> Read<()> {
        self.values = self
            .values
            .checked_sub(header.values)
            .ok_or(ParquetError::Damaged { what: "a column has more values than it says" })?;
        let mut at = header.repetition_bytes;
        let levels = match (self.optional, header.kind) {
            (false, _) => {
                at += header.definition_bytes;
                None
            }
            (true, 3) => {
                at += header.definition_bytes;
                Some(Hybrid::new(header.repetition_bytes, at, 1)?)
            }
            (true, _) => {
                if header.level_encoding != Some(3) {
                    return Err(ParquetError::Unsupported { what: "bit-packed levels".to_owned() });
                }
                let (start, end) = (4, 4 + length_at(&bytes, 0)?);
                at = end;
                Some(Hybrid::new(start, end, 1)?)
            }
        };
        let values = if at < bytes.len() { Some(Values::new(header.encoding, self.kind, &bytes, at)?) } else { None };
        self.page = Page { bytes, left: header.values, levels, values };
        Ok(())
    }
}

fn header(thrift: &mut Thrift<'_>) -> Read<Header> {
    let mut header = Header { is_compressed: true, ..Header::default() };
    let size = |thrift: &mut Thrift<'_>| {
        usize::try_from(thrift.int()?).map_err(|_| ParquetError::Damaged { what: "a page has a negative size" })
    };
    thrift.fields(|thrift, number, kind| {
        match (number, kind) {
            (1, I32) => header.kind = thrift.int()?,
            (2, I32) => header.uncompressed = size(thrift)?,
            (3, I32) => header.compressed = size(thrift)?,
            (4, I32) => header.crc = Some(thrift.int()? as u32),
            (5 | 7 | 8, STRUCT) => {
                let is_second = number == 8;
                thrift.fields(|thrift, number, kind| {
                    match (number, kind, is_second) {
                        (1, I32, _) => header.values = size(thrift)? as u64,
                        (2, I32, false) | (4, I32, true) => header.encoding = thrift.int()?,
                        (3, I32, false) => header.level_encoding = Some(thrift.int()?),
                        (5, I32, true) => header.definition_bytes = size(thrift)?,
                        (6, I32, true) => header.repetition_bytes = size(thrift)?,
                        (7, TRUE | FALSE, true) => header.is_compressed = kind == TRUE,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(header)
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The numbers are those of `parquet.thrift`: CompressionCodec.
fn decompress(codec: i64, bytes: Vec<u8>, size: usize) -> Read<Vec<u8>> {
    let damaged = |_| ParquetError::Damaged { what: "a page cannot be decompressed" };
    let output = match codec {
        _ if size == 0 => Vec::new(),
        0 => bytes,
        1 => {
            let announced = snap::raw::decompress_len(&bytes).map_err(|_| CUT)?;
            if announced != size || size > SNAPPY_MOST * bytes.len() {
                return Err(ParquetError::Damaged { what: "a page has another size than it says" });
            }
            let decompressed = snap::raw::Decoder::new().decompress_vec(&bytes);
            decompressed.map_err(|_| ParquetError::Damaged { what: "a page cannot be decompressed" })?
        }
        2 => read_all(flate2::bufread::MultiGzDecoder::new(bytes.as_slice()), size).map_err(damaged)?,
        6 => zstd::Decoder::with_buffer(bytes.as_slice())
            .and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                read_all(decoder, size)
            })
            .map_err(damaged)?,
        _ => {
            let name = match codec {
                3 => "LZO",
                4 => "Brotli",
                5 | 7 => "LZ4",
                _ => "another",
            };
            return Err(ParquetError::Unsupported { what: format!("{name} compression") });
        }
    };
    match output.len() == size {
        true => Ok(output),
        false => Err(ParquetError::Damaged { what: "a page has another size than it says" }),
    }
}

fn read_all(input: impl io::Read, size: usize) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    input.take(size as u64 + 1).read_to_end(&mut output)?;
    Ok(output)
}
