//! Thrift's compact protocol, in which Parquet writes its metadata: reading only, what is not known is skipped.

use super::ParquetError;

/// How deep a value that is skipped may nest.
const DEEPEST: usize = 32;

pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
const BYTE: u8 = 3;
pub(super) const I16: u8 = 4;
pub(super) const I32: u8 = 5;
pub(super) const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// What is read from metadata.
pub(super) type Read<T> = Result<T, ParquetError>;

/// A reader of bytes in this protocol.
pub(super) struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Read<u8> {
        let byte = *self.bytes.get(self.at).ok_or(ParquetError::End)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Read<u64> {
        varint(self.bytes, &mut self.at)
    }

    /// An integer of 16, 32 or 64 bits.
    pub(super) fn int(&mut self) -> Read<i64> {
        self.varint().map(zigzag)
    }

    pub(super) fn binary(&mut self) -> Read<&'a [u8]> {
        let length = usize::try_from(self.varint()?).map_err(|_| ParquetError::End)?;
        let end = self.at.checked_add(length).ok_or(ParquetError::End)?;
        let bytes = self.bytes.get(self.at..end).ok_or(ParquetError::End)?;
        self.at = end;
        Ok(bytes)
    }

    /// Reads a list of structs item by item.
    pub(super) fn structs(&mut self, mut each: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        let (kind, count) = self.list_header()?;
        if kind != STRUCT && count > 0 {
            return Err(ParquetError::Damaged { what: "a list of its metadata holds something else" });
        }
        (0..count).try_for_each(|_| each(self))
    }

    /// Reads a struct field by field: `each` gets the number and the type of a field and says whether it read it.
    pub(super) fn fields(&mut self, mut each: impl FnMut(&mut Self, i64, u8) -> Read<bool>) -> Read<()> {
        let mut number = 0;
        while let Some(kind) = self.field_header(&mut number)? {
            if !each(self, number, kind)? {
                self.skip(kind, 0)?;
            }
        }
        Ok(())
    }

    /// The type of the next field, whose number is the last one plus what the header says; `None` at the end.
    fn field_header(&mut self, number: &mut i64) -> Read<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        *number = match byte >> 4 {
            0 => self.int()?,
            more => number.saturating_add(i64::from(more)),
        };
        Ok(Some(byte & 15))
    }

    fn list_header(&mut self) -> Read<(u8, u64)> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        Ok((byte & 15, count))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Read<()> {
        if depth > DEEPEST {
            return Err(ParquetError::Damaged { what: "its metadata nests too deep" });
        }
        match kind {
            TRUE | FALSE => {}
            BYTE => self.byte().map(drop)?,
            I16 | I32 | I64 => self.varint().map(drop)?,
            DOUBLE => (0..8).try_for_each(|_| self.byte().map(drop))?,
            UUID => (0..16).try_for_each(|_| self.byte().map(drop))?,
            BINARY => self.binary().map(drop)?,
            LIST | SET => {
                let (kind, count) = self.list_header()?;
                (0..count).try_for_each(|_| self.skip_item(kind, depth))?;
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                for _ in 0..count {
                    self.skip_item(kinds >> 4, depth)?;
                    self.skip_item(kinds & 15, depth)?;
                }
            }
            STRUCT => {
                let mut number = 0;
                while let Some(kind) = self.field_header(&mut number)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return Err(ParquetError::Damaged { what: "its metadata has a field of unknown type" }),
        }
        Ok(())
    }

    /// In a list a boolean is a byte of its own.
    fn skip_item(&mut self, kind: u8, depth: usize) -> Read<()> {
        match kind {
            TRUE | FALSE => self.byte().map(drop),
            _ => self.skip(kind, depth + 1),
        }
    }
}

/// An integer of 7 bits a byte, the last byte below 128.
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Read<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at).ok_or(ParquetError::End)?;
        *at += 1;
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Ok(value);
        }
    }
    Err(ParquetError::Damaged { what: "a number in it does not end" })
}

/// Signs in the lowest bit: 0, -1, 1, -2, ...
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let number = |bytes: &[u8]| Thrift::new(bytes).int();
        assert_eq!(number(&[0]).unwrap(), 0);
        assert_eq!(number(&[1]).unwrap(), -1);
        assert_eq!(number(&[0xD8, 0x04]).unwrap(), 300);
        assert_eq!(number(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]).unwrap(), i64::MIN);
        assert!(matches!(number(&[0x80]), Err(ParquetError::End)));
        assert!(matches!(number(&[0xFF; 20]), Err(ParquetError::Damaged { .. })));
    }

    /// A struct with a string, a list of two booleans, a map, a struct and at last field 100: only the last is read.
    #[test]
    fn what_is_not_known_is_skipped() {
        let bytes = [
            0x18, 2, b'a', b'b', 0x19, 0x21, 1, 2, 0x1B, 1, 0x58, 7, 1, b'c', 0x1C, 0x11, 0x00, 0x05, 0xC8, 0x01, 0x0E,
            0x00,
        ];
        let mut found = None;
        let mut thrift = Thrift::new(&bytes);
        let read = thrift.fields(|thrift, number, kind| {
            if number == 100 && kind == I32 {
                found = Some(thrift.int()?);
            }
            Ok(number == 100)
        });
        read.unwrap();
        assert_eq!((found, thrift.at()), (Some(7), bytes.len()));
        for length in 0..bytes.len() {
            assert!(Thrift::new(&bytes[..length]).fields(|_, _, _| Ok(false)).is_err(), "{length}");
        }
        let deep = [0x1C; 100];
        assert!(matches!(Thrift::new(&deep).fields(|_, _, _| Ok(false)), Err(ParquetError::Damaged { .. })));
    }
}
