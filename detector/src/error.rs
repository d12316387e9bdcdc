//! What can go wrong in judging or training a detector.

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can fail in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A false-alarm rate that the calibration cannot promise.
    #[error("a false-positive rate of {found} cannot be promised: with {humans} human texts, from {} to below 0.5 can", at_least(*.least))]
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
    /// A file of a form that this version does not know.
    #[error("the {what} has format {found}, expected {expected}")]
    Format {
        /// Receipt or calibration.
        what: &'static str,
        /// The format of the file.
        found: u32,
        /// The format that is read.
        expected: u32,
    },
    /// A calibration of one's own was made with other files.
    #[error("`{origin}` was made with another detector: its {what} has the SHA-256 {found}, this one's {expected}")]
    OtherFiles {
        /// The file.
        origin: String,
        /// What differs.
        what: &'static str,
        /// Its hash in the file.
        found: String,
        /// The hash here.
        expected: String,
    },
    /// Too few human texts to count among.
    #[error(
        "{found} human texts can be judged, at least {least} are needed to count among ({unfit} texts are too short or not English)"
    )]
    FewHumans {
        /// Human texts with a score.
        found: usize,
        /// Fewest.
        least: usize,
        /// Texts without a score.
        unfit: usize,
    },
    /// An evaluation without texts.
    #[error(
        "there is nothing to evaluate: {texts} texts, none outside of the split that the thresholds are taken from"
    )]
    NothingToEvaluate {
        /// Texts that were read.
        texts: usize,
    },
    /// The split that thresholds are to come from has no human text.
    #[error("no human text is in the split `{split}`; the splits are: {found}")]
    NoSuchSplit {
        /// The split asked for.
        split: String,
        /// Those that are there.
        found: String,
    },
    /// Texts stand on both sides of a split.
    #[error(
        "{count} texts are in the split `{split}` and outside of it, the first is `{test}`, which is `{own}` there"
    )]
    SharedTexts {
        /// The split that thresholds are taken from.
        split: String,
        /// How many texts.
        count: usize,
        /// The first outside of the split.
        test: String,
        /// The same inside.
        own: String,
    },
    /// Two runs have no text in common.
    #[error("the two runs have no text in common")]
    NothingToCompare,
    /// Two texts of one run have the same id, by which runs are matched.
    #[error("two texts have the id `{id}`")]
    SameId {
        /// The id.
        id: String,
    },
    /// Two runs disagree on who wrote a text.
    #[error("the two runs have different labels for `{id}`")]
    LabelsDiffer {
        /// The text.
        id: String,
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

/// A rate of four digits that is not below the one given.
fn at_least(rate: f64) -> f64 {
    let unit = 10_f64.powi(rate.log10().floor() as i32 - 3);
    let digits = (rate / unit).ceil() * unit;
    format!("{digits:.8}").parse().unwrap_or(digits)
}

impl Error {
    /// What the user can do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Generator(error) => error.hint(),
            Self::OtherModel { .. } => Some("train the heads for this model with `detect train-detector`".to_owned()),
            Self::Json { what: "file of heads" | "calibration", .. } => Some(
                "it is damaged or of another version: make it again with `detect train-detector`".to_owned(),
            ),
            Self::Uncalibrated { .. } => Some(
                "train them with `detect train-detector --model MODEL TEXTS... -o HEADS`, then judge with `--heads HEADS`"
                    .to_owned(),
            ),
            Self::FalsePositiveRate { found, least, .. } if found < least && *least < 0.5 => {
                Some(format!("ask for more, e.g. `--fpr {}`; with more human texts less can be promised", at_least(*least)))
            }
            Self::FalsePositiveRate { .. } => Some("`--fpr 0.01` means one human text in a hundred".to_owned()),
            Self::FewHumans { .. } => Some("add texts by people: English prose of 50 tokens and more".to_owned()),
            Self::Fit(_) => {
                Some("it takes texts labelled `human` and `machine`, of two sources at least, each with both".to_owned())
            }
            Self::OtherFiles { .. } => Some("make it again with `detect calibrate`, or name the model it was made with by `--model`".to_owned()),
            Self::SharedTexts { .. } => Some("take them out of one of the two".to_owned()),
            Self::NoSuchSplit { .. } => Some("`--threshold-split` names a value of the column `split`".to_owned()),
            Self::NothingToCompare | Self::SameId { .. } => {
                Some("runs are matched by the column `id`: give every text one of its own".to_owned())
            }
            _ => None,
        }
    }
}
