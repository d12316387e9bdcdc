//! What can go wrong with a model, its files or its training. Every variant says where and what was
//! expected; `hint` says what to do.

use std::path::PathBuf;

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can fail in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The verb: read, write, create, rename.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A JSON file does not hold what it should.
    #[error("`{}` is not a valid {what}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What it should have been.
        what: &'static str,
        /// Where and why parsing stopped.
        source: serde_json::Error,
    },
    /// A configuration that no GPT-2 can have.
    #[error("`{origin}`: `{field}` is {found}, expected {expected}")]
    Config {
        /// The file, or what made the configuration.
        origin: String,
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// The values that would do.
        expected: String,
    },
    /// A weight file that is cut off or is no safetensors file.
    #[error("`{origin}` is not a readable safetensors file ({size} bytes)")]
    Safetensors {
        /// The file.
        origin: String,
        /// Its size in bytes.
        size: usize,
        /// What the reader found.
        source: safetensors::SafeTensorError,
    },
    /// A safetensors file that is cut off, foreign or lies about itself.
    #[error("`{origin}` is not a usable safetensors file: {place} is {found}, expected {expected}")]
    WeightFile {
        /// The file.
        origin: String,
        /// The field or tensor.
        place: String,
        /// What is there.
        found: String,
        /// What would do.
        expected: String,
    },
    /// A GGUF file that is cut off, foreign or lies about itself.
    #[error("`{origin}` is not a usable GGUF file: {place} is {found}, expected {expected}")]
    Gguf {
        /// The file.
        origin: String,
        /// The field, entry or tensor.
        place: String,
        /// What is there.
        found: String,
        /// What would do.
        expected: String,
    },
    /// A tensor of a GGUF file has a number type that is not read.
    #[error("`{origin}`: tensor `{tensor}` has type `{found}`, expected {}", crate::gguf::NumberType::NAMES)]
    NumberType {
        /// The file.
        origin: String,
        /// The tensor's name.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// A kind of model that is not here.
    #[error("`{origin}` is a model of architecture `{found}`, expected {expected}")]
    Architecture {
        /// The file.
        origin: String,
        /// What it says it is.
        found: String,
        /// Those that are here.
        expected: &'static str,
    },
    /// A weight that is no number.
    #[error("`{origin}`: tensor `{tensor}` has a value that is not finite")]
    NotFinite {
        /// The file.
        origin: String,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor that the model needs is not in the file.
    #[error("`{origin}`: tensor `{tensor}` {expected:?} is missing")]
    MissingTensor {
        /// The file.
        origin: String,
        /// The tensor's name.
        tensor: String,
        /// Its expected shape.
        expected: Vec<usize>,
    },
    /// A tensor of the file has another shape than the configuration says.
    #[error("`{origin}`: tensor `{tensor}` has shape {found:?}, expected {expected:?}")]
    Shape {
        /// The file.
        origin: String,
        /// The tensor's name.
        tensor: String,
        /// Its shape in the file.
        found: Vec<usize>,
        /// The shape that the configuration asks for.
        expected: Vec<usize>,
    },
    /// A tensor of the file has a number type that is not read.
    #[error("`{origin}`: tensor `{tensor}` has type `{found}`, expected F32, F16 or BF16")]
    DataType {
        /// The file.
        origin: String,
        /// The tensor's name.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// Tensors that this model has no place for.
    #[error("`{origin}`: {count} tensors have no place in this model, the first is `{first}`")]
    UnknownTensors {
        /// The file.
        origin: String,
        /// How many.
        count: usize,
        /// The first of them in order of name.
        first: String,
    },
    /// The tokenizer file cannot be used.
    #[error("`{origin}` is not a usable tokenizer: {reason}")]
    Tokenizer {
        /// The file.
        origin: String,
        /// Why.
        reason: String,
    },
    /// A token id that the model does not know.
    #[error("token {id} is outside of the vocabulary of {vocabulary} tokens")]
    TokenRange {
        /// The id.
        id: u32,
        /// The size of the vocabulary.
        vocabulary: usize,
    },
    /// More tokens than the context holds.
    #[error("{tokens} tokens do not fit the context of {context}")]
    ContextOverflow {
        /// Tokens asked for.
        tokens: usize,
        /// The model's context.
        context: usize,
    },
    /// A sampling option outside of its range.
    #[error("`{option}` is {found}, expected {expected}")]
    Sampling {
        /// The option.
        option: &'static str,
        /// Its value.
        found: String,
        /// The allowed range.
        expected: &'static str,
    },
    /// A file of training tokens that is cut off, foreign or of another version.
    #[error("`{}` is not a usable token file: {reason}", path.display())]
    Shard {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Training cannot go on.
    #[error("training stopped at step {step}: {reason}")]
    Training {
        /// The step, from 0.
        step: usize,
        /// Why.
        reason: String,
    },
    /// A block that the model does not have.
    #[error("layer {found} does not exist, the model has layers 1 to {layers}")]
    Layer {
        /// The layer asked for.
        found: usize,
        /// Layers of the model.
        layers: usize,
    },
    /// Two models that cannot be a pair.
    #[error("the two models cannot be a pair: {reason}")]
    Pair {
        /// Why.
        reason: String,
    },
    /// A device that is not there or not built in.
    #[error("device `{name}` is not available: {reason}")]
    Device {
        /// The name asked for.
        name: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// What the user can do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Safetensors { .. } | Self::WeightFile { .. } | Self::Gguf { .. } => {
                "the file may be cut off or an error page: fetch it again and compare its size"
            }
            Self::NumberType { .. } => "take the same model in another quantisation, for example Q8_0",
            Self::MissingTensor { .. } | Self::Shape { .. } => {
                "config.json and model.safetensors must come from the same model"
            }
            Self::UnknownTensors { .. } => "is `n_layer` in config.json that of the file, and is it a GPT-2?",
            Self::Tokenizer { .. } => "the folder needs the `tokenizer.json` of the model",
            Self::Shard { .. } => "delete the file: it is made again from the corpus",
            Self::ContextOverflow { .. } => "use a shorter prompt or fewer tokens",
            Self::Pair { .. } => "take two sizes of one model, which share a tokenizer",
            Self::Device { name, .. } if name == "wgpu" && cfg!(not(feature = "wgpu")) => {
                "build with `--features wgpu` for GPUs, or take `--device cpu`"
            }
            Self::Device { name, .. } if name == "wgpu" => {
                "a GPU needs its driver (Vulkan, Metal or DX12); or take `--device cpu`"
            }
            Self::Device { name, .. } if name == "tch" => {
                "build with `--features tch` (needs PyTorch), or take `--device cpu`"
            }
            Self::Device { .. } => "devices are `cpu`, `ndarray`, and with the feature `wgpu` also `wgpu`",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
