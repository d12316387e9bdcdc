//! Training from scratch: AdamW with two parameter groups, warm-up, clipping, held-out bits per byte, checkpoints
//! that go on where they stopped, bit by bit.
//!
//! It knows tokens only; reading and splitting a corpus is the caller's. Batch `s` depends on the seed and `s` alone, so a
//! run that is resumed sees the batches it would have seen.

use crate::config::Gpt2Config;
use crate::error::{Error, Result};
use crate::files::write_atomically;
use crate::loss::{ids_tensor, loss_through_head};
use crate::model::Gpt2;
use crate::shard::TokenShard;
use crate::training_config::TrainingConfig;
use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a step did.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The step, from 0.
    pub step: usize,
    /// Mean cross-entropy of its batch, nats a token.
    pub loss: f64,
    /// Norm of the gradient before it was cut.
    pub gradient_norm: f64,
    /// Its learning rate.
    pub learning_rate: f64,
}

/// A model in training.
#[expect(missing_debug_implementations, reason = "burn's optimizer has none")]
pub struct Trainer {
    model: Gpt2,
    optimizer: ModuleOptimizer,
    config: TrainingConfig,
    device: Device,
    step: usize,
    order: Option<EpochOrder>,
}

#[derive(Debug)]
struct EpochOrder {
    epoch: usize,
    offset: usize,
    windows: Vec<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    step: usize,
    training: TrainingConfig,
}

impl Trainer {
    /// A new model. `device` is the plain device; the tape is added here.
    ///
    /// # Errors
    /// When the configuration makes no GPT-2 or the sequences are longer than its context.
    pub fn new(model: &Gpt2Config, config: TrainingConfig, device: &Device) -> Result<Self> {
        let device = device.clone().autodiff();
        let model = Gpt2::random(model, config.seed, &device)?;
        Self::with_model(model, config, device)
    }

    /// A new run from the weights in `folder` (`config.json`, `model.safetensors`), with an empty optimizer.
    ///
    /// # Errors
    /// When the folder holds no GPT-2 or the sequences are longer than its context.
    pub fn with_weights(folder: &Path, config: TrainingConfig, device: &Device) -> Result<Self> {
        let device = device.clone().autodiff();
        Self::with_model(Gpt2::from_folder(folder, &device)?, config, device)
    }

    fn with_model(model: Gpt2, config: TrainingConfig, device: Device) -> Result<Self> {
        let context = model.config().n_positions;
        if config.tokens > context {
            return Err(Error::ContextOverflow { tokens: config.tokens, context });
        }
        if config.tokens == 0 || config.batch == 0 {
            let reason = format!("a batch of {} x {} tokens is empty", config.batch, config.tokens);
            return Err(Error::Training { step: 0, reason });
        }
        if !(config.learning_rate > 0.0 && config.learning_rate.is_finite()) {
            let reason = format!("a learning rate of {} teaches nothing: 0.001 is a usual one", config.learning_rate);
            return Err(Error::Training { step: 0, reason });
        }
        Ok(Self { optimizer: optimizer(&model, &config), model, config, device, step: 0, order: None })
    }

    /// Goes on from the newest checkpoint in `folder`, if there is one; `config` may ask for more steps.
    ///
    /// # Errors
    /// When a checkpoint is there and cannot be read.
    pub fn resume(folder: &Path, config: TrainingConfig, device: &Device) -> Result<Option<Self>> {
        let Some((_, path)) = checkpoints(folder)?.pop() else { return Ok(None) };
        Self::from_checkpoint(&path, config, device).map(Some)
    }

    /// Goes on from one checkpoint.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn from_checkpoint(path: &Path, config: TrainingConfig, device: &Device) -> Result<Self> {
        let file = path.join("state.json");
        let bytes = std::fs::read(&file).map_err(|source| Error::Io { action: "read", path: file.clone(), source })?;
        let invalid = |source| Error::Json { path: file, what: "training state", source };
        let state: State = serde_json::from_slice(&bytes).map_err(invalid)?;
        let order = |config: &TrainingConfig| (config.seed, config.batch, config.tokens);
        if order(&state.training) != order(&config) {
            let (seed, batch, tokens) = order(&state.training);
            let reason = format!(
                "`{}` was trained with seed {seed} on {batch} x {tokens} tokens a step: with others it would see its \
                 text in another order",
                path.display()
            );
            return Err(Error::Training { step: state.step, reason });
        }
        let mut trainer = Self::with_weights(path, config, device)?;
        trainer.optimizer = trainer.optimizer.load(path.join("optimizer.bpk")).map_err(|error| Error::Training {
            step: state.step,
            reason: format!("the optimizer's state in `{}` cannot be read: {error}", path.display()),
        })?;
        trainer.step = state.step;
        Ok(trainer)
    }

    /// Steps done.
    #[must_use]
    pub fn step_count(&self) -> usize {
        self.step
    }

    /// The model as it stands.
    #[must_use]
    pub fn model(&self) -> &Gpt2 {
        &self.model
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// One step of AdamW on the next batch of `shard`.
    ///
    /// # Errors
    /// When the shard is shorter than a batch, or the loss is not a number.
    pub fn train_step(&mut self, shard: &TokenShard) -> Result<Step> {
        let (inputs, targets) = self.batch(&shard.tokens)?;
        self.train_on(&inputs, &targets)
    }

    /// One step of AdamW on a batch of the caller's: rows of `tokens` ids one after another, and what follows each id.
    ///
    /// # Errors
    /// When the loss is not a number.
    ///
    /// # Panics
    /// When `inputs` and `targets` are not whole rows of one length, or hold an unknown token.
    pub fn train_on(&mut self, inputs: &[u32], targets: &[u32]) -> Result<Step> {
        assert!(inputs.len() == targets.len() && inputs.len().is_multiple_of(self.config.tokens), "whole rows");
        let (loss, gradient_norm, gradients) = self.gradients(inputs, targets);
        let step = self.step;
        if !(loss.is_finite() && gradient_norm.is_finite()) {
            let reason = format!("loss {loss}, gradient norm {gradient_norm}: try a lower learning rate");
            return Err(Error::Training { step, reason });
        }
        let learning_rate = self.config.learning_rate_at(step);
        self.model = self.optimizer.step(learning_rate, self.model.clone(), gradients);
        self.step += 1;
        Ok(Step { step, loss, gradient_norm, learning_rate })
    }

    /// The loss of a batch (nats a token), the gradient's norm, and the gradients cut to `clip`.
    fn gradients(&self, inputs: &[u32], targets: &[u32]) -> (f64, f64, GradientsParams) {
        let ids = ids_tensor(inputs, inputs.len() / self.config.tokens, self.config.tokens, &self.device);
        let features = self.model.features(ids, None, false).last;
        let (loss, carrier) = loss_through_head(&self.model, features, targets);
        let mut gradients = GradientsParams::from_grads(carrier.backward(), &self.model);
        let mut squares = SquaredNorms { gradients: &gradients, sum: 0.0 };
        self.model.visit(&mut squares);
        let norm = squares.sum.sqrt();
        if norm > self.config.clip {
            let mut scale = Scale { gradients: &mut gradients, factor: self.config.clip / norm };
            self.model.visit(&mut scale);
        }
        (loss, norm, gradients)
    }

    /// The next batch: windows of the stream in an order shuffled anew each epoch, cut at an offset of its own.
    fn batch(&mut self, stream: &[u16]) -> Result<(Vec<u32>, Vec<u32>)> {
        let TrainingConfig { batch, tokens, seed, .. } = self.config;
        let windows = stream.len().saturating_sub(tokens + 1) / tokens;
        if windows < batch {
            let reason = format!("{} tokens of text are fewer than one batch of {batch} x {tokens}", stream.len());
            return Err(Error::Training { step: self.step, reason });
        }
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for row in 0..batch {
            let index = self.step * batch + row;
            let epoch = index / windows;
            let order = match &mut self.order {
                Some(order) if order.epoch == epoch && order.windows.len() == windows => order,
                order => order.insert(EpochOrder::new(epoch, windows, tokens, seed)),
            };
            let start = order.offset + order.windows[index % windows] as usize * tokens;
            inputs.extend(stream[start..start + tokens].iter().map(|&id| u32::from(id)));
            targets.extend(stream[start + 1..=start + tokens].iter().map(|&id| u32::from(id)));
        }
        Ok((inputs, targets))
    }

    /// Saves all that is needed to go on to `folder/step-N`, and removes older ones but those of `keep`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, folder: &Path, keep: &[usize]) -> Result<PathBuf> {
        let path = folder.join(format!("step-{:08}", self.step));
        let temporary = folder.join(format!("step-{:08}.tmp", self.step));
        let io = |action, path: &Path| {
            let path = path.to_path_buf();
            move |source| Error::Io { action, path, source }
        };
        let _ = std::fs::remove_dir_all(&temporary); // left by a run that was cut off
        std::fs::create_dir_all(&temporary).map_err(io("create", &temporary))?;
        self.model.save(&temporary, crate::Precision::F32)?;
        self.optimizer.save(temporary.join("optimizer.bpk")).map_err(|error| Error::Training {
            step: self.step,
            reason: format!("the optimizer's state cannot be written to `{}`: {error}", temporary.display()),
        })?;
        let state = State { step: self.step, training: self.config.clone() };
        let state = serde_json::to_string_pretty(&state).expect("the state is plain data");
        write_atomically(&temporary.join("state.json"), state.as_bytes())?;
        let _ = std::fs::remove_dir_all(&path); // the same step of an earlier run
        std::fs::rename(&temporary, &path).map_err(io("rename", &temporary))?;
        for (step, old) in checkpoints(folder)? {
            if step < self.step && !keep.contains(&step) {
                std::fs::remove_dir_all(&old).map_err(io("remove", &old))?;
            }
        }
        Ok(path)
    }

    /// Mean cross-entropy of held-out tokens in nats a token, over windows of the training length, and how many
    /// tokens that are; at most `most` of them.
    #[must_use]
    pub fn held_out_loss(&self, shard: &TokenShard, most: usize) -> (f64, usize) {
        let tokens = self.config.tokens;
        let device = self.device.clone().without_autodiff();
        let model = self.model.valid();
        let (mut loss, mut count) = (0.0, 0);
        for window in shard.tokens.windows(tokens + 1).step_by(tokens).take(most / tokens) {
            let ids: Vec<u32> = window.iter().map(|&id| u32::from(id)).collect();
            let logits = model.forward(ids_tensor(&ids[..tokens], 1, tokens, &device)); // (1, T, V)
            let log_probabilities = burn::tensor::activation::log_softmax(logits, 2);
            let targets = ids_tensor(&ids[1..], 1, tokens, &device).reshape([1, tokens, 1]);
            loss -= f64::from(log_probabilities.gather(2, targets).sum().into_scalar::<f32>());
            count += tokens;
        }
        (loss / count.max(1) as f64, count)
    }
}

impl EpochOrder {
    fn new(epoch: usize, windows: usize, tokens: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (epoch as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let offset = rng.random_range(0..tokens);
        let mut order: Vec<u32> = (0..windows as u32).collect();
        order.shuffle(&mut rng);
        Self { epoch, offset, windows: order }
    }
}

/// AdamW with weight decay on matrices (embeddings too, as nanoGPT) and none on biases and norms.
fn optimizer(model: &Gpt2, config: &TrainingConfig) -> ModuleOptimizer {
    let adamw = AdamWConfig::new().with_beta_1(0.9).with_beta_2(config.beta_2).with_epsilon(1e-8);
    let mut matrices = Matrices(Vec::new());
    model.visit(&mut matrices);
    ModuleOptimizer::from(adamw.clone().with_weight_decay(0.0).build()).with_group(
        ParamGroup::from_ids(matrices.0),
        adamw.with_weight_decay(config.weight_decay).build(),
        None,
    )
}

/// The checkpoints of a folder, oldest first.
fn checkpoints(folder: &Path) -> Result<Vec<(usize, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::Io { action: "read", path: folder.into(), source }),
    };
    let numbered = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        Some((path.file_name()?.to_str()?.strip_prefix("step-")?.parse().ok()?, path))
    };
    let mut found: Vec<(usize, PathBuf)> = entries.filter_map(numbered).collect();
    found.sort();
    Ok(found)
}

struct Matrices(Vec<ParamId>);

impl ModuleVisitor for Matrices {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D >= 2 {
            self.0.push(param.id);
        }
    }
}

struct SquaredNorms<'a> {
    gradients: &'a GradientsParams,
    sum: f64,
}

impl ModuleVisitor for SquaredNorms<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.sum += f64::from(gradient.square().sum().into_scalar::<f32>());
        }
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: f64,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register(param.id, gradient * self.factor);
        }
    }
}
