//! The GPT-2 in the binary: see `generator/model/README.md` for what it was trained on and how well it does.

/// The bytes of a file behind a static: a constant alone is copied into every crate that names it, 14 MB each time.
macro_rules! embed {
    ($path:literal) => {{
        static BYTES: [u8; include_bytes!($path).len()] = *include_bytes!($path);
        &BYTES
    }};
}

/// `config.json`.
pub const CONFIG: &[u8] = embed!("../model/config.json");
/// `model.safetensors`, f16.
pub const WEIGHTS: &[u8] = embed!("../model/model.safetensors");
/// `tokenizer.json`.
pub const TOKENIZER: &[u8] = embed!("../model/tokenizer.json");
