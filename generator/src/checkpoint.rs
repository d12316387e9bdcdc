//! Weights in and out: safetensors in the layout of Hugging Face's GPT-2, strict in both directions.
//!
//! | in the file | here |
//! |---|---|
//! | `transformer.NAME` or `NAME` | `NAME` |
//! | `h.N.attn.bias`, `h.N.attn.masked_bias` | the causal mask of old exports, passed over |
//! | `lm_head.weight` | passed over where equal to `wte.weight`: the head is tied |
//!
//! A tensor that is missing, has another shape or has no place in the model is an error that names it.

use crate::config::Gpt2Config;
use crate::error::{Error, Result};
use crate::files::write_atomically;
use crate::model::{Gpt2, Weights};
use burn::tensor::Device;
use half::{bf16, f16};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::Path;

/// The number type of the weights in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 4 bytes a weight.
    F32,
    /// 2 bytes a weight: half the size, some 1e-3 in a log-probability.
    F16,
}

impl Gpt2 {
    /// A model with random weights as GPT-2 starts: normal with deviation 0.02, the projections into the
    /// residual stream divided by sqrt(2 x blocks), biases 0, norms 1 (section 2.3). Same seed, same weights.
    ///
    /// # Errors
    /// When the configuration makes no GPT-2.
    pub fn random(config: &Gpt2Config, seed: u64, device: &Device) -> Result<Self> {
        config.check("configuration")?;
        let mut weights = RandomWeights { rng: ChaCha8Rng::seed_from_u64(seed), blocks: config.n_layer };
        Self::build(config, &mut weights, device)
    }

    /// Loads the weights of a safetensors file held in memory. `origin` names it in errors.
    ///
    /// # Errors
    /// When the file is cut off, or a tensor is missing, unknown or of another shape or type.
    pub fn from_safetensors(config: &Gpt2Config, bytes: &[u8], origin: &str, device: &Device) -> Result<Self> {
        let file = SafeTensors::deserialize(bytes).map_err(|source| Error::Safetensors {
            origin: origin.to_owned(),
            size: bytes.len(),
            source,
        })?;
        let mut weights = FileWeights { origin, tensors: BTreeMap::new() };
        for (name, view) in file.iter() {
            let short = name.strip_prefix("transformer.").unwrap_or(name);
            if weights.tensors.insert(short.to_owned(), view).is_some() {
                let first = format!("{short} (with and without the prefix)");
                return Err(Error::UnknownTensors { origin: origin.to_owned(), count: 1, first });
            }
        }
        weights.drop_mask_buffers(config.n_layer);
        weights.drop_tied_head()?;
        let model = Self::build(config, &mut weights, device)?;
        match weights.tensors.first_key_value() {
            None => Ok(model),
            Some((first, _)) => Err(Error::UnknownTensors {
                origin: origin.to_owned(),
                count: weights.tensors.len(),
                first: first.clone(),
            }),
        }
    }

    /// Loads `config.json` and `model.safetensors` of a folder.
    ///
    /// # Errors
    /// As [`Gpt2::from_safetensors`], or when a file cannot be read.
    pub fn from_folder(folder: &Path, device: &Device) -> Result<Self> {
        let config = Gpt2Config::from_file(&folder.join("config.json"))?;
        let path = folder.join("model.safetensors");
        let bytes = std::fs::read(&path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?;
        Self::from_safetensors(&config, &bytes, &path.display().to_string(), device)
    }

    /// The weights as the bytes of a safetensors file.
    ///
    /// # Errors
    /// When the tensors cannot be laid out, which a model that was built cannot cause.
    pub fn to_safetensors(&self, precision: Precision) -> Result<Vec<u8>> {
        let dtype = match precision {
            Precision::F32 => Dtype::F32,
            Precision::F16 => Dtype::F16,
        };
        let mut stored: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (name, data) in self.named_tensors() {
            let shape = data.shape().to_vec();
            let values = data.iter::<f32>();
            let bytes = match precision {
                Precision::F32 => values.flat_map(f32::to_le_bytes).collect(),
                Precision::F16 => values.flat_map(|value| f16::from_f32(value).to_le_bytes()).collect(),
            };
            stored.push((name, shape, bytes));
        }
        let lay_out = || {
            let views = stored
                .iter()
                .map(|(name, shape, bytes)| Ok((name, TensorView::new(dtype, shape.clone(), bytes)?)))
                .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()?;
            let metadata = [("format".to_owned(), "pt".to_owned())];
            safetensors::serialize(views, Some(metadata.into_iter().collect()))
        };
        lay_out().map_err(|source| Error::Safetensors { origin: "model".to_owned(), size: 0, source })
    }

    /// Writes `config.json` and `model.safetensors` into a folder, each under a temporary name first.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, folder: &Path, precision: Precision) -> Result<()> {
        let config = serde_json::to_string_pretty(self.config()).expect("a configuration is plain data");
        write_atomically(&folder.join("config.json"), format!("{config}\n").as_bytes())?;
        write_atomically(&folder.join("model.safetensors"), &self.to_safetensors(precision)?)
    }
}

struct RandomWeights {
    rng: ChaCha8Rng,
    blocks: usize,
}

impl Weights for RandomWeights {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let count = shape.iter().product();
        if name.ends_with(".bias") {
            return Ok(vec![0.0; count]);
        }
        if name.contains("ln_") {
            return Ok(vec![1.0; count]);
        }
        let residual = if name.ends_with("c_proj.weight") { (2.0 * self.blocks as f64).sqrt() } else { 1.0 };
        Ok((0..count).map(|_| (crate::sampling::standard_normal(&mut self.rng) * 0.02 / residual) as f32).collect())
    }
}

struct FileWeights<'a> {
    origin: &'a str,
    tensors: BTreeMap<String, TensorView<'a>>,
}

impl FileWeights<'_> {
    fn drop_mask_buffers(&mut self, blocks: usize) {
        for layer in 0..blocks {
            self.tensors.remove(&format!("h.{layer}.attn.bias"));
            self.tensors.remove(&format!("h.{layer}.attn.masked_bias"));
        }
    }

    fn drop_tied_head(&mut self) -> Result<()> {
        let Some(head) = self.tensors.remove("lm_head.weight") else { return Ok(()) };
        match self.tensors.get("wte.weight") {
            Some(wte) if wte.data() != head.data() => Err(Error::Config {
                origin: self.origin.to_owned(),
                field: "lm_head.weight",
                found: "different from wte.weight".to_owned(),
                expected: "a head tied to the token embeddings".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

impl Weights for FileWeights<'_> {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let view = self.tensors.remove(name).ok_or_else(|| Error::MissingTensor {
            origin: self.origin.to_owned(),
            tensor: name.to_owned(),
            expected: shape.to_vec(),
        })?;
        if view.shape() != shape {
            return Err(Error::Shape {
                origin: self.origin.to_owned(),
                tensor: name.to_owned(),
                found: view.shape().to_vec(),
                expected: shape.to_vec(),
            });
        }
        let data = view.data();
        match view.dtype() {
            Dtype::F32 => Ok(data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
            Dtype::F16 => Ok(data.as_chunks::<2>().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect()),
            Dtype::BF16 => {
                Ok(data.as_chunks::<2>().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect())
            }
            other => Err(Error::DataType {
                origin: self.origin.to_owned(),
                tensor: name.to_owned(),
                found: format!("{other:?}"),
            }),
        }
    }
}
