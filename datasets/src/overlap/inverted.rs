//! The texts that are asked for, as an index of their n-grams: small, exact, and quick to say no.
//!
//! Three steps, each of which asks memory for many n-grams at once before it looks at the first: a bitmap with two bits of 16
//! and more an n-gram turns most of the corpus away; a table (open addressing) with 32 bits of each hash turns away the
//! rest; an entry for each n-gram that is left knows all of its hash and its positions in the texts.

use std::io;

use super::hash;
use super::huge::Huge;
use super::options::NgramOptions;
use super::prefetch::prefetch;
use super::words::Words;

/// N-grams that are looked at together.
pub(crate) const TOGETHER: usize = 512;

/// The words of many texts, one after the other.
#[derive(Debug)]
pub(crate) struct QueryWords {
    /// Their hashes.
    pub(crate) hashes: Vec<u64>,
    /// Their bytes in their text.
    pub(crate) ranges: Vec<(u32, u32)>,
    /// Where each text begins, and at the end the number of words.
    pub(crate) starts: Vec<usize>,
}

impl QueryWords {
    pub(crate) fn new<'a>(texts: impl Iterator<Item = &'a str>, options: NgramOptions) -> Self {
        let mut words = Words::new(options);
        let mut all = Self { hashes: Vec::new(), ranges: Vec::new(), starts: vec![0] };
        for text in texts {
            words.read(text);
            all.hashes.extend(words.hashes());
            all.ranges.extend((0..words.hashes().len()).map(|word| {
                let range = words.range(word, word);
                (range.start as u32, range.end as u32)
            }));
            all.starts.push(all.hashes.len());
        }
        all
    }

    /// The text that a word belongs to.
    pub(crate) fn text_of(&self, word: usize) -> usize {
        self.starts.partition_point(|start| *start <= word) - 1
    }

    /// The words of text `text`.
    pub(crate) fn of(&self, text: usize) -> std::ops::Range<usize> {
        self.starts[text]..self.starts[text + 1]
    }
}

/// N-grams of some length and where they stand in the texts.
#[derive(Debug)]
pub(crate) struct Inverted {
    pub(crate) n: usize,
    bitmap: Huge,
    bitmap_shift: u32,
    /// The lower half of an n-gram's hash, and its number plus 1; 0 is empty.
    slots: Huge,
    slot_shift: u32,
    /// The different n-grams, in the order of their hashes.
    entries: Vec<Entry>,
    /// The word at which each n-gram begins.
    positions: Vec<u32>,
}

/// An n-gram. Lies in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Entry {
    ngram: u64,
    /// Room for its owner's notes.
    note: u64,
    /// Where its positions begin, and how many they are.
    start: u32,
    count: u32,
}

/// An n-gram of the texts among those that were looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// Its place among them.
    pub(crate) index: u32,
    /// Its number.
    pub(crate) number: u32,
}

impl Inverted {
    /// # Errors
    ///
    /// If there is not enough memory.
    pub(crate) fn new(words: &QueryWords, n: usize) -> io::Result<Self> {
        let mut all: Vec<(u64, u32)> = Vec::new();
        let mut ngrams = Vec::new();
        for text in 0..words.starts.len() - 1 {
            let of_text = words.of(text);
            ngrams.clear();
            hash::ngrams(&words.hashes[of_text.clone()], n, &mut ngrams);
            all.extend(ngrams.iter().zip(of_text.start as u32..).map(|(ngram, position)| (*ngram, position)));
        }
        all.sort_unstable();
        let mut entries: Vec<Entry> = Vec::new();
        for (index, &(ngram, _)) in all.iter().enumerate() {
            match entries.last_mut() {
                Some(last) if last.ngram == ngram => last.count += 1,
                _ => entries.push(Entry { ngram, note: 0, start: index as u32, count: 1 }),
            }
        }
        let positions = all.into_iter().map(|(_, position)| position).collect();
        let bits = (16 * entries.len()).next_power_of_two().max(1 << 12);
        let slots = (2 * entries.len()).next_power_of_two().max(2);
        let mut inverted = Self {
            n,
            bitmap: Huge::new(bits / 64)?,
            bitmap_shift: 64 - (bits / 64).trailing_zeros(),
            slots: Huge::new(slots)?,
            slot_shift: 64 - slots.trailing_zeros(),
            entries,
            positions,
        };
        inverted.fill();
        Ok(inverted)
    }

    fn fill(&mut self) {
        for (number, Entry { ngram, .. }) in (1..).zip(&self.entries) {
            let word = (ngram >> self.bitmap_shift) as usize;
            self.bitmap.set(word, self.bitmap.get(word) | two_bits(*ngram));
            let mut slot = self.slot(*ngram);
            while self.slots.get(slot) != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots.set(slot, ngram << 32 | number);
        }
    }

    #[inline]
    fn slot(&self, ngram: u64) -> usize {
        (ngram >> self.slot_shift) as usize
    }

    /// Which of up to [`TOGETHER`] n-grams are the texts', into `known`; gives their number.
    #[inline]
    pub(crate) fn known(&self, ngrams: &[u64], known: &mut [Known; TOGETHER]) -> usize {
        let mut count = 0;
        // Without branches, so that memory answers many at once.
        for (index, &ngram) in ngrams.iter().enumerate() {
            known[count].index = index as u32;
            count += usize::from(self.may_hold(ngram));
        }
        for candidate in &known[..count] {
            self.slots.prefetch(self.slot(ngrams[candidate.index as usize]));
        }
        let mut passed = 0;
        for at in 0..count {
            let index = known[at].index;
            if let Some(number) = self.first_alike(ngrams[index as usize]) {
                prefetch(&self.entries, number);
                known[passed] = Known { index, number: number as u32 };
                passed += 1;
            }
        }
        let mut kept = 0;
        for at in 0..passed {
            let Known { index, number } = known[at];
            let ngram = ngrams[index as usize];
            let is_it = self.entries[number as usize].ngram == ngram;
            if let Some(number) = if is_it { Some(number as usize) } else { self.number(ngram) } {
                known[kept] = Known { index, number: number as u32 };
                kept += 1;
            }
        }
        kept
    }

    /// Whether an n-gram may be one of the texts': never wrong where it is.
    #[inline]
    pub(crate) fn may_hold(&self, ngram: u64) -> bool {
        let bits = two_bits(ngram);
        self.bitmap.get((ngram >> self.bitmap_shift) as usize) & bits == bits
    }

    /// The number of the first n-gram in the table with the same lower half.
    #[inline]
    fn first_alike(&self, ngram: u64) -> Option<usize> {
        let mut slot = self.slot(ngram);
        while let entry @ 1.. = self.slots.get(slot) {
            if (entry >> 32) as u32 == ngram as u32 {
                return Some(entry as u32 as usize - 1);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        None
    }

    /// The number of an n-gram.
    pub(crate) fn number(&self, ngram: u64) -> Option<usize> {
        let mut slot = self.slot(ngram);
        while let entry @ 1.. = self.slots.get(slot) {
            let number = entry as u32 as usize - 1;
            if (entry >> 32) as u32 == ngram as u32 && self.entries[number].ngram == ngram {
                return Some(number);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        None
    }

    /// The words at which the n-gram of this number begins, in order.
    #[inline]
    pub(crate) fn positions(&self, number: usize) -> &[u32] {
        let Entry { start, count, .. } = self.entries[number];
        &self.positions[start as usize..][..count as usize]
    }

    /// What was noted of the n-gram of this number.
    #[inline]
    pub(crate) fn note(&self, number: usize) -> u64 {
        self.entries[number].note
    }

    /// Notes something of every n-gram.
    pub(crate) fn set_notes(&mut self, note: impl Fn(&Self, usize) -> u64) {
        for number in 0..self.entries.len() {
            let note = note(self, number);
            self.entries[number].note = note;
        }
    }

    /// How many different n-grams there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Two of the 64 bits of a word, or one; not by those that say which word.
#[inline]
fn two_bits(ngram: u64) -> u64 {
    1 << (ngram & 63) | 1 << (ngram >> 6 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::testing::Random;

    /// Every n-gram of the texts is known with all its positions, and no other is.
    #[test]
    fn what_is_in_the_texts_is_known() {
        let mut random = Random::new(5);
        let mut text = || (0..3_000).map(|_| format!("w{} ", random.below(30))).collect::<String>();
        let (texts, other) = ([text(), text()], text());
        let options = NgramOptions { n: 3, ..NgramOptions::default() };
        let words = QueryWords::new(texts.iter().map(String::as_str), options);
        let inverted = Inverted::new(&words, 3).unwrap();
        let mut expected = std::collections::BTreeMap::<u64, Vec<u32>>::new();
        for text in 0..2 {
            let mut ngrams = Vec::new();
            hash::ngrams(&words.hashes[words.of(text)], 3, &mut ngrams);
            let positions = words.of(text).start as u32..;
            ngrams.iter().zip(positions).for_each(|(ngram, at)| expected.entry(*ngram).or_default().push(at));
        }
        assert_eq!(inverted.len(), expected.len());
        let mut asked = Words::new(options);
        asked.read(&(other + &texts[1]));
        let mut ngrams = Vec::new();
        asked.ngrams(&mut ngrams);
        // The same lower half and the same upper bits as one of the texts', but another n-gram.
        let alike = *expected.keys().next().unwrap() ^ 1 << 33;
        ngrams.push(alike);
        let mut found = 0;
        for chunk in ngrams.chunks(TOGETHER) {
            let mut known = [Known::default(); TOGETHER];
            let count = inverted.known(chunk, &mut known);
            let indexes: Vec<u32> = known[..count].iter().map(|known| known.index).collect();
            let is_known = |index: &u32| expected.contains_key(&chunk[*index as usize]);
            assert_eq!(indexes, (0..chunk.len() as u32).filter(is_known).collect::<Vec<_>>());
            for Known { index, number } in &known[..count] {
                let ngram = chunk[*index as usize];
                assert_eq!(inverted.positions(*number as usize), expected[&ngram]);
                assert_eq!(inverted.number(ngram), Some(*number as usize));
            }
            found += count;
        }
        assert!((3_000..ngrams.len()).contains(&found), "{found}");
        assert_eq!(inverted.number(alike), None);
    }
}
