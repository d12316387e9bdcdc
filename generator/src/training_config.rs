//! The settings of a training run, and how its learning rate rises and falls.

use serde::{Deserialize, Serialize};

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Half a cosine from the peak to a tenth of it over the whole run (as in GPT-3, appendix B).
    Cosine,
    /// Constant, then a straight line to zero over the last `decay` steps (Hägele et al. 2024): a run can be made longer by
    /// going back to the checkpoint before the decay.
    Constant,
}

/// The settings of a run; saved beside its checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingConfig {
    /// Sequences a step, `B`.
    pub batch: usize,
    /// Tokens a sequence, `T`; at most the model's context.
    pub tokens: usize,
    /// Steps of the whole run.
    pub steps: usize,
    /// Steps over which the learning rate rises from zero.
    pub warmup: usize,
    /// Steps at the end over which it falls to zero, with [`Schedule::Constant`].
    pub decay: usize,
    /// How it falls.
    pub schedule: Schedule,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// AdamW's weight decay, on matrices only.
    pub weight_decay: f32,
    /// AdamW's second beta; the first is 0.9.
    pub beta_2: f32,
    /// The gradient's norm over all parameters is cut to this.
    pub clip: f64,
    /// Seed of the weights and of the order of the batches.
    pub seed: u64,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            batch: 8,
            tokens: 256,
            steps: 10_000,
            warmup: 200,
            decay: 2_000,
            schedule: Schedule::Constant,
            learning_rate: 1e-3,
            weight_decay: 0.1,
            beta_2: 0.95,
            clip: 1.0,
            seed: 1,
        }
    }
}

impl TrainingConfig {
    /// The learning rate of step `step`, from 0.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.learning_rate * (step + 1) as f64 / self.warmup as f64;
        }
        let factor = match self.schedule {
            Schedule::Cosine => {
                let done = (step - self.warmup) as f64 / (self.steps.saturating_sub(self.warmup)).max(1) as f64;
                0.1 + 0.45 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
            }
            Schedule::Constant => (self.steps.saturating_sub(step) as f64 / self.decay.max(1) as f64).min(1.0),
        };
        self.learning_rate * factor
    }
}
