//! A text to a verdict.

use crate::calibration::{Calibration, HeadScores, Humans, Machines};
use crate::error::{Error, Result};
use crate::examples::Kind;
use crate::fingerprint::Fingerprint;
use crate::fusion::statistic;
use crate::heads::{Head, HeadScore, LEXICAL, Measurement, StyleValue, words_of};
use crate::language::{is_english, words};
use crate::normalize::{Normalized, normalize};
use crate::reference::{Reference, ReferenceStatistics};
use crate::statistics::Statistics;
use generator::{Encoding, LanguageModel, Reading, Tokenizer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fewest tokens that are judged: below, hardly any text can be told from its like at 1 %.
pub const LEAST_TOKENS: usize = 50;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// At most 5 % of machine texts of this length score as low.
    Human,
    /// At most 1 % (or what was asked for) of human texts of this length score as high.
    Machine,
    /// Neither can be promised.
    Undecided,
}

/// Why a text is undecided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its score lies where both human and machine texts are found.
    Between,
    /// Its words are a person's, and the model has not read it: it may still be a sample of a language model.
    NotRead,
    /// Fewer than [`LEAST_TOKENS`] tokens.
    TooShort,
    /// Not English prose, which is all that the calibration knows.
    NotEnglish,
    /// No letters or digits at all.
    NoText,
    /// All of it stands in a corpus, and nothing is left to judge.
    NothingLeft,
}

/// The two p-values, each of one head alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PValues {
    /// Share of human texts that the assistant head scores as high.
    pub assistant: f64,
    /// Share of human texts that the sampled head scores as high; `None` where the model has not read the text.
    pub sampled: Option<f64>,
}

/// One token of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenValue {
    /// First byte in the original text.
    pub start: usize,
    /// One past its last byte in the original text.
    pub end: usize,
    /// log p, nats; `None` where there is no context.
    pub log_probability: Option<f32>,
    /// 1 = most likely.
    pub rank: u32,
    /// Entropy of the prediction, nats.
    pub entropy: f32,
    /// Its share of the score, log-odds; the tokens' shares and the evidence `prior` add up to the score.
    pub evidence: f64,
}

/// What was found about one text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detection {
    /// The answer.
    pub verdict: Verdict,
    /// Why there is none, where there is none.
    pub reason: Option<Reason>,
    /// Log-odds above what the false-alarm budget of 1 % asks for at about this length; higher is more machine-like. The
    /// verdict is by `p_value`, a count, and may differ from the sign close to 0. `None` where nothing was scored.
    pub score: Option<f64>,
    /// Which head speaks, where the verdict is *machine*.
    pub kind: Option<Kind>,
    /// Chance of such a score for a human text of about this length.
    pub p_value: Option<f64>,
    /// The same of each head alone.
    pub p_values: Option<PValues>,
    /// The count behind `p_value`.
    pub humans: Option<Humans>,
    /// How many machine texts of about this length score as low.
    pub machines: Option<Machines>,
    /// Tokens of the text.
    pub tokens: usize,
    /// Words of the text.
    pub words: usize,
    /// The parts of the score.
    pub evidence: BTreeMap<&'static str, f64>,
    /// The marks of style that say most, where the assistant head speaks.
    pub style: Vec<StyleValue>,
    /// Statistics of the tokens.
    pub statistics: Option<Statistics>,
    /// What a reference model beside it says, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceStatistics>,
    /// The model that scored them.
    pub model: String,
    /// One value a token, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_values: Option<Vec<TokenValue>>,
}

/// How to judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Share of human texts that may be called machine.
    pub fpr: f64,
    /// Whether to give a value for each token.
    pub tokens: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { fpr: 0.01, tokens: false }
    }
}

/// Everything needed to judge a text.
pub struct Detector {
    /// The model's name and hash.
    pub(crate) name: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) tokenizer: Tokenizer,
    pub(crate) model: Box<dyn LanguageModel>,
    /// The blocks whose hidden states are probed.
    pub(crate) layers: Vec<usize>,
    pub(crate) heads: [Head; 2],
    pub(crate) calibration: Calibration,
    /// A second model, whose statistics are given and do not change the verdict.
    pub(crate) reference: Option<Reference>,
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Detector")
            .field("name", &self.name)
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

/// A text that was read by the model.
struct Read {
    normalized: Normalized,
    encoding: Encoding,
    reading: Reading,
}

impl Detector {
    /// Gives the statistics of a pair of models too. Its scoring model is to be that of the detector.
    pub fn set_reference(&mut self, reference: Reference) {
        self.reference = Some(reference);
    }

    /// What it is known by: the hashes of its files.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Judges a text.
    ///
    /// # Errors
    /// When the options are out of range or the model cannot read the text.
    pub fn judge(&self, text: &str, options: &Options) -> Result<Detection> {
        self.check(options)?;
        let normalized = normalize(text);
        let encoding = self.tokenizer.encode(&normalized.text)?;
        let mut detection = Detection {
            verdict: Verdict::Undecided,
            reason: None,
            score: None,
            kind: None,
            p_value: None,
            p_values: None,
            humans: None,
            machines: None,
            tokens: encoding.ids.len(),
            words: words(&normalized.text).count(),
            evidence: BTreeMap::new(),
            style: Vec::new(),
            statistics: None,
            reference: None,
            model: self.name.clone(),
            token_values: None,
        };
        detection.reason = self.unfit(&normalized.text, &detection);
        if detection.reason.is_some() && !options.tokens {
            return Ok(detection);
        }
        if !options.tokens && self.judge_words(&mut detection, &normalized.text, options) {
            return Ok(detection);
        }
        let reading = self.model.read(&encoding.ids, &self.layers)?;
        let Some(measurement) = Measurement::new(&normalized.text, &encoding.ids, &reading) else {
            return Ok(detection);
        };
        detection.statistics = Some(measurement.statistics);
        if let Some(reference) = &self.reference {
            detection.reference = reference.read(&encoding.ids)?;
        }
        let scores = [0, 1].map(|head| self.heads[head].score(&measurement));
        if detection.reason.is_none() {
            self.decide(&mut detection, &scores, &measurement.style, options);
        }
        if options.tokens {
            let read = Read { normalized, encoding, reading };
            let speaking = usize::from(self.speaking(&detection, &scores) == Kind::Sampled);
            detection.token_values = Some(self.token_values(&read, speaking, &scores[speaking]));
        }
        Ok(detection)
    }

    /// From now on the model reads only texts whose words are not clear.
    pub fn hurry(&mut self) {
        self.calibration = self.calibration.clone().fast();
    }

    /// Judges a text by its words alone where they are clear and that is wanted.
    fn judge_words(&self, detection: &mut Detection, text: &str, options: &Options) -> bool {
        if !self.calibration.is_fast() {
            return false;
        }
        let [assistant, sampled] = &self.heads;
        let (features, style) = words_of(text);
        let words = assistant.score_words(&features, &style, detection.tokens);
        let Some(above) = self.calibration.clear(detection.tokens as u32, words.words as f32) else { return false };
        let unread = sampled.score_words(&features, &style, detection.tokens);
        let nothing = HeadScore { score: f64::NEG_INFINITY, ..unread };
        self.decide(detection, &[words, nothing], &style, options);
        if above < 0.0 {
            (detection.verdict, detection.reason) = (Verdict::Undecided, Some(Reason::NotRead));
        }
        true
    }

    /// Whether the calibration has enough human texts for the rate asked for.
    ///
    /// # Errors
    /// When it has not, or the rate is none.
    pub fn check(&self, options: &Options) -> Result<()> {
        let humans = self.calibration.counts()[0];
        let least = self.calibration.least_fpr();
        if options.fpr >= least && options.fpr < 0.5 {
            return Ok(());
        }
        Err(Error::FalsePositiveRate { found: options.fpr, least, humans })
    }

    /// Why a text cannot be judged.
    fn unfit(&self, text: &str, detection: &Detection) -> Option<Reason> {
        if detection.words == 0 {
            Some(Reason::NoText)
        } else if (detection.words >= 8 || detection.tokens >= LEAST_TOKENS) && !is_english(text) {
            Some(Reason::NotEnglish)
        } else if detection.tokens < LEAST_TOKENS {
            Some(Reason::TooShort)
        } else {
            None
        }
    }

    fn decide(&self, detection: &mut Detection, scores: &[HeadScore; 2], style: &[f32], options: &Options) {
        let of_heads = head_scores(detection.tokens, scores);
        let (kind, score) = self.calibration.combined(&of_heads);
        let tokens = of_heads.tokens;
        let humans = self.calibration.humans(tokens, score, options.fpr);
        let speaking = &scores[usize::from(kind == Kind::Sampled)];
        detection.evidence.clone_from(&speaking.evidence);
        // what is no evidence of the head that speaks: its threshold, and what the other adds
        let shown: f64 = detection.evidence.values().sum();
        *detection.evidence.entry("prior").or_insert(0.0) += score - shown;
        let log_odds = self.calibration.log_odds();
        detection.evidence.values_mut().for_each(|part| *part *= log_odds);
        detection.style = self.heads[usize::from(kind == Kind::Sampled)].style_values(speaking, style);
        detection.style.iter_mut().for_each(|mark| mark.log_odds *= log_odds);
        detection.score = Some(score * log_odds);
        detection.p_value = Some(humans.p_value());
        detection.p_values = Some(PValues {
            assistant: self.calibration.p_value(&of_heads, Kind::Assistant, options.fpr),
            sampled: of_heads
                .sampled
                .is_finite()
                .then(|| self.calibration.p_value(&of_heads, Kind::Sampled, options.fpr)),
        });
        detection.humans = Some(humans);
        let machines = self.calibration.machines(tokens, score);
        detection.machines = Some(machines);
        if self.calibration.calls_machine(&humans, options.fpr) {
            detection.verdict = Verdict::Machine;
            detection.kind = Some(kind);
        } else if machines.call_human() {
            detection.verdict = Verdict::Human;
        } else {
            detection.reason = Some(Reason::Between);
        }
    }

    fn speaking(&self, detection: &Detection, scores: &[HeadScore; 2]) -> Kind {
        self.calibration.combined(&head_scores(detection.tokens, scores)).0
    }

    /// The evidence of single tokens: lexical evidence by the words that carry it; of a statistic that is a mean over tokens, each
    /// token's distance from the mean, by the slope of the score; everything else in equal shares.
    fn token_values(&self, read: &Read, speaking: usize, score: &HeadScore) -> Vec<TokenValue> {
        let head = &self.heads[speaking];
        let tokens = read.encoding.ids.len();
        let mut shares = vec![0.0; tokens];
        let lexical_slope = head.fitted.fusion.slope(&score.row, LEXICAL);
        let words = head.lexical.as_ref().map(|lexical| lexical.token_evidence(&read.normalized.text));
        for (range, part) in words.into_iter().flatten() {
            let covered: Vec<usize> = overlapping(&read.encoding.ranges, &range);
            for &token in &covered {
                shares[token] += f64::from(part) * lexical_slope / covered.len() as f64;
            }
        }
        let n = tokens as f64;
        let stats = &read.reading.stats;
        let mut add_mean = |name: &str, value: &dyn Fn(usize) -> f64| {
            let slope = head.fitted.fusion.slope(&score.row, statistic(name));
            let mean = (0..tokens).map(value).sum::<f64>() / n;
            shares.iter_mut().enumerate().for_each(|(token, share)| *share += slope * (value(token) - mean) / n);
        };
        let surprisal = |token: usize| -f64::from(stats[token].log_prob);
        let entropy = stats.iter().map(|token| -f64::from(token.expected_log_prob)).sum::<f64>() / n;
        add_mean("perplexity_ratio", &|token| surprisal(token) / entropy.max(1e-6));
        let mean = (0..tokens).map(surprisal).sum::<f64>() / n;
        let variance = (0..tokens).map(|token| (surprisal(token) - mean).powi(2)).sum::<f64>() / n;
        add_mean("surprisal_deviation", &|token| (surprisal(token) - mean).powi(2) / (2.0 * variance.sqrt().max(1e-6)));
        add_mean("surprisal_difference", &|token| (surprisal(token) - surprisal(token.saturating_sub(1))).abs());
        let prior = score.evidence.get("prior").copied().unwrap_or(0.0);
        let rest = (score.score - prior - shares.iter().sum::<f64>()) / n;
        let log_odds = self.calibration.log_odds();
        let value = |token: usize| {
            let range = read.normalized.original_range(read.encoding.ranges[token].clone());
            TokenValue {
                start: range.start,
                end: range.end,
                log_probability: (token > 0).then_some(stats[token].log_prob),
                rank: stats[token].rank,
                entropy: -stats[token].expected_log_prob,
                evidence: (shares[token] + rest) * log_odds,
            }
        };
        (0..tokens).map(value).collect()
    }
}

pub(crate) fn head_scores(tokens: usize, scores: &[HeadScore; 2]) -> HeadScores {
    HeadScores {
        tokens: tokens.min(u32::MAX as usize) as u32,
        assistant: scores[0].score as f32,
        sampled: scores[1].score as f32,
        words: scores[0].words as f32,
    }
}

/// Indices of the tokens that share bytes with a range; the nearest before it where none does.
fn overlapping(ranges: &[std::ops::Range<usize>], range: &std::ops::Range<usize>) -> Vec<usize> {
    let first = ranges.partition_point(|token| token.end <= range.start);
    let covered: Vec<usize> = (first..ranges.len()).take_while(|&token| ranges[token].start < range.end).collect();
    if covered.is_empty() && !ranges.is_empty() { vec![first.min(ranges.len() - 1)] } else { covered }
}
