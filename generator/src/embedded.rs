//! The GPT-2 in the binary: see `generator/model/README.md` for what it was trained on and how well it does.

/// `config.json`.
pub const CONFIG: &[u8] = include_bytes!("../model/config.json");
/// `model.safetensors`, f16.
pub const WEIGHTS: &[u8] = include_bytes!("../model/model.safetensors");
/// `tokenizer.json`.
pub const TOKENIZER: &[u8] = include_bytes!("../model/tokenizer.json");
