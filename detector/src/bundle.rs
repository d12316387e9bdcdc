//! The files of a detector: heads, lexical weights and calibration, in a folder or embedded in the binary.

use crate::calibration::{Calibration, CalibrationScores};
use crate::detector::Detector;
use crate::error::{Error, Result};
use crate::examples::Kind;
use crate::fingerprint::Fingerprint;
use crate::fit::Fitted;
use crate::heads::{FittedHead, Head, MARGIN};
use crate::lexical::LexicalModel;
use generator::{CpuModel, Gpt2, Gpt2Config, LanguageModel, TensorModel, Tokenizer, device, digest_of};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// A language model with its tokenizer and its name.
pub struct Scorer {
    /// Name and hash, as the heads record it.
    pub name: String,
    /// Blocks.
    pub layers: usize,
    /// What its files are known by, as in [`LoadedModel::sha256`](generator::LoadedModel).
    pub sha256: String,
    /// Text to tokens.
    pub tokenizer: Tokenizer,
    /// Tokens to numbers.
    pub model: Box<dyn LanguageModel>,
}

impl std::fmt::Debug for Scorer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Scorer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The bytes of a model's three files.
#[derive(Debug, Clone, Copy)]
pub struct ModelFiles<'a> {
    /// `config.json`.
    pub config: &'a [u8],
    /// `model.safetensors`.
    pub weights: &'a [u8],
    /// `tokenizer.json`.
    pub tokenizer: &'a [u8],
}

/// The model in the binary.
pub const EMBEDDED_MODEL: ModelFiles<'static> = ModelFiles {
    config: generator::embedded::CONFIG,
    weights: generator::embedded::WEIGHTS,
    tokenizer: generator::embedded::TOKENIZER,
};

/// The bytes of a detector's three files.
#[derive(Debug, Clone, Copy)]
pub struct HeadFiles<'a> {
    /// `heads.json`.
    pub heads: &'a [u8],
    /// `assistant.lexical`.
    pub lexical: &'a [u8],
    /// `calibration.json`.
    pub calibration: &'a [u8],
}

/// The heads in the binary.
pub const EMBEDDED_HEADS: HeadFiles<'static> = HeadFiles {
    heads: include_bytes!("../model/heads.json"),
    lexical: include_bytes!("../model/assistant.lexical"),
    calibration: include_bytes!("../model/calibration.json"),
};

/// The heads in the binary for models that users bring, by the name of the model. Its words are weighed as the embedded model's.
const HEADS_OF_MODELS: [(&str, HeadFiles<'static>); 1] = [(
    "llama-30x576-b179c9523d0e",
    HeadFiles {
        heads: include_bytes!("../model/smollm2-135m-instruct/heads.json"),
        lexical: EMBEDDED_HEADS.lexical,
        calibration: include_bytes!("../model/smollm2-135m-instruct/calibration.json"),
    },
)];

/// The heads in the binary for a model of this name, if there are any.
#[must_use]
pub fn embedded_heads(model: &str) -> Option<HeadFiles<'static>> {
    if EMBEDDED_MODEL.name().is_ok_and(|name| name == model) {
        return Some(EMBEDDED_HEADS);
    }
    HEADS_OF_MODELS.iter().find(|(name, _)| *name == model).map(|(_, heads)| *heads)
}

#[derive(Debug, Serialize, Deserialize)]
struct HeadsFile {
    model: String,
    layers: Vec<usize>,
    assistant: FittedHead,
    sampled: FittedHead,
}

#[derive(Debug, Serialize, Deserialize)]
struct CalibrationFile {
    model: String,
    margin: f64,
    scores: CalibrationScores,
}

impl ModelFiles<'_> {
    /// The model's shape.
    ///
    /// # Errors
    /// When `config.json` is none.
    pub fn config(&self) -> Result<Gpt2Config> {
        let config: Gpt2Config = serde_json::from_slice(self.config).map_err(|source| Error::Json {
            origin: "config.json".to_owned(),
            what: "GPT-2 config.json",
            source,
        })?;
        config.check("config.json")?;
        Ok(config)
    }

    /// The model on a device.
    ///
    /// # Errors
    /// When the files do not make one.
    pub fn gpt2(&self, device_name: &str) -> Result<Gpt2> {
        Ok(Gpt2::from_safetensors(&self.config()?, self.weights, "model.safetensors", &device(device_name)?)?)
    }

    /// The name: its shape and the first 12 digits of the SHA-256 of its weights.
    ///
    /// # Errors
    /// When `config.json` is none.
    pub fn name(&self) -> Result<String> {
        Ok(self.name_and_digest()?.0)
    }

    /// The SHA-256 of its three files, as in [`LoadedModel::sha256`](generator::LoadedModel).
    ///
    /// # Errors
    /// When `config.json` is none.
    pub fn sha256(&self) -> Result<String> {
        Ok(self.name_and_digest()?.1)
    }

    /// Both rest on the hash of the weights, which is most of the work.
    fn name_and_digest(&self) -> Result<(String, String)> {
        let config = self.config()?;
        let weights: [u8; 32] = Sha256::digest(self.weights).into();
        let hash: String = weights.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let files = [Sha256::digest(self.config).into(), weights, Sha256::digest(self.tokenizer).into()];
        Ok((format!("gpt2-{}x{}-{hash}", config.n_layer, config.n_embd), digest_of(&files)))
    }

    /// The model, its tokenizer and its name.
    ///
    /// # Errors
    /// When the files do not make one.
    pub fn scorer(&self, device_name: &str) -> Result<Scorer> {
        let tokenizer = Tokenizer::from_bytes(self.tokenizer, "tokenizer.json")?;
        let (gpt2, end_of_text) = (self.gpt2(device_name)?, tokenizer.end_of_text());
        let model: Box<dyn LanguageModel> = match device_name {
            "cpu" => Box::new(CpuModel::new(&gpt2, end_of_text)),
            _ => Box::new(TensorModel::new(gpt2, end_of_text)),
        };
        let (name, sha256) = self.name_and_digest()?;
        Ok(Scorer { name, sha256, layers: self.config()?.n_layer, tokenizer, model })
    }
}

impl Detector {
    /// The detector in the binary.
    ///
    /// # Errors
    /// When what was embedded does not belong together, which a test rules out.
    pub fn embedded() -> Result<Self> {
        Self::new(EMBEDDED_MODEL.scorer("cpu")?, EMBEDDED_HEADS)
    }

    /// A detector of a model and the heads that were trained for it.
    ///
    /// # Errors
    /// When a file is damaged or was made for another model.
    pub fn new(scorer: Scorer, files: HeadFiles<'_>) -> Result<Self> {
        let heads: HeadsFile = parse(files.heads, "heads.json", "file of heads")?;
        let calibration: CalibrationFile = parse(files.calibration, "calibration.json", "calibration")?;
        for (what, found) in [("file of heads", &heads.model), ("calibration", &calibration.model)] {
            if *found != scorer.name {
                return Err(Error::OtherModel { what, found: found.clone(), expected: scorer.name });
            }
        }
        let lexical =
            LexicalModel::from_bytes(files.lexical).map_err(|source| Error::Lexical { kind: "assistant", source })?;
        Ok(Self {
            fingerprint: Fingerprint::new(scorer.sha256, &files),
            name: scorer.name,
            tokenizer: scorer.tokenizer,
            model: scorer.model,
            layers: heads.layers,
            heads: [
                Head { kind: Kind::Assistant, lexical: Some(lexical), fitted: heads.assistant },
                Head { kind: Kind::Sampled, lexical: None, fitted: heads.sampled },
            ],
            calibration: Calibration::new(calibration.scores, calibration.margin),
            reference: None,
        })
    }
}

fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8], origin: &str, what: &'static str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|source| Error::Json { origin: origin.to_owned(), what, source })
}

/// Writes the three files of fitted heads into a folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn save(fitted: &Fitted, model: &str, layers: &[usize], folder: &Path) -> Result<()> {
    let Fitted { heads: [assistant, sampled], calibration, .. } = fitted;
    let write = |name: &str, bytes: &[u8]| generator::write_atomically(&folder.join(name), bytes);
    let lexical = assistant.lexical.as_ref().expect("the assistant head listens to words");
    write("assistant.lexical", &lexical.to_bytes())?;
    let heads = HeadsFile {
        model: model.to_owned(),
        layers: layers.to_vec(),
        assistant: assistant.fitted.clone(),
        sampled: sampled.fitted.clone(),
    };
    write("heads.json", serde_json::to_string(&heads).expect("heads are plain data").as_bytes())?;
    let calibration = CalibrationFile { model: model.to_owned(), margin: MARGIN, scores: calibration.clone() };
    write("calibration.json", serde_json::to_string(&calibration).expect("scores are plain data").as_bytes())?;
    Ok(())
}
