//! The exact way: the texts are indexed, the corpus streams past, and every match is compared letter by letter.
//!
//! A match is a run of words that stands both in a text and in a document of the corpus, as long as it can be. At each n-gram
//! of a document that is one of a text's, the words before are looked at: if they are alike too, this run was seen already;
//! else it is followed to its end. Hashes only say where to look.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::corpus::{Corpus, Source};
use super::found::{Overlap, Place, Span, counts};
use super::hash;
use super::inverted::{Inverted, Known, QueryWords, TOGETHER};
use super::naive;
use super::options::{Counting, NgramOptions};
use super::pipeline::{Observer, for_each_batch};
use super::tokens::Unit;
use super::words::Words;
use crate::error::{Error, Result};

/// Places of one n-gram in the texts that are followed; of the others it is only noted that they are found, not in which
/// document. A phrase that stands a million times in the texts and in the corpus would be compared a million million times.
const FOLLOWED: usize = 1024;

/// A match of a text's words with a document's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Match {
    words: u32,
    /// The document's place in the corpus.
    document: u64,
    /// The byte of its text.
    offset: u32,
}

impl Match {
    /// Longer is better, then earlier in the corpus: the same whatever thread came first.
    fn is_better_than(&self, other: &Self) -> bool {
        (self.words, other.document, other.offset) > (other.words, self.document, self.offset)
    }
}

/// What one thread found.
#[derive(Default)]
struct Matches {
    /// The best match that begins at each word of the texts.
    best: BTreeMap<u32, Match>,
    /// The file, name and first byte of the documents that had a best match.
    documents: BTreeMap<u64, (Arc<Path>, String, usize)>,
}

struct Join<'a> {
    options: NgramOptions,
    texts: &'a [&'a str],
    words: QueryWords,
    inverted: Inverted,
    /// One bit a word of the texts: an n-gram that begins there was found.
    found: Vec<AtomicU64>,
    /// One bit a word: nothing was followed from the word before.
    begins: Vec<AtomicU64>,
    /// For each word of the texts the best match so far that begins there, as [`rank`] has it; 0 where there is none.
    ranks: Vec<AtomicU64>,
    /// The same as `found` for n-grams that are not followed.
    passed_over: Vec<AtomicU64>,
}

/// What of each text stands in a corpus, with the documents.
///
/// # Errors
///
/// If the corpus cannot be read or has no n-gram.
pub fn join(
    texts: &[&str],
    corpus: &Corpus,
    options: NgramOptions,
    counting: Counting,
    threads: usize,
    observer: &dyn Observer,
) -> Result<Vec<Overlap>> {
    options.check().map_err(|reason| Error::Index { path: corpus.name(), reason })?;
    let words = QueryWords::new(texts.iter().copied(), options);
    let out_of_memory = |source| Error::Open { path: corpus.name(), source };
    let mut inverted = Inverted::new(&words, options.n).map_err(out_of_memory)?;
    let begins = Join::begins(&words, &inverted);
    // A formula that stands a hundred times in the texts is passed by at a glance, not a hundred.
    inverted.set_notes(|inverted, number| Join::before(&words, inverted, &begins, number));
    let join = Join {
        options,
        texts,
        ranks: (0..words.hashes.len()).map(|_| AtomicU64::new(0)).collect(),
        begins,
        found: bits(words.hashes.len()),
        passed_over: bits(inverted.len()),
        words,
        inverted,
    };
    let start = || (Matches::default(), Words::new(options), Vec::new());
    let states = for_each_batch(corpus, threads, observer, start, |(matches, words, ngrams), batch| {
        for (number, source) in (batch.first..).zip(&batch.sources) {
            words.read(&source.text);
            ngrams.clear();
            words.ngrams(ngrams);
            join.scan(number, source, words, ngrams, matches);
        }
    })?;
    let mut all = Matches::default();
    for (matches, ..) in states {
        all.documents.extend(matches.documents);
        for (position, found) in matches.best {
            keep_best(&mut all.best, position, found);
        }
    }
    join.note_those_passed_over();
    Ok((0..texts.len()).map(|text| join.overlap(text, &all, counting)).collect())
}

fn keep_best(best: &mut BTreeMap<u32, Match>, position: u32, found: Match) -> bool {
    match best.get(&position) {
        Some(known) if !found.is_better_than(known) => false,
        _ => {
            best.insert(position, found);
            true
        }
    }
}

impl Join<'_> {
    fn scan(&self, number: u64, source: &Source, words: &Words, ngrams: &[u64], matches: &mut Matches) {
        let mut found = [Known::default(); TOGETHER];
        for (chunk, first) in ngrams.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
            let count = self.inverted.known(chunk, &mut found);
            for known in &found[..count] {
                let at = first + known.index as usize;
                let known = known.number as usize;
                let before = self.inverted.note(known);
                let positions = self.inverted.positions(known);
                let all_were_followed = before != 0 && at > 0 && before == words.hashes()[at - 1];
                let followed = if all_were_followed { 0 } else { FOLLOWED };
                for &position in positions.iter().take(followed) {
                    let position = position as usize;
                    if self.may_be_better(position, at, number, words) && !self.was_followed(position, at, words) {
                        self.follow(position, at, number, source, words, matches);
                    }
                }
                if positions.len() > FOLLOWED {
                    set(&self.passed_over, known);
                }
            }
        }
    }

    /// Whether the run can be better than the best match known at its beginning: it goes on where that one ends, or is of an
    /// earlier document. If not, all it could tell is known: a formula is not followed again in every document.
    fn may_be_better(&self, position: usize, at: usize, number: u64, words: &Words) -> bool {
        let known = self.ranks[position].load(Ordering::Relaxed);
        let (length, document) = of_rank(known);
        // An equal length is enough for an earlier document, one word more is needed for a later one.
        let last = if number < document { length.saturating_sub(1) } else { length };
        known == 0
            || matches!(
                (self.words.hashes.get(position + last), words.hashes().get(at + last)),
                (Some(left), Some(right)) if left == right
            )
    }

    /// Whether the run was followed from the word before.
    fn was_followed(&self, position: usize, at: usize, words: &Words) -> bool {
        at > 0 && !is_set(&self.begins, position) && self.words.hashes[position - 1] == words.hashes()[at - 1]
    }

    /// The words of the texts before which no run was followed: the first of each, and those after an n-gram that is not.
    fn begins(words: &QueryWords, inverted: &Inverted) -> Vec<AtomicU64> {
        let begins = bits(words.hashes.len());
        let followed = (0..inverted.len()).map(|number| inverted.positions(number).iter().skip(FOLLOWED));
        let after = followed.flatten().map(|position| *position as usize + 1);
        let starts = words.starts.iter().copied();
        starts.chain(after).filter(|word| *word < words.hashes.len()).for_each(|word| set(&begins, word));
        begins
    }

    /// The hash of the word before an n-gram, if that is the same wherever it is followed; else 0.
    fn before(words: &QueryWords, inverted: &Inverted, begins: &[AtomicU64], number: usize) -> u64 {
        let before = |position: u32| {
            let position = position as usize;
            if is_set(begins, position) { 0 } else { words.hashes[position - 1] }
        };
        let positions = inverted.positions(number);
        let word = before(positions[0]);
        let is_same = positions.iter().take(FOLLOWED).all(|position| before(*position) == word);
        if is_same { word } else { 0 }
    }

    /// Follows a run of words of equal hash, compares their letters, and keeps the stretches of n words and more that are alike.
    fn follow(&self, position: usize, at: usize, number: u64, source: &Source, words: &Words, matches: &mut Matches) {
        let text = self.words.text_of(position);
        let of_text = &self.words.hashes[position..self.words.of(text).end];
        let length = of_text.iter().zip(&words.hashes()[at..]).take_while(|(left, right)| left == right).count();
        let mut first = 0;
        for index in 0..=length {
            if index < length
                && self.is_same_word(text, position + index, &source.text[words.range(at + index, at + index)])
            {
                continue;
            }
            if index - first >= self.inverted.n {
                let offset = words.range(at + first, at + first).start as u32;
                let found = Match { words: (index - first) as u32, document: number, offset };
                if keep_best(&mut matches.best, (position + first) as u32, found) {
                    let document = || (Arc::clone(&source.path), source.id.clone(), source.start);
                    matches.documents.entry(number).or_insert_with(document);
                    self.ranks[position + first].fetch_max(rank(found.words, number), Ordering::Relaxed);
                }
                (position + first..=position + index - self.inverted.n).for_each(|word| set(&self.found, word));
            }
            first = index + 1;
        }
    }

    fn is_same_word(&self, text: usize, position: usize, other: &str) -> bool {
        if self.options.unit != Unit::Words {
            // The hash of a token tells its number.
            return true;
        }
        let (start, end) = self.words.ranges[position];
        let word = &self.texts[text][start as usize..end as usize];
        word == other || naive::normalized(word, &self.options) == naive::normalized(other, &self.options)
    }

    /// N-grams that were not followed are found where one with the same letters was.
    fn note_those_passed_over(&self) {
        for number in (0..self.inverted.len()).filter(|number| is_set(&self.passed_over, *number)) {
            let (followed, others) = self.inverted.positions(number).split_at(FOLLOWED);
            let found: Vec<String> = followed
                .iter()
                .filter(|position| is_set(&self.found, **position as usize))
                .map(|position| self.letters(*position as usize))
                .collect();
            for &position in others {
                if found.contains(&self.letters(position as usize)) {
                    set(&self.found, position as usize);
                }
            }
        }
    }

    /// The n-gram at a word of the texts, normalised.
    fn letters(&self, position: usize) -> String {
        let (start, end) = (self.words.ranges[position].0, self.words.ranges[position + self.inverted.n - 1].1);
        let text = self.texts[self.words.text_of(position)];
        naive::normalized(&text[start as usize..end as usize], &self.options)
    }

    fn overlap(&self, text: usize, matches: &Matches, counting: Counting) -> Overlap {
        let (of_text, n) = (self.words.of(text), self.inverted.n);
        let mut ngrams = Vec::new();
        hash::ngrams(&self.words.hashes[of_text.clone()], n, &mut ngrams);
        let hits: Vec<bool> = (of_text.start..).take(ngrams.len()).map(|word| is_set(&self.found, word)).collect();
        let (found, total) = counts(&ngrams, &hits, counting);
        let mut spans: Vec<Span> = Vec::new();
        let (mut end, mut longest) = (0, 0);
        for (index, _) in hits.iter().enumerate().filter(|(_, hit)| **hit) {
            let first = of_text.start + index;
            let known = matches.best.get(&(first as u32));
            let words = known.map_or(n, |found| found.words as usize);
            // What lies in a longer match is told by that one.
            if first + words <= end {
                continue;
            }
            if let (None, Some(Span { bytes, words, place: None })) = (known, spans.last_mut())
                && first < end
            {
                // n-grams one after the other whose documents are not known are one stretch.
                *words += first + n - end;
                end = first + n;
                bytes.end = self.words.ranges[end - 1].1 as usize;
                longest = longest.max(*words);
                continue;
            }
            end = first + words;
            longest = longest.max(words);
            let bytes = self.words.ranges[first].0 as usize..self.words.ranges[end - 1].1 as usize;
            let place = known.and_then(|found| {
                let (path, document, start) = matches.documents.get(&found.document)?;
                let offset = u64::from(found.offset) + *start as u64;
                Some(Place { path: Arc::clone(path), document: document.clone(), offset })
            });
            spans.push(Span { bytes, words, place });
        }
        Overlap { found, total, longest, spans }
    }
}

/// The documents that a rank tells apart; one beyond is never earlier than another.
const RANKED_DOCUMENTS: u64 = (1 << 40) - 1;

/// A match as a number that is greater for a better one; words beyond 2²⁴ - 1 are left out.
fn rank(words: u32, document: u64) -> u64 {
    u64::from(words.min((1 << 24) - 1)) << 40 | (RANKED_DOCUMENTS - document.min(RANKED_DOCUMENTS))
}

/// The words and the document of a rank.
fn of_rank(rank: u64) -> (usize, u64) {
    ((rank >> 40) as usize, RANKED_DOCUMENTS - (rank & RANKED_DOCUMENTS))
}

fn bits(count: usize) -> Vec<AtomicU64> {
    (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect()
}

fn set(bits: &[AtomicU64], index: usize) {
    let mask = 1 << (index % 64);
    if bits[index / 64].load(Ordering::Relaxed) & mask == 0 {
        bits[index / 64].fetch_or(mask, Ordering::Relaxed);
    }
}

fn is_set(bits: &[AtomicU64], index: usize) -> bool {
    bits[index / 64].load(Ordering::Relaxed) >> (index % 64) & 1 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::testing::Random;

    struct Silent;

    impl Observer for Silent {
        fn read(&self, _bytes: u64) {}
        fn skipped(&self, _error: &Error) {}
    }

    fn letters(random: &mut Random) -> [u8; 8] {
        std::array::from_fn(|_| b'a' + random.below(26) as u8)
    }

    /// Two words of 16 letters with the same hash: of the second, 8 letters are chosen and 8 follow from them, which are
    /// letters or digits once in seven million tries.
    fn words_of_equal_hash(seed: u64) -> [String; 2] {
        let mut random = Random::new(1);
        let piece = |bytes| hash::mix(seed ^ u64::from_le_bytes(bytes));
        loop {
            let (first, other, second) = (letters(&mut random), letters(&mut random), letters(&mut random));
            let follows = (piece(first) ^ u64::from_le_bytes(second) ^ piece(other)).to_le_bytes();
            if follows.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
                return [[first, second], [other, follows]]
                    .map(|pieces| String::from_utf8(pieces.concat()).expect("ASCII"));
            }
        }
    }

    #[test]
    fn hashes_that_collide_cannot_lie() {
        let options = NgramOptions { n: 3, ..NgramOptions::default() };
        let [word, liar] = words_of_equal_hash(options.seed);
        assert_ne!(word, liar);
        assert_eq!(hash::word(options.seed, word.as_bytes()), hash::word(options.seed, liar.as_bytes()));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corpus.txt");
        std::fs::write(&path, format!("a b c d {liar} e f g h")).unwrap();
        let corpus = Corpus::open(&[path]).unwrap();
        let text = format!("a b c d {word} e f g h");
        let found = join(&[&text], &corpus, options, Counting::Occurrences, 1, &Silent).unwrap().remove(0);
        // a b c, b c d, e f g, f g h: none of the three with the word in it.
        assert_eq!((found.found, found.total, found.longest), (4, 7, 4));
        let slices: Vec<&str> = found.spans.iter().map(|span| &text[span.bytes.clone()]).collect();
        assert_eq!(slices, ["a b c d", "e f g h"]);
    }
}
