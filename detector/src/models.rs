//! Models and heads from disk.

use crate::bundle::{HeadFiles, Scorer, embedded_heads};
use crate::detector::Detector;
use crate::error::{Error, Result};
use generator::{CpuModel, LoadedModel};
use std::path::Path;
use std::sync::Arc;

impl Scorer {
    /// A loaded model, to score with, and the same model, to write with.
    #[must_use]
    pub fn of_loaded(loaded: LoadedModel) -> (Self, Arc<CpuModel>) {
        let LoadedModel { name, sha256, tokenizer, model } = loaded;
        let (layers, model) = (model.layers(), Arc::new(model));
        (Self { name, layers, sha256, tokenizer, model: Box::new(Arc::clone(&model)) }, model)
    }
}

impl Detector {
    /// A detector of a model and a folder of heads, as `detect train-detector` writes it; without one, of the heads in the binary.
    ///
    /// # Errors
    /// When there are no heads for it (a model alone promises nothing), or they are damaged or were made for another model.
    pub fn with_heads(scorer: Scorer, folder: Option<&Path>) -> Result<Self> {
        let Some(folder) = folder else {
            return match embedded_heads(&scorer.name) {
                Some(heads) => Self::new(scorer, heads),
                None => Err(Error::Uncalibrated { model: scorer.name }),
            };
        };
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| generator::Error::Io { action: "read", path, source })
        };
        let (heads, lexical) = (read("heads.json")?, read("assistant.lexical")?);
        let calibration = read("calibration.json")?;
        Self::new(scorer, HeadFiles { heads: &heads, lexical: &lexical, calibration: &calibration })
    }
}
