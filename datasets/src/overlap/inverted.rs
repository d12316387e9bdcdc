//! The texts that are asked for, as an index of their n-grams: small, exact, and quick to say no.
//!
//! A bitmap with 16 bits an n-gram turns most of the corpus away; what passes is looked up in a table (open addressing)
//! that knows all positions of an n-gram in the texts.

use super::hash;
use super::options::NgramOptions;
use super::prefetch::prefetch;
use super::words::Words;

/// N-grams that are looked at together.
pub(crate) const TOGETHER: usize = 256;

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
    bitmap: Vec<u64>,
    bitmap_shift: u32,
    /// Number of the n-gram plus 1; 0 is empty.
    slots: Vec<u32>,
    slot_shift: u32,
    /// The different n-grams, in order.
    ngrams: Vec<u64>,
    /// Where the positions of each begin, and at the end their number.
    starts: Vec<u32>,
    /// The word at which each n-gram begins.
    positions: Vec<u32>,
}

impl Inverted {
    pub(crate) fn new(words: &QueryWords, n: usize) -> Self {
        let mut all: Vec<(u64, u32)> = Vec::new();
        let mut ngrams = Vec::new();
        for text in 0..words.starts.len() - 1 {
            let of_text = words.of(text);
            ngrams.clear();
            hash::ngrams(&words.hashes[of_text.clone()], n, &mut ngrams);
            all.extend(ngrams.iter().zip(of_text.start as u32..).map(|(ngram, position)| (*ngram, position)));
        }
        all.sort_unstable();
        let (mut distinct, mut starts) = (Vec::new(), Vec::new());
        for (index, (ngram, _)) in all.iter().enumerate() {
            if distinct.last() != Some(ngram) {
                distinct.push(*ngram);
                starts.push(index as u32);
            }
        }
        starts.push(all.len() as u32);
        let positions = all.into_iter().map(|(_, position)| position).collect();
        let bits = (16 * distinct.len()).next_power_of_two().max(1 << 12);
        let size = (2 * distinct.len()).next_power_of_two().max(2);
        let mut inverted = Self {
            n,
            bitmap: vec![0; bits / 64],
            bitmap_shift: 64 - bits.trailing_zeros(),
            slots: vec![0; size],
            slot_shift: 64 - size.trailing_zeros(),
            ngrams: distinct,
            starts,
            positions,
        };
        inverted.fill();
        inverted
    }

    fn fill(&mut self) {
        for (number, &ngram) in (1..).zip(&self.ngrams) {
            let bit = ngram >> self.bitmap_shift;
            self.bitmap[(bit / 64) as usize] |= 1 << (bit % 64);
            let mut slot = (ngram >> self.slot_shift) as usize;
            while self.slots[slot] != 0 {
                slot = (slot + 1) % self.slots.len();
            }
            self.slots[slot] = number;
        }
    }

    /// Writes where among up to [`TOGETHER`] n-grams those are that may be the texts', and asks for their slots; gives their
    /// number. Without branches, so that memory answers many at once.
    #[inline]
    pub(crate) fn candidates(&self, ngrams: &[u64], candidates: &mut [usize; TOGETHER]) -> usize {
        let mut count = 0;
        for (index, &ngram) in ngrams.iter().enumerate() {
            candidates[count] = index;
            count += usize::from(self.may_hold(ngram));
        }
        for &index in &candidates[..count] {
            prefetch(&self.slots, (ngrams[index] >> self.slot_shift) as usize);
        }
        count
    }

    /// Whether an n-gram may be one of the texts': never wrong where it is.
    #[inline]
    pub(crate) fn may_hold(&self, ngram: u64) -> bool {
        let bit = ngram >> self.bitmap_shift;
        self.bitmap[(bit / 64) as usize] >> (bit % 64) & 1 != 0
    }

    /// The number of an n-gram.
    pub(crate) fn number(&self, ngram: u64) -> Option<usize> {
        let mut slot = (ngram >> self.slot_shift) as usize;
        while let number @ 1.. = self.slots[slot] {
            if self.ngrams[number as usize - 1] == ngram {
                return Some(number as usize - 1);
            }
            slot = (slot + 1) % self.slots.len();
        }
        None
    }

    /// The words at which the n-gram of this number begins, in order.
    pub(crate) fn positions(&self, number: usize) -> &[u32] {
        &self.positions[self.starts[number] as usize..self.starts[number + 1] as usize]
    }

    /// How many different n-grams there are.
    pub(crate) fn len(&self) -> usize {
        self.ngrams.len()
    }
}
