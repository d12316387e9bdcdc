//! A receipt: everything that a verdict rests on, so that somebody else can check it on another machine.
//!
//! The text itself is not in it, only its hash and where its tokens lie. Numbers of floating point may differ between
//! processors by rounding; [`Tolerance`] says how much is let pass, and anything more is named.

use crate::detector::{Detector, Options, Reason, TokenValue, Verdict};
use crate::error::{Error, Result};
use crate::fingerprint::{Fingerprint, sha256};
use crate::normalize::normalize;
use serde::{Deserialize, Serialize};

/// The form of receipts that is written and read.
pub const RECEIPT_FORMAT: u32 = 2;

/// What may differ between two machines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// Of log-probabilities and entropies, nats.
    pub nats: f64,
    /// Of the score and the evidence of tokens, log-odds.
    pub log_odds: f64,
    /// Of the p-value: a text whose score differs by rounding may change places with one that is counted.
    pub p_value: f64,
    /// Of a rank, as a share of it, and at least one place: tokens of almost equal probability change places.
    pub rank: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { nats: 2e-3, log_odds: 2e-2, p_value: 1e-3, rank: 0.02 }
    }
}

/// A verdict with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`RECEIPT_FORMAT`].
    pub format: u32,
    /// The program's version.
    pub version: String,
    /// SHA-256 of the text, and of its normalised form.
    pub text_sha256: String,
    /// SHA-256 of the text as it was read by the model.
    pub normalized_sha256: String,
    /// Bytes of the text that were judged.
    pub text_bytes: usize,
    /// Model, heads, lexical weights, calibration, normaliser.
    pub fingerprint: Fingerprint,
    /// SHA-256 of one's own calibration, where one was used.
    pub own_calibration_sha256: Option<String>,
    /// Share of human texts that may be called machine.
    pub fpr: f64,
    /// The answer.
    pub verdict: Verdict,
    /// Why there is none.
    pub reason: Option<Reason>,
    /// Log-odds.
    pub score: Option<f64>,
    /// Chance of such a score for a human text.
    pub p_value: Option<f64>,
    /// All values of all tokens.
    pub tokens: Vec<TokenValue>,
}

/// One thing that is not as the receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What it is.
    pub what: String,
    /// What the receipt says.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl Detector {
    /// Judges a text and writes down what the verdict rests on.
    ///
    /// # Errors
    /// As [`Detector::judge`].
    pub fn receipt(&self, text: &str, options: &Options, own_calibration: Option<&[u8]>) -> Result<Receipt> {
        let detection = self.judge(text, &Options { tokens: true, ..*options })?;
        Ok(Receipt {
            format: RECEIPT_FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            text_sha256: sha256(text.as_bytes()),
            normalized_sha256: sha256(normalize(text).text.as_bytes()),
            text_bytes: text.len(),
            fingerprint: self.fingerprint.clone(),
            own_calibration_sha256: own_calibration.map(sha256),
            fpr: options.fpr,
            verdict: detection.verdict,
            reason: detection.reason,
            score: detection.score,
            p_value: detection.p_value,
            tokens: detection.token_values.unwrap_or_default(),
        })
    }
}

impl Receipt {
    /// Reads a receipt.
    ///
    /// # Errors
    /// When the bytes are none, or one of a later format.
    pub fn from_json(bytes: &[u8], origin: &str) -> Result<Self> {
        let json = |source| Error::Json { origin: origin.to_owned(), what: "receipt", source };
        let receipt: Self = serde_json::from_slice(bytes).map_err(json)?;
        if receipt.format != RECEIPT_FORMAT {
            return Err(Error::Format { what: "receipt", found: receipt.format, expected: RECEIPT_FORMAT });
        }
        Ok(receipt)
    }

    /// Everything in which another receipt, made here and now of the same text, differs. Empty: it is verified.
    #[must_use]
    pub fn mismatches(&self, now: &Self, tolerance: &Tolerance) -> Vec<Mismatch> {
        let mut found = Vec::new();
        let mut same = |what: &str, expected: &dyn std::fmt::Display, seen: &dyn std::fmt::Display| {
            let (expected, seen) = (expected.to_string(), seen.to_string());
            if expected != seen {
                found.push(Mismatch { what: what.to_owned(), expected, found: seen });
            }
        };
        let (print, other) = (&self.fingerprint, &now.fingerprint);
        same("SHA-256 of the text", &self.text_sha256, &now.text_sha256);
        same("language model", &print.model, &other.model);
        same("heads", &print.heads, &other.heads);
        same("lexical weights", &print.lexical, &other.lexical);
        same("calibration", &print.calibration, &other.calibration);
        same("normaliser", &print.normalizer, &other.normalizer);
        let own = |receipt: &Self| receipt.own_calibration_sha256.clone().unwrap_or_else(|| "none".to_owned());
        same("own calibration", &own(self), &own(now));
        same("normalised text", &self.normalized_sha256, &now.normalized_sha256);
        same("bytes of the text", &self.text_bytes, &now.text_bytes);
        same("verdict", &format!("{:?}", self.verdict), &format!("{:?}", now.verdict));
        let reason = |receipt: &Self| receipt.reason.map_or_else(|| "none".to_owned(), |reason| format!("{reason:?}"));
        same("reason", &reason(self), &reason(now));
        same("number of tokens", &self.tokens.len(), &now.tokens.len());
        let close = |expected: Option<f64>, found: Option<f64>, most: f64| match (expected, found) {
            (Some(expected), Some(found)) => (expected - found).abs() <= most,
            (expected, found) => expected == found,
        };
        let number = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| format!("{value:.6}"));
        for (what, expected, seen, most) in [
            ("score", self.score, now.score, tolerance.log_odds),
            ("p-value", self.p_value, now.p_value, tolerance.p_value),
        ] {
            if !close(expected, seen, most) {
                let (expected, seen) = (number(expected), number(seen));
                found.push(Mismatch { what: what.to_owned(), expected, found: seen });
            }
        }
        for (index, (one, other)) in self.tokens.iter().zip(&now.tokens).enumerate() {
            let log = |value: &TokenValue| value.log_probability.map(f64::from);
            let rank = f64::from(one.rank.abs_diff(other.rank));
            let name = if (one.start, one.end) != (other.start, other.end) {
                "place"
            } else if !close(log(one), log(other), tolerance.nats) {
                "log-probability"
            } else if !close(Some(f64::from(one.entropy)), Some(f64::from(other.entropy)), tolerance.nats) {
                "entropy"
            } else if !close(Some(one.evidence), Some(other.evidence), tolerance.log_odds) {
                "evidence"
            } else if rank > (f64::from(one.rank) * tolerance.rank).max(1.0) {
                "rank"
            } else {
                continue;
            };
            let show = |value: &TokenValue| serde_json::to_string(value).unwrap_or_default();
            let what = format!("{name} of token {index}");
            found.push(Mismatch { what, expected: show(one), found: show(other) });
            if name == "place" {
                break; // from here on other tokens are compared
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_notices_what_changed() {
        let detector = Detector::embedded().expect("the embedded files are whole");
        let text = "The ferry did not run on Sundays, so we walked the long way round by the bridge, past the brickworks and \
            the two farms, and it was getting dark by the time that we could see the lights of the house. Nobody was up.";
        let receipt = detector.receipt(text, &Options::default(), None).expect("English text");
        let bytes = serde_json::to_vec(&receipt).expect("a receipt is plain data");
        let read = Receipt::from_json(&bytes, "r.json").expect("what was written");
        assert!(read.mismatches(&receipt, &Tolerance::default()).is_empty(), "JSON keeps every digit that matters");
        assert!(receipt.tokens.len() >= 40);

        let mut other = detector.receipt(&text.replace("Sundays", "Mondays"), &Options::default(), None).expect("text");
        let names = |other: &Receipt| -> Vec<String> {
            read.mismatches(other, &Tolerance::default()).into_iter().map(|mismatch| mismatch.what).collect()
        };
        assert!(names(&other).contains(&"SHA-256 of the text".to_owned()));
        other = receipt.clone();
        other.tokens[7].log_probability = other.tokens[7].log_probability.map(|log| log - 0.01);
        other.fingerprint.heads.clear();
        assert_eq!(names(&other), ["heads", "log-probability of token 7"]);
        other = receipt.clone();
        other.p_value = other.p_value.map(|p_value| p_value / 2.0);
        (other.reason, other.text_bytes) = (Some(Reason::TooShort), 1);
        assert_eq!(names(&other), ["bytes of the text", "reason", "p-value"]);
        assert!(matches!(Receipt::from_json(b"{}", "r.json"), Err(Error::Json { .. })));
    }
}
