//! Packed integers: runs (Parquet's RLE/bit-packing hybrid) and differences (`DELTA_BINARY_PACKED`).
//!
//! Both say the next value and keep only where they stand, so that a run of two thousand million costs nothing.

use super::ParquetError;
use super::thrift::{Read, varint, zigzag};

/// The most values that are packed together.
const MOST_PACKED: u64 = 1 << 24;

pub(super) const CUT: ParquetError = ParquetError::Damaged { what: "a page ends too early" };

/// `width` bits from this bit on, at most 64.
fn packed(bytes: &[u8], bit: usize, width: u32) -> Read<u64> {
    let (first, shift) = (bit / 8, bit % 8);
    let needed = (shift + width as usize).div_ceil(8);
    let taken = bytes.get(first..first + needed).ok_or(CUT)?;
    let mut wide = [0; 16];
    wide[..needed].copy_from_slice(taken);
    let mask = u64::MAX.checked_shr(64 - width).unwrap_or(0);
    Ok((u128::from_le_bytes(wide) >> shift) as u64 & mask)
}

/// Runs of one value, and stretches of packed ones.
#[derive(Clone, Debug)]
pub(super) struct Hybrid {
    at: usize,
    end: usize,
    width: u32,
    /// Values left of the run, and what they are: one value, or packed from this bit on.
    left: u64,
    run: Run,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    Same(u32),
    Packed(usize),
}

impl Hybrid {
    /// Values of `width` bits in these bytes of a page.
    pub(super) fn new(at: usize, end: usize, width: u32) -> Read<Self> {
        match width {
            0..=32 => Ok(Self { at, end, width, left: 0, run: Run::Same(0) }),
            _ => Err(ParquetError::Damaged { what: "a width of more than 32 bits" }),
        }
    }

    pub(super) fn next(&mut self, page: &[u8]) -> Read<u32> {
        let bytes = page.get(..self.end).ok_or(CUT)?;
        while self.left == 0 {
            self.start(bytes)?;
        }
        self.left -= 1;
        match &mut self.run {
            Run::Same(value) => Ok(*value),
            Run::Packed(bit) => {
                let value = packed(bytes, *bit, self.width)?;
                *bit += self.width as usize;
                Ok(value as u32)
            }
        }
    }

    fn start(&mut self, bytes: &[u8]) -> Read<()> {
        let header = varint(bytes, &mut self.at).map_err(|_| CUT)?;
        if header & 1 == 1 {
            let groups = header >> 1;
            if groups > MOST_PACKED {
                return Err(CUT);
            }
            self.left = 8 * groups;
            self.run = Run::Packed(8 * self.at);
            self.at += groups as usize * self.width as usize;
        } else {
            self.left = header >> 1;
            self.run = Run::Same(packed(bytes, 8 * self.at, self.width)? as u32);
            self.at += self.width.div_ceil(8) as usize;
        }
        Ok(())
    }
}

/// Values as differences from the one before, packed in blocks of their own width.
#[derive(Clone, Debug)]
pub(super) struct Delta {
    at: usize,
    /// Values still to come.
    left: u64,
    last: i64,
    is_first: bool,
    /// Of a block: its smallest difference, where the widths of its parts stand, and how many parts it has.
    least: i64,
    widths: usize,
    parts: usize,
    /// The next part, how many values a part has, and how many of the current one are left.
    part: usize,
    part_values: u64,
    part_left: u64,
    bit: usize,
    width: u32,
}

impl Delta {
    pub(super) fn new(bytes: &[u8], mut at: usize) -> Read<Self> {
        let mut number = || varint(bytes, &mut at).map_err(|_| CUT);
        let (block, parts, count, first) = (number()?, number()?, number()?, number()?);
        if parts == 0
            || block == 0
            || block > MOST_PACKED
            || !block.is_multiple_of(parts)
            || !(block / parts).is_multiple_of(8)
        {
            return Err(ParquetError::Damaged { what: "blocks of differences of an impossible size" });
        }
        let parts_count = parts as usize;
        Ok(Self {
            at,
            left: count,
            last: zigzag(first),
            is_first: true,
            least: 0,
            widths: 0,
            parts: parts_count,
            part: parts_count,
            part_values: block / parts,
            part_left: 0,
            bit: 0,
            width: 0,
        })
    }

    /// How many values are still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Where they end, found by reading them all.
    pub(super) fn end(&self, bytes: &[u8]) -> Read<usize> {
        let mut all = self.clone();
        while all.left > 0 {
            all.next(bytes)?;
        }
        Ok(all.at)
    }

    pub(super) fn next(&mut self, bytes: &[u8]) -> Read<i64> {
        self.left = self.left.checked_sub(1).ok_or(CUT)?;
        if std::mem::take(&mut self.is_first) {
            return Ok(self.last);
        }
        if self.part_left == 0 {
            if self.part == self.parts {
                self.least = zigzag(varint(bytes, &mut self.at).map_err(|_| CUT)?);
                (self.widths, self.part) = (self.at, 0);
                self.at += self.parts;
            }
            self.width = u32::from(*bytes.get(self.widths + self.part).ok_or(CUT)?);
            if self.width > 64 {
                return Err(ParquetError::Damaged { what: "a width of more than 64 bits" });
            }
            self.bit = 8 * self.at;
            self.at += self.part_values as usize / 8 * self.width as usize;
            self.part_left = self.part_values;
            self.part += 1;
        }
        self.part_left -= 1;
        let difference = packed(bytes, self.bit, self.width)?;
        self.bit += self.width as usize;
        self.last = self.last.wrapping_add(self.least).wrapping_add(difference as i64);
        Ok(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification: 0 to 7 in three bits each, after a run of five fours.
    #[test]
    fn runs_and_packed_values() {
        let bytes = [0x0A, 4, 0x03, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        let mut hybrid = Hybrid::new(0, bytes.len(), 3).unwrap();
        let values: Vec<u32> = (0..13).map(|_| hybrid.next(&bytes).unwrap()).collect();
        assert_eq!(values, [4, 4, 4, 4, 4, 0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(hybrid.next(&bytes).is_err());
        assert!(Hybrid::new(0, 1, 33).is_err());
        assert_eq!(Hybrid::new(0, 1, 0).unwrap().next(&[2]).unwrap(), 0);
    }

    /// The second example of the specification: 7, 5, 3, 1, 2, 3, 4, 5 in a block of 128 and four parts.
    #[test]
    fn differences() {
        let mut bytes = vec![0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111];
        bytes.extend([0; 6]);
        bytes.push(99);
        let mut delta = Delta::new(&bytes, 0).unwrap();
        assert_eq!(delta.end(&bytes).unwrap(), bytes.len() - 1);
        let values: Vec<i64> = (0..8).map(|_| delta.next(&bytes).unwrap()).collect();
        assert_eq!(values, [7, 5, 3, 1, 2, 3, 4, 5]);
        assert!(delta.next(&bytes).is_err());
        assert!(Delta::new(&[0x80, 0x01, 0, 8, 14], 0).is_err());
        assert!(Delta::new(&[0x80, 0x01, 4, 8, 14], 0).unwrap().end(&[0x80, 0x01, 4, 8, 14]).is_err());
    }
}
