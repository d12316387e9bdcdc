//! A calibration of one's own: one's own human texts to count among, in place of those that came with the detector.
//!
//! The scale stays that of the embedded table, which rests on thousands of texts; what is replaced is the texts that are counted.
//! So 60 texts are enough to begin with, and can promise what 60 texts can: 0 alarms of 59 bound 5 % at 95 % (Clopper and
//! Pearson 1934), and no p-value is below 1 / 61.

use crate::calibration::{CalibrationScores, HeadScores};
use crate::detector::{Detector, LEAST_TOKENS, head_scores};
use crate::error::{Error, Result};
use crate::fingerprint::{Fingerprint, sha256};
use crate::heads::Measurement;
use crate::language::is_english;
use crate::metrics::{texts_needed, upper_bound};
use crate::normalize::normalize;
use serde::{Deserialize, Serialize};

/// The form of calibration files that is written and read.
pub const CALIBRATION_FORMAT: u32 = 2;
/// Fewest human texts to count among: with fewer no rate below 5 % can be promised.
pub const LEAST_HUMANS: usize = 20;
/// How sure a promise is.
pub const CONFIDENCE: f64 = 0.95;

/// One's own calibration, as a file holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnCalibration {
    /// [`CALIBRATION_FORMAT`].
    pub format: u32,
    /// The detector whose scores these are.
    pub fingerprint: Fingerprint,
    /// SHA-256 of the sorted SHA-256 of the texts, so that a set of texts can be recognised.
    pub texts_sha256: String,
    /// Human texts with a score.
    pub humans: usize,
    /// Machine texts with a score.
    pub machines: usize,
    /// Texts that cannot be judged: too short, not English.
    pub unfit: usize,
    /// The scores by both heads.
    pub scores: CalibrationScores,
}

impl OwnCalibration {
    /// Puts the scores of a detector together. Each text comes with whether a machine wrote it and its scores, `None` where it cannot be judged.
    ///
    /// # Errors
    /// With fewer than [`LEAST_HUMANS`] human texts that can be judged.
    pub fn new(detector: &Fingerprint, texts: Vec<(String, bool, Option<HeadScores>)>) -> Result<Self> {
        let mut hashes: Vec<String> = texts.iter().map(|text| text.0.clone()).collect();
        hashes.sort_unstable();
        let unfit = texts.iter().filter(|text| text.2.is_none()).count();
        let of = |machine: bool| {
            let mut scores: Vec<HeadScores> =
                texts.iter().filter(|text| text.1 == machine).filter_map(|text| text.2).collect();
            scores.sort_by_key(|score| score.tokens);
            scores
        };
        let scores = CalibrationScores { humans: of(false), machines: of(true) };
        let humans = scores.humans.len();
        if humans < LEAST_HUMANS {
            return Err(Error::FewHumans { found: humans, least: LEAST_HUMANS, unfit });
        }
        Ok(Self {
            format: CALIBRATION_FORMAT,
            fingerprint: detector.clone(),
            texts_sha256: sha256(hashes.concat().as_bytes()),
            humans,
            machines: scores.machines.len(),
            unfit,
            scores,
        })
    }

    /// Reads a calibration and checks that it was made with this detector.
    ///
    /// # Errors
    /// When the bytes are none, of a later format, or made with another model, other heads, other lexical weights or another normaliser.
    pub fn from_json(bytes: &[u8], origin: &str, detector: &Fingerprint) -> Result<Self> {
        let json = |source| Error::Json { origin: origin.to_owned(), what: "calibration of one's own", source };
        let own: Self = serde_json::from_slice(bytes).map_err(json)?;
        if own.format != CALIBRATION_FORMAT {
            let what = "calibration of one's own";
            return Err(Error::Format { what, found: own.format, expected: CALIBRATION_FORMAT });
        }
        let (found, expected) = (&own.fingerprint, detector);
        let normalizers = [found, expected].map(|print| print.normalizer.to_string());
        for (what, found, expected) in [
            ("language model", &found.model, &expected.model),
            ("heads", &found.heads, &expected.heads),
            ("lexical weights", &found.lexical, &expected.lexical),
            ("scale", &found.calibration, &expected.calibration),
            ("normaliser", &normalizers[0], &normalizers[1]),
        ] {
            if found != expected {
                let (found, expected) = (found.clone(), expected.clone());
                return Err(Error::OtherFiles { origin: origin.to_owned(), what, found, expected });
            }
        }
        Ok(own)
    }

    /// The least false-alarm rate that can be asked for.
    #[must_use]
    pub fn least_fpr(&self) -> f64 {
        1.0 / (self.humans + 1) as f64
    }

    /// What the human texts bound the rate of false alarms at, if none of them is one, with [`CONFIDENCE`].
    #[must_use]
    pub fn bound(&self) -> f64 {
        upper_bound(0, self.humans, CONFIDENCE)
    }

    /// Human texts that would bound a rate, all without alarm.
    #[must_use]
    pub fn needed(rate: f64) -> usize {
        texts_needed(rate, CONFIDENCE)
    }
}

impl Detector {
    /// The scores of a text by both heads; `None` where it cannot be judged.
    ///
    /// # Errors
    /// When the model cannot read the text.
    pub fn head_scores(&self, text: &str) -> Result<Option<HeadScores>> {
        let normalized = normalize(text);
        let encoding = self.tokenizer.encode(&normalized.text)?;
        if encoding.ids.len() < LEAST_TOKENS || !is_english(&normalized.text) {
            return Ok(None);
        }
        let reading = self.model.read(&encoding.ids, &self.layers)?;
        let measurement = Measurement::new(&normalized.text, &encoding.ids, &reading);
        Ok(measurement.map(|measurement| {
            let scores = [0, 1].map(|head| self.heads[head].score(&measurement));
            head_scores(encoding.ids.len(), &scores)
        }))
    }

    /// Counts among the texts of one's own calibration from now on. Without machine texts of one's own, *human* is still
    /// counted among those that came with the detector.
    pub fn count_among(&mut self, own: &OwnCalibration) {
        self.calibration = self.calibration.with_texts(&own.scores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::{Options, Verdict};

    fn texts(humans: usize) -> Vec<(String, bool, Option<HeadScores>)> {
        let score = |index: usize| HeadScores {
            tokens: 100,
            assistant: -5.0 - index as f32 / 100.0,
            sampled: -6.0,
            words: -5.0,
        };
        (0..humans).map(|index| (sha256(&[index as u8]), false, Some(score(index)))).collect()
    }

    #[test]
    fn sixty_texts_promise_what_sixty_texts_can() {
        let mut detector = Detector::embedded().expect("the embedded files are whole");
        let own = OwnCalibration::new(detector.fingerprint(), texts(60)).expect("60 texts");
        assert!(own.bound() < 0.05 && own.bound() > 0.048);
        assert_eq!((own.least_fpr(), OwnCalibration::needed(0.01)), (1.0 / 61.0, 299));
        assert!(matches!(
            OwnCalibration::new(detector.fingerprint(), texts(19)),
            Err(Error::FewHumans { found: 19, .. })
        ));

        detector.count_among(&own);
        assert!(detector.check(&Options { fpr: 0.01, tokens: false }).is_err(), "60 texts cannot promise 1 %");
        detector.check(&Options { fpr: 0.05, tokens: false }).expect("they can promise 5 %");
        let text = "The ferry did not run on Sundays, so we walked the long way round by the bridge, past the brickworks and \
            the two farms, and it was getting dark by the time that we could see the lights of the house. Nobody was up.";
        let detection = detector.judge(text, &Options { fpr: 0.05, tokens: false }).expect("English text");
        assert_eq!(detection.humans.map(|humans| humans.of), Some(60));
        assert_eq!(detection.verdict, Verdict::Machine, "all 60 score far lower than any text");
    }

    #[test]
    fn another_detector_is_refused() {
        let detector = Detector::embedded().expect("the embedded files are whole");
        let print = detector.fingerprint();
        let mut own = OwnCalibration::new(print, texts(30)).expect("30 texts");
        let json = |own: &OwnCalibration| serde_json::to_vec(own).expect("plain data");
        assert_eq!(OwnCalibration::from_json(&json(&own), "c.json", print).expect("its own"), own);
        own.fingerprint.lexical = "0".repeat(64);
        let refused = OwnCalibration::from_json(&json(&own), "c.json", print);
        assert!(matches!(refused, Err(Error::OtherFiles { what: "lexical weights", .. })), "{refused:?}");
        let mut own = OwnCalibration::new(print, texts(30)).expect("30 texts");
        own.fingerprint.normalizer += 1;
        let refused = OwnCalibration::from_json(&json(&own), "c.json", print);
        assert!(matches!(refused, Err(Error::OtherFiles { what: "normaliser", .. })), "{refused:?}");
        own.format = 1;
        let refused = OwnCalibration::from_json(&json(&own), "c.json", print);
        assert!(matches!(refused, Err(Error::Format { found: 1, .. })), "{refused:?}");
    }
}
