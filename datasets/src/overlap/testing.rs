//! Random numbers and texts for the tests of this module.

use super::hash::mix;

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// A text of so many chars: ASCII words, letters with and without case, marks, signs, digits, any other char.
pub(crate) fn random_text(random: &mut Random, chars: usize) -> String {
    const SOME: &[char] = &[
        ' ', ' ', ' ', '\n', '\'', '’', '＇', 'é', 'É', 'ß', 'ẞ', 'İ', 'ı', 'Σ', 'ς', 'ǅ', 'ﬁ', '\u{301}', '\u{AD}',
        '\u{200B}', '٣', '½', '²', '中', '—', '…', '.', ',', '-', '_', '@', '[', '`', '{', '/', ':', '\0', '\u{7F}',
        'Z', 'A', '9', '0',
    ];
    let char = |random: &mut Random| match random.below(10) {
        0..=5 => (b'a' + random.below(26) as u8) as char,
        6 => (b' ' + random.below(95) as u8) as char,
        7 | 8 => SOME[random.below(SOME.len())],
        _ => char::from_u32(random.below(0x11_0000) as u32).unwrap_or('\u{FFFD}'),
    };
    (0..chars).map(|_| char(random)).collect()
}
