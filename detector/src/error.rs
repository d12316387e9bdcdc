//! What can go wrong in judging or training a detector.

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can fail in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A false-alarm rate that the calibration cannot promise.
    #[error("a false-positive rate of {found} cannot be promised: with {humans} human texts, {least:.5} to 0.5 can")]
    FalsePositiveRate {
        /// The rate asked for.
        found: f64,
        /// The least that can be promised.
        least: f64,
        /// Human texts in the calibration.
        humans: usize,
    },
    /// The model cannot read the text.
    #[error(transparent)]
    Generator(#[from] generator::Error),
    /// The lexical weights cannot be used.
    #[error("the lexical weights of the {kind} head cannot be used")]
    Lexical {
        /// The head.
        kind: &'static str,
        /// Why.
        source: crate::lexical::LexicalError,
    },
    /// The heads or the calibration cannot be read.
    #[error("`{origin}` is not a valid {what}")]
    Json {
        /// The file.
        origin: String,
        /// What it should be.
        what: &'static str,
        /// Where and why.
        source: serde_json::Error,
    },
    /// Heads or calibration were made with another model.
    #[error("the {what} was made with model `{found}`, this is `{expected}`")]
    OtherModel {
        /// Heads or calibration.
        what: &'static str,
        /// The model it was made with.
        found: String,
        /// The model at hand.
        expected: String,
    },
    /// A model without heads and calibration.
    #[error("there are no heads and no calibration for the model `{model}`")]
    Uncalibrated {
        /// The model.
        model: String,
    },
    /// A head cannot be fitted.
    #[error("a head cannot be fitted")]
    Fit(#[from] crate::logistic::FitError),
}

impl Error {
    /// What the user can do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Generator(error) => error.hint(),
            Self::OtherModel { .. } => Some("train the heads for this model with `detect train-detector`".to_owned()),
            Self::Uncalibrated { .. } => Some(
                "train them with `detect train-detector --model MODEL TEXTS... -o HEADS`, then judge with `--heads HEADS`"
                    .to_owned(),
            ),
            Self::FalsePositiveRate { .. } => Some("`--fpr 0.01` means one human text in a hundred".to_owned()),
            _ => None,
        }
    }
}
