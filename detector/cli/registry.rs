//! Models on disk that have a name: `models.json` in `$DETECT_MODELS`, or in `detect/` of the user's data folder.

use anyhow::{Context, Result, bail};
use detector::Scorer;
use generator::{CpuModel, LoadedModel, TensorModel};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Registered {
    /// What the user calls it.
    pub(crate) name: String,
    /// Folder or `.gguf` file.
    pub(crate) path: PathBuf,
    /// What it is, with the beginning of the SHA-256 of its weights.
    pub(crate) model: String,
    /// The heads that were trained for it.
    pub(crate) heads: Option<PathBuf>,
}

/// All models, in order of name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Registry {
    pub(crate) models: Vec<Registered>,
}

/// A model that the user named by path or name.
pub(crate) struct Opened {
    pub(crate) scorer: Scorer,
    /// The same model, to write with.
    pub(crate) writer: Arc<CpuModel>,
    /// The heads that were registered with it.
    pub(crate) heads: Option<PathBuf>,
    /// Where it lies.
    path: PathBuf,
}

impl Opened {
    /// The model to score with on another device than the CPU.
    pub(crate) fn on_device(&self, device: &str) -> Result<TensorModel> {
        let (device, end) = (generator::device(device)?, self.scorer.tokenizer.end_of_text());
        let failed = || format!("cannot load the model in `{}`", self.path.display());
        TensorModel::open(&self.path, &device, end).with_context(failed)
    }
}

fn file() -> Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    match folder("DETECT_MODELS").or_else(|| Some(data()?.join("detect"))) {
        Some(folder) => Ok(folder.join("models.json")),
        None => bail!("there is no place for the list of models: neither DETECT_MODELS nor HOME is set"),
    }
}

impl Registry {
    /// Reads the list; empty where there is none.
    pub(crate) fn read() -> Result<Self> {
        let path = file()?;
        if !path.exists() {
            return Ok(Self::default());
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("`{}` is not a list of models", path.display()))
    }

    /// Adds a model or replaces the one of its name.
    pub(crate) fn add(&mut self, model: Registered) -> Result<()> {
        self.models.retain(|other| other.name != model.name);
        self.models.push(model);
        self.models.sort_by(|left, right| left.name.cmp(&right.name));
        let path = file()?;
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
        let text = serde_json::to_string_pretty(self)? + "\n";
        Ok(generator::write_atomically(&path, text.as_bytes())?)
    }
}

/// Opens a path, or else the model of this name. The weights of a named model must still be what they were.
pub(crate) fn open(model: &Path) -> Result<Opened> {
    if model.exists() {
        return open_path(model, None);
    }
    let registry = if model.components().count() == 1 { Registry::read()? } else { Registry::default() };
    let Some(registered) = registry.models.into_iter().find(|other| Path::new(&other.name) == model) else {
        bail!("there is no model `{}`: neither a path nor a name of `detect model list`", model.display());
    };
    let opened = open_path(&registered.path, registered.heads)?;
    if opened.scorer.name != registered.model {
        let (found, expected) = (&opened.scorer.name, &registered.model);
        bail!("model `{}` has changed on disk: it is `{found}`, and was `{expected}`", registered.name);
    }
    Ok(opened)
}

fn open_path(path: &Path, heads: Option<PathBuf>) -> Result<Opened> {
    let loaded = LoadedModel::open(path).with_context(|| format!("cannot load the model in `{}`", path.display()))?;
    let (scorer, writer) = Scorer::of_loaded(loaded);
    Ok(Opened { scorer, writer, heads, path: path.to_owned() })
}
