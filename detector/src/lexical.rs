//! Hashed n-grams and their weights: the evidence of words.
//!
//! A linear model on word 1-3-grams and character 2-5-grams, each family hashed into 2^`bits` buckets ("feature
//! hashing": Weinberger et al. 2009, without the sign). An n-gram that occurs c times has the value 1 + ln c; the
//! values of a family are divided by their Euclidean norm. Inverse document frequencies stand outside the norm, so
//! they fold into the weights and the file holds none. Trained by AdaGrad (Duchi et al. 2011) on the logistic loss.
//!
//! Texts are to be given as [`crate::normalize`] leaves them; lower-casing happens here. This says nothing about
//! order beyond five characters or three words; that is the language model's part.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::ops::{Range, RangeInclusive};
use thiserror::Error;
use unicode_normalization::char::is_combining_mark;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Sizes of a model: each of the two families has 2^`bits` buckets.
pub(crate) const BITS: RangeInclusive<u32> = 8..=20;

/// A packed n-gram is its index (family, then bucket) above this many bits of count.
const COUNT_BITS: u32 = 11;
const MAX_COUNT: u32 = (1 << COUNT_BITS) - 1;
/// Seeds of the n-gram hashes, with n added. Part of the file format.
const SEEDS: [u64; 2] = [0x776F_7264_7300, 0x6368_6172_7300];

// ---- Features -----------------------------------------------------------------------------------------------------

/// The n-grams of one text: distinct indices in ascending order, each with its count. 4 bytes an n-gram; a text of
/// 200 words has some 3,500.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexicalFeatures {
    bits: u32,
    packed: Vec<u32>,
}

impl LexicalFeatures {
    /// The n-grams of a normalised text.
    ///
    /// # Panics
    /// When `bits` is outside [`BITS`].
    #[must_use]
    pub fn of(text: &str, bits: u32) -> Self {
        assert!(BITS.contains(&bits), "a family has 2^8 to 2^20 buckets");
        let mut indices = Vec::with_capacity(6 * text.len());
        Units::of(text).each_gram(bits, |index, _| indices.push(index));
        indices.sort_unstable();
        let packed = indices
            .chunk_by(|left, right| left == right)
            .map(|equal| equal[0] << COUNT_BITS | (equal.len() as u32).min(MAX_COUNT))
            .collect();
        Self { bits, packed }
    }

    /// Index (word n-grams below 2^`bits`, character n-grams from there on) and count of each n-gram, counts
    /// above 2,047 cut.
    pub fn counts(&self) -> impl Iterator<Item = (u32, u32)> {
        self.packed.iter().map(|packed| (packed >> COUNT_BITS, packed & MAX_COUNT))
    }

    /// Number of distinct n-grams.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packed.len()
    }

    /// Whether the text had no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// 1 / norm of each family's values; 0 for a family without n-grams.
    fn inverse_norms(&self) -> [f32; 2] {
        let mut squares = [0.0_f32; 2];
        for (index, count) in self.counts() {
            squares[family(index, self.bits)] += damped(count).powi(2);
        }
        squares.map(|sum| if sum > 0.0 { sum.sqrt().recip() } else { 0.0 })
    }
}

/// 0 for a word n-gram, 1 for a character n-gram.
fn family(index: u32, bits: u32) -> usize {
    (index >> bits) as usize
}

/// The value of an n-gram that occurs `count` times, before the norm.
fn damped(count: u32) -> f32 {
    if count == 1 { 1.0 } else { 1.0 + (count as f32).ln() }
}

/// A text's words and characters, lower-cased, ready to be cut into n-grams that are contiguous slices.
#[derive(Default)]
struct Units {
    /// Byte range of each word or punctuation mark in the text.
    ranges: Vec<Range<usize>>,
    /// The words, separated by spaces, and where each lies.
    words: String,
    word_spans: Vec<Range<usize>>,
    /// The characters with white space as single spaces and one at each end, where each begins, and in which word.
    characters: String,
    character_starts: Vec<usize>,
    owners: Vec<usize>,
}

impl Units {
    fn of(text: &str) -> Self {
        let mut units = Self::default();
        units.words.reserve(text.len() + text.len() / 8);
        units.characters.reserve(text.len() + 2);
        units.character_starts.reserve(text.len() + 2);
        units.owners.reserve(text.len() + 2);
        units.push_character(' ');
        let mut word_open = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if character.is_whitespace() {
                word_open = false;
                units.push_space();
                continue;
            }
            let in_word = is_word(character)
                || (word_open && character == '\'' && characters.peek().is_some_and(|(_, next)| is_word(*next)));
            if !(in_word && word_open) {
                units.open_word(at);
            }
            word_open = in_word;
            if character.is_ascii() {
                units.push(character.to_ascii_lowercase());
            } else {
                character.to_lowercase().for_each(|lower| units.push(lower));
            }
            units.close_at(at + character.len_utf8());
        }
        units.push_space();
        if units.ranges.is_empty() { Self::default() } else { units }
    }

    fn open_word(&mut self, at: usize) {
        if !self.words.is_empty() {
            self.words.push(' ');
        }
        self.ranges.push(at..at);
        self.word_spans.push(self.words.len()..self.words.len());
    }

    fn close_at(&mut self, end: usize) {
        if let (Some(range), Some(span)) = (self.ranges.last_mut(), self.word_spans.last_mut()) {
            range.end = end;
            span.end = self.words.len();
        }
    }

    fn push(&mut self, character: char) {
        self.words.push(character);
        self.push_character(character);
    }

    fn push_space(&mut self) {
        if !self.characters.ends_with(' ') {
            self.push_character(' ');
        }
    }

    fn push_character(&mut self, character: char) {
        self.character_starts.push(self.characters.len());
        self.owners.push(self.ranges.len().saturating_sub(1));
        self.characters.push(character);
    }

    /// Calls `found` with the index of each n-gram and the range of words or characters that it covers.
    #[inline]
    fn each_gram(&self, bits: u32, mut found: impl FnMut(u32, Range<usize>)) {
        let bucket = |slice: &str, family: usize, n: usize| {
            let hash = xxh3_64_with_seed(slice.as_bytes(), SEEDS[family] + n as u64);
            (family as u32) << bits | (hash >> (64 - bits)) as u32
        };
        for n in 1..=3 {
            for (first, spans) in self.word_spans.windows(n).enumerate() {
                let gram = &self.words[spans[0].start..spans[n - 1].end];
                found(bucket(gram, 0, n), first..first + n);
            }
        }
        let starts = &self.character_starts;
        for n in 2..=5 {
            for first in 0..(starts.len() + 1).saturating_sub(n) {
                let end = starts.get(first + n).copied().unwrap_or(self.characters.len());
                found(bucket(&self.characters[starts[first]..end], 1, n), first..first + n);
            }
        }
    }
}

/// Characters of words: letters, digits, marks.
fn is_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    character.is_alphanumeric() || is_combining_mark(character)
}

// ---- The model ----------------------------------------------------------------------------------------------------

/// Weights of all buckets in one byte each, with a scale for each family.
#[derive(Debug, Clone, PartialEq)]
pub struct LexicalModel {
    bits: u32,
    bias: f32,
    scales: [f32; 2],
    /// Human and machine texts it was trained on.
    texts: [u32; 2],
    weights: Vec<i8>,
}

impl LexicalModel {
    /// Log-odds of machine against human (nats, higher is more machine-like) for a normalised text.
    #[must_use]
    pub fn score(&self, text: &str) -> f32 {
        self.score_features(&LexicalFeatures::of(text, self.bits))
    }

    /// [`LexicalModel::score`] for features already extracted, with this model's `bits`.
    ///
    /// # Panics
    /// When the features have other `bits`.
    #[must_use]
    pub fn score_features(&self, features: &LexicalFeatures) -> f32 {
        assert_eq!(features.bits, self.bits, "features and model are of one size");
        let factors = self.factors(features);
        let mut score = f64::from(self.bias);
        for (index, count) in features.counts() {
            score +=
                f64::from(f32::from(self.weights[index as usize]) * damped(count) * factors[family(index, self.bits)]);
        }
        score as f32
    }

    /// The byte range of each word and punctuation mark of a normalised text, with its part of the score: every
    /// n-gram's contribution is shared equally by the words or characters it covers, and a space's share goes to the
    /// word before. The parts and [`LexicalModel::bias`] add up to [`LexicalModel::score`].
    #[must_use]
    pub fn token_evidence(&self, text: &str) -> Vec<(Range<usize>, f32)> {
        let units = Units::of(text);
        let mut grams = Vec::with_capacity(6 * text.len());
        units.each_gram(self.bits, |index, covered| grams.push((index, covered)));
        grams.sort_unstable_by_key(|(index, _)| *index);
        let factors = self.factors(&LexicalFeatures::of(text, self.bits));
        let mut parts = vec![0.0_f64; units.ranges.len()];
        for equal in grams.chunk_by(|left, right| left.0 == right.0) {
            let (index, occurrences) = (equal[0].0, equal.len());
            let value = damped((occurrences as u32).min(MAX_COUNT)) * factors[family(index, self.bits)];
            let each = f64::from(f32::from(self.weights[index as usize]) * value) / occurrences as f64;
            for (_, covered) in equal {
                let share = each / covered.len() as f64;
                for unit in covered.clone() {
                    parts[if family(index, self.bits) == 0 { unit } else { units.owners[unit] }] += share;
                }
            }
        }
        units.ranges.into_iter().zip(parts.into_iter().map(|part| part as f32)).collect()
    }

    /// The score of a text without words, log-odds.
    #[must_use]
    pub fn bias(&self) -> f32 {
        self.bias
    }

    /// Binary logarithm of the number of buckets of each family.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Numbers of human and of machine texts it was trained on.
    #[must_use]
    pub fn texts(&self) -> [u32; 2] {
        self.texts
    }

    /// What a weight of 1 times a value of 1 adds to the score, for each family.
    fn factors(&self, features: &LexicalFeatures) -> [f32; 2] {
        let norms = features.inverse_norms();
        [self.scales[0] * norms[0], self.scales[1] * norms[1]]
    }
}

// ---- The file -----------------------------------------------------------------------------------------------------

const MAGIC: &[u8; 4] = b"DTLX";
const VERSION: u32 = 1;
const HEADER: usize = 32;
const CHECKSUM: usize = 8;

/// Why bytes are no [`LexicalModel`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LexicalError {
    /// The file ends early or goes on after its end.
    #[error("lexical model has {found} bytes where {expected} are expected")]
    Length {
        /// Bytes that the header asks for, or that a header takes.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// The file is something else.
    #[error("lexical model begins with {found:02x?}, not with `DTLX`")]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// The file was written by another version of this program.
    #[error("lexical model has format version {found}, this program reads version {VERSION}")]
    Version {
        /// The file's version.
        found: u32,
    },
    /// A header field has no sensible value.
    #[error("lexical model's header has an impossible `{field}`")]
    Header {
        /// Name of the field.
        field: &'static str,
    },
    /// The bytes were changed since they were written.
    #[error("lexical model has checksum {found:016x} where {expected:016x} is stored")]
    Checksum {
        /// The checksum stored.
        expected: u64,
        /// The checksum of the bytes.
        found: u64,
    },
}

impl LexicalModel {
    /// The file, all little-endian: `DTLX`, version u32, bits u32, bias f32, scale of words f32, scale of characters
    /// f32, human texts u32, machine texts u32, the weights as i8 (words, then characters), xxh3-64 of all before.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.weights.len() + CHECKSUM);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.bits.to_le_bytes());
        for value in [self.bias, self.scales[0], self.scales[1]] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(self.texts.iter().flat_map(|count| count.to_le_bytes()));
        bytes.extend(self.weights.iter().map(|weight| weight.cast_unsigned()));
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    /// Reads [`LexicalModel::to_bytes`].
    ///
    /// # Errors
    /// When the bytes are cut, longer, changed, of another version, or something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LexicalError> {
        let header: &[u8; HEADER] =
            bytes.first_chunk().ok_or(LexicalError::Length { expected: HEADER, found: bytes.len() })?;
        let word = |at: usize| [header[at], header[at + 1], header[at + 2], header[at + 3]];
        if word(0) != *MAGIC {
            return Err(LexicalError::Magic { found: word(0) });
        }
        let version = u32::from_le_bytes(word(4));
        if version != VERSION {
            return Err(LexicalError::Version { found: version });
        }
        let bits = u32::from_le_bytes(word(8));
        if !BITS.contains(&bits) {
            return Err(LexicalError::Header { field: "bits" });
        }
        let expected = HEADER + (2 << bits) + CHECKSUM;
        let Some((body, checksum)) = bytes.split_last_chunk().filter(|_| bytes.len() == expected) else {
            return Err(LexicalError::Length { expected, found: bytes.len() });
        };
        let (stored, computed) = (u64::from_le_bytes(*checksum), xxh3_64(body));
        if stored != computed {
            return Err(LexicalError::Checksum { expected: stored, found: computed });
        }
        let [bias, words, characters] = [12, 16, 20].map(|at| f32::from_le_bytes(word(at)));
        for (field, value) in [("bias", bias), ("scale of words", words), ("scale of characters", characters)] {
            if !value.is_finite() {
                return Err(LexicalError::Header { field });
            }
        }
        Ok(Self {
            bits,
            bias,
            scales: [words, characters],
            texts: [24, 28].map(|at| u32::from_le_bytes(word(at))),
            weights: body[HEADER..].iter().map(|byte| byte.cast_signed()).collect(),
        })
    }
}

// ---- Training -----------------------------------------------------------------------------------------------------

/// A text to learn from.
#[derive(Debug, Clone, Copy)]
pub struct LexicalExample<'a> {
    /// Its n-grams.
    pub features: &'a LexicalFeatures,
    /// Whether a machine wrote it.
    pub machine: bool,
    /// How much it counts against others; only ratios matter.
    pub weight: f32,
}

/// How a [`LexicalModel`] is trained. The objective is the weighted mean logistic loss + `l2`/2 · Σ w², where w are
/// the weights of the values times inverse document frequency. The same seed gives the same bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LexicalTrainer {
    /// Binary logarithm of the number of buckets of each family, within [`BITS`].
    pub bits: u32,
    /// Passes over the examples.
    pub epochs: usize,
    /// AdaGrad's step.
    pub learning_rate: f32,
    /// Strength of the penalty.
    pub l2: f32,
    /// Seed of the order of the examples.
    pub seed: u64,
}

impl Default for LexicalTrainer {
    fn default() -> Self {
        Self { bits: 19, epochs: 5, learning_rate: 0.02, l2: 1e-3, seed: 0 }
    }
}

/// One bucket while training.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// Weight of the value before inverse document frequency: what the model keeps.
    weight: f32,
    /// Sum of squared gradients.
    squares: f32,
    /// Inverse document frequency; 0 where the bucket is empty.
    idf: f32,
    /// `l2` over the share of examples that have the bucket, so that each visit pays for the misses.
    decay: f32,
}

impl LexicalTrainer {
    /// The n-grams of many normalised texts, in parallel and in order.
    #[must_use]
    pub fn features<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Vec<LexicalFeatures> {
        texts.par_iter().map(|text| LexicalFeatures::of(text.as_ref(), self.bits)).collect()
    }

    /// Trains on examples. Without any, the model is 0 everywhere.
    ///
    /// # Panics
    /// When the features have other `bits` than the trainer.
    #[must_use]
    pub fn train(&self, examples: &[LexicalExample<'_>]) -> LexicalWeights {
        assert!(
            examples.iter().all(|example| example.features.bits == self.bits),
            "features are of the trainer's size"
        );
        let documents = self.document_frequencies(examples);
        let mut buckets = self.buckets(&documents, examples.len());
        let total: f64 = examples.iter().map(|example| f64::from(example.weight)).sum();
        let mean_weight = ((total / examples.len().max(1) as f64) as f32).max(f32::MIN_POSITIVE);
        let machines = examples.iter().filter(|example| example.machine).count();
        let mut bias = Bucket { weight: prior(examples), idf: 1.0, ..Bucket::default() };

        let norms: Vec<[f32; 2]> = examples.par_iter().map(|example| example.features.inverse_norms()).collect();
        let values: Vec<f32> = (0..=MAX_COUNT).map(damped).collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        for _ in 0..self.epochs {
            order.shuffle(&mut random);
            for at in &order {
                let (example, norms) = (&examples[*at], norms[*at]);
                let valued = || {
                    let weigh = |(index, count): (u32, u32)| {
                        (index as usize, values[count as usize] * norms[family(index, self.bits)])
                    };
                    example.features.counts().map(weigh)
                };
                let score = bias.weight + valued().map(|(index, value)| buckets[index].weight * value).sum::<f32>();
                let excess = logistic(score) - f32::from(u8::from(example.machine));
                let slope = excess * example.weight / mean_weight;
                for (index, value) in valued() {
                    self.step(&mut buckets[index], slope * value);
                }
                self.step(&mut bias, slope);
            }
        }
        LexicalWeights {
            bits: self.bits,
            bias: bias.weight,
            texts: [examples.len() - machines, machines].map(|count| count as u32),
            weights: buckets.into_iter().map(|bucket| bucket.weight).collect(),
            documents,
        }
    }

    /// AdaGrad on w = weight / idf; `gradient` is that of the loss by the value before inverse document frequency.
    fn step(&self, bucket: &mut Bucket, gradient: f32) {
        let gradient = gradient * bucket.idf + bucket.decay * bucket.weight / bucket.idf;
        bucket.squares += gradient * gradient;
        bucket.weight -= self.learning_rate * bucket.idf * gradient / (bucket.squares.sqrt() + 1e-8);
    }

    fn document_frequencies(&self, examples: &[LexicalExample<'_>]) -> Vec<u32> {
        let mut documents = vec![0_u32; 2 << self.bits];
        for (index, _) in examples.iter().flat_map(|example| example.features.counts()) {
            documents[index as usize] += 1;
        }
        documents
    }

    fn buckets(&self, documents: &[u32], examples: usize) -> Vec<Bucket> {
        let bucket = |frequency: &u32| match *frequency {
            0 => Bucket::default(),
            frequency => Bucket {
                idf: 1.0 + ((1.0 + examples as f32) / (1.0 + frequency as f32)).ln(),
                decay: self.l2 * examples as f32 / frequency as f32,
                ..Bucket::default()
            },
        };
        documents.iter().map(bucket).collect()
    }
}

/// Log-odds of the classes' total weights; 0 when there is one class only.
fn prior(examples: &[LexicalExample<'_>]) -> f32 {
    let total = |machine: bool| -> f32 {
        examples.iter().filter(|example| example.machine == machine).map(|example| example.weight).sum()
    };
    let odds = total(true) / total(false);
    if odds.is_finite() && odds > 0.0 { odds.ln() } else { 0.0 }
}

fn logistic(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

/// A trained model in full precision.
#[derive(Debug, Clone, PartialEq)]
pub struct LexicalWeights {
    bits: u32,
    bias: f32,
    texts: [u32; 2],
    weights: Vec<f32>,
    /// Number of examples that have each bucket.
    documents: Vec<u32>,
}

impl LexicalWeights {
    /// Log-odds of machine against human (nats, higher is more machine-like), in full precision.
    ///
    /// # Panics
    /// When the features have other `bits`.
    #[must_use]
    pub fn score_features(&self, features: &LexicalFeatures) -> f32 {
        assert_eq!(features.bits, self.bits, "features and weights are of one size");
        let norms = features.inverse_norms();
        let mut score = f64::from(self.bias);
        for (index, count) in features.counts() {
            score += f64::from(self.weights[index as usize] * damped(count) * norms[family(index, self.bits)]);
        }
        score as f32
    }

    /// Rounds the weights to 8 bits.
    #[must_use]
    pub fn quantize(&self) -> LexicalModel {
        let (words, characters) = self.weights.split_at(1 << self.bits);
        let (word_documents, character_documents) = self.documents.split_at(1 << self.bits);
        let scales = [best_scale(words, word_documents), best_scale(characters, character_documents)];
        let quantized = [(words, scales[0]), (characters, scales[1])];
        LexicalModel {
            bits: self.bits,
            bias: self.bias,
            scales,
            texts: self.texts,
            weights: quantized
                .into_iter()
                .flat_map(|(weights, scale)| weights.iter().map(move |weight| rounded(*weight, scale)))
                .collect(),
        }
    }
}

fn rounded(weight: f32, scale: f32) -> i8 {
    if scale > 0.0 { (weight / scale).round().clamp(-127.0, 127.0) as i8 } else { 0 }
}

/// Of scales that cut the greatest weights more and more, the one with the least squared error over all occurrences.
fn best_scale(weights: &[f32], documents: &[u32]) -> f32 {
    let greatest = weights.iter().fold(0.0_f32, |greatest, weight| greatest.max(weight.abs()));
    let error = |scale: f32| -> f64 {
        let lost = |weight: f32| f64::from(f32::from(rounded(weight, scale)) * scale - weight).powi(2);
        weights.iter().zip(documents).map(|(weight, count)| f64::from(*count) * lost(*weight)).sum()
    };
    let candidates: Vec<f32> = (0..16).map(|step| greatest / 127.0 * 0.8_f32.powi(step)).collect();
    let errors: Vec<f64> = candidates.par_iter().map(|scale| error(*scale)).collect();
    candidates.into_iter().zip(errors).min_by(|left, right| left.1.total_cmp(&right.1)).map_or(0.0, |(scale, _)| scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, seq::IndexedRandom};

    /// Texts of two authors who share most of their words.
    fn synthetic(count: usize, seed: u64) -> (Vec<String>, Vec<bool>) {
        const SHARED: [&str; 12] =
            ["the", "house", "a", "tree", "goes", "under", "it", "and", "said", "don't", "café", "river"];
        const MARKS: [[&str; 4]; 2] = [["yeah", "kinda", ";", "mine"], ["delve", "tapestry", ", and", "moreover"]];
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let labels: Vec<bool> = (0..count).map(|at| at % 2 == 1).collect();
        let text = |machine: &bool| {
            let word = |random: &mut ChaCha8Rng| {
                let own = &MARKS[usize::from(*machine == random.random_bool(0.7))];
                let words: &[&str] = if random.random_bool(0.1) { own } else { &SHARED };
                words.choose(random).copied().unwrap_or_default()
            };
            (0..80).map(|_| word(&mut random)).collect::<Vec<_>>().join(" ")
        };
        let texts = labels.iter().map(text).collect();
        (texts, labels)
    }

    fn small() -> LexicalTrainer {
        LexicalTrainer { bits: 12, ..LexicalTrainer::default() }
    }

    fn trained(seed: u64) -> LexicalWeights {
        let (texts, labels) = synthetic(600, seed);
        let features = small().features(&texts);
        let examples: Vec<_> = features
            .iter()
            .zip(labels)
            .map(|(features, machine)| LexicalExample { features, machine, weight: 1.0 })
            .collect();
        small().train(&examples)
    }

    #[test]
    fn words_and_punctuation_are_units() {
        let text = "Don't stop, 'now' — café!";
        let units = Units::of(text);
        let words: Vec<&str> = units.ranges.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(words, ["Don't", "stop", ",", "'", "now", "'", "—", "café", "!"]);
        assert_eq!(units.words, "don't stop , ' now ' — café !");
        assert_eq!(units.characters, " don't stop, 'now' — café! ");
        let mut grams = Vec::new();
        units.each_gram(19, |index, covered| grams.push((family(index, 19), covered.len())));
        let count = |wanted: (usize, usize)| grams.iter().filter(|gram| **gram == wanted).count();
        assert_eq!([1, 2, 3].map(|n| count((0, n))), [9, 8, 7]);
        assert_eq!([2, 3, 4, 5].map(|n| count((1, n))), [26, 25, 24, 23]);
    }

    #[test]
    fn features_are_sorted_counted_and_stable() {
        let features = LexicalFeatures::of("no no no", 19);
        let counts: Vec<(u32, u32)> = features.counts().collect();
        assert!(counts.windows(2).all(|pair| pair[0].0 < pair[1].0));
        // "no" 3, "no no" 2, "no no no" 1; then pairs " n" 3, "no" 3, "o " 3 and so on.
        let mut words: Vec<u32> =
            counts.iter().filter(|(index, _)| *index < 1 << 19).map(|(_, count)| *count).collect();
        words.sort_unstable();
        assert_eq!(words, [1, 2, 3]);
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u32>(), 6 + 9 + 8 + 7 + 6);
        assert!(LexicalFeatures::of(" \n", 19).is_empty());
        assert_eq!(LexicalFeatures::of("A  b\nc", 19), LexicalFeatures::of("a b c", 19));
    }

    #[test]
    fn training_separates_and_is_deterministic() {
        let weights = trained(1);
        assert_eq!(weights, trained(1));
        let (texts, labels) = synthetic(400, 2);
        let features = small().features(&texts);
        let right = features
            .iter()
            .zip(&labels)
            .filter(|(features, machine)| (weights.score_features(features) > 0.0) == **machine)
            .count();
        assert!(right > 340, "{right} of 400");
        let model = weights.quantize();
        assert!(model.score("we delve into the tapestry, and moreover the river") > 0.5);
        assert!(model.score("yeah kinda mine; yeah") < -0.5);
    }

    #[test]
    fn eight_bits_are_enough() {
        let weights = trained(1);
        let model = weights.quantize();
        let (texts, _) = synthetic(200, 3);
        let (mut change, mut size) = (0.0, 0.0);
        for text in &texts {
            let exact = weights.score_features(&LexicalFeatures::of(text, 12));
            change += (model.score(text) - exact).abs();
            size += exact.abs();
        }
        assert!(change < 0.01 * size, "{change} of {size}");
    }

    #[test]
    fn weights_of_examples_count() {
        let features = [LexicalFeatures::of("same", 12), LexicalFeatures::of("same", 12)];
        let example = |machine: bool, weight| LexicalExample { features: &features[0], machine, weight };
        let trainer = LexicalTrainer { epochs: 200, l2: 0.0, ..small() };
        let weights = trainer.train(&[example(true, 3.0), example(false, 1.0)]);
        assert!((weights.score_features(&features[1]) - 3.0_f32.ln()).abs() < 0.2);
        assert_eq!(small().train(&[]).score_features(&features[0]), 0.0);
    }

    #[test]
    fn evidence_adds_up_to_the_score() {
        let model = trained(1).quantize();
        let long = "the river said it and ".repeat(3000);
        for text in ["Don't delve — the café's tapestry, and İstanbul… \n\n 'so' it goes 🙂", "a", "", " ", &long]
        {
            let evidence = model.token_evidence(text);
            let sum: f32 = evidence.iter().map(|(_, part)| part).sum::<f32>() + model.bias();
            assert!((sum - model.score(text)).abs() < 1e-3, "{sum} {}", model.score(text));
            assert!(evidence.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start));
            assert!(evidence.iter().all(|(range, _)| !text[range.clone()].trim().is_empty()));
        }
        let text = "the house and tapestry goes";
        let evidence = model.token_evidence(text);
        let greatest = evidence.iter().max_by(|left, right| left.1.total_cmp(&right.1));
        assert_eq!(greatest.map(|(range, _)| &text[range.clone()]), Some("tapestry"));
    }

    #[test]
    fn file_round_trips_and_each_lie_is_an_error() {
        let model = trained(1).quantize();
        let bytes = model.to_bytes();
        assert_eq!(bytes.len(), 32 + 2 * 4096 + 8);
        assert_eq!(LexicalModel::from_bytes(&bytes), Ok(model));
        for end in (0..bytes.len()).step_by(7) {
            assert!(matches!(LexicalModel::from_bytes(&bytes[..end]), Err(LexicalError::Length { .. })), "{end}");
        }
        let changed = |at: usize, to: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + to.len()].copy_from_slice(to);
            LexicalModel::from_bytes(&bytes)
        };
        assert_eq!(changed(0, b"GGUF"), Err(LexicalError::Magic { found: *b"GGUF" }));
        assert_eq!(changed(4, &[2]), Err(LexicalError::Version { found: 2 }));
        assert_eq!(changed(8, &[255; 4]), Err(LexicalError::Header { field: "bits" }));
        assert!(matches!(changed(8, &[13]), Err(LexicalError::Length { .. })));
        for at in [12, 20, 24, 32, 5000, bytes.len() - 1] {
            assert!(matches!(changed(at, &[bytes[at] ^ 1]), Err(LexicalError::Checksum { .. })), "{at}");
        }
        let mut nan = bytes.clone();
        nan[12..16].copy_from_slice(&f32::NAN.to_le_bytes());
        let body = nan.len() - 8;
        let checksum = xxh3_64(&nan[..body]).to_le_bytes();
        nan[body..].copy_from_slice(&checksum);
        assert_eq!(LexicalModel::from_bytes(&nan), Err(LexicalError::Header { field: "bias" }));
    }

    #[test]
    #[ignore = "measures speed"]
    fn speed() {
        let (texts, _) = synthetic(2000, 1);
        let bytes: usize = texts.iter().map(String::len).sum();
        let seconds = || {
            let start = std::time::Instant::now();
            assert!(texts.iter().all(|text| !LexicalFeatures::of(text, 19).is_empty()));
            start.elapsed().as_secs_f64()
        };
        let rate = bytes as f64 / (0..5).map(|_| seconds()).fold(f64::INFINITY, f64::min) / 1e6;
        assert!(rate > 5.0, "{rate:.1} MB/s");
    }
}
