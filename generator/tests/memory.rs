//! What a file may make us set aside: no more than eight times its size, whatever it says of itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use generator::gguf::Gguf;
use generator::{Error, LoadedModel};
use peak_alloc::PeakAlloc;
use std::path::Path;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Loads a file; the most bytes that were in use meanwhile beside it.
fn most_memory(bytes: &[u8]) -> (usize, Result<LoadedModel, Error>) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let loaded = Gguf::from_bytes(bytes.to_vec(), "x").and_then(|file| LoadedModel::from_gguf(&file));
    (MEMORY.peak_usage().saturating_sub(before), loaded)
}

#[track_caller]
fn check(what: &str, bytes: &[u8]) -> bool {
    let (most, loaded) = most_memory(bytes);
    assert!(most <= 8 * bytes.len(), "{what}: {most} bytes for a file of {}", bytes.len());
    loaded.is_ok()
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// A file with so many tensors and metadata entries.
fn file(tensors: u64, entries: u64, rest: &[u8]) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(tensors.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend(rest);
    bytes
}

/// One test, as memory is counted for the whole process.
#[test]
fn no_file_takes_more_than_eight_times_its_size() {
    let whole = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-llama.gguf")).unwrap();
    assert!(check("the file itself", &whole), "it is a model");
    let directory = whole.windows(20).position(|bytes| bytes == b"output_norm.weight\x01\0").unwrap() + 64;
    let mut loaded = 0;
    for at in 4..directory {
        // lengths and sizes are of 4 and of 8 bytes: as large as is ever allowed, and as large as can be written
        for change in [&[0xFF, 0xFF, 0x03, 0x00][..], &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]] {
            let mut bytes = whole.clone();
            bytes[at..at + change.len()].copy_from_slice(change);
            let what = format!("{change:?} at {at}");
            if at % 8 == 0 {
                loaded += usize::from(check(&what, &bytes));
            } else {
                let before = MEMORY.current_usage();
                MEMORY.reset_peak_usage();
                drop(Gguf::from_bytes(bytes, "x"));
                let most = MEMORY.peak_usage().saturating_sub(before);
                assert!(most <= 8 * whole.len(), "{what}: {most} bytes");
            }
        }
    }
    assert!(loaded > 0, "some changes make another model");
    let key = b"llama.context_length".as_slice();
    let at = whole.windows(key.len()).position(|part| part == key).unwrap() + key.len() + 4;
    let mut long = whole.clone();
    long[at..at + 4].copy_from_slice(&(1_u32 << 18).to_le_bytes());
    assert!(check("the longest context", &long), "it is a model");

    let tokens = [text("tokenizer.ggml.tokens"), 9_u32.to_le_bytes().to_vec(), 8_u32.to_le_bytes().to_vec()].concat();
    let empty = [tokens, 100_000_u64.to_le_bytes().to_vec(), vec![0; 8 * 100_000]].concat();
    assert!(!check("empty texts", &file(0, 1, &empty)));
    let entry = |at: u32| [text(&format!("{at:x}")), 7_u32.to_le_bytes().to_vec(), vec![1]].concat();
    assert!(!check("small entries", &file(0, 60_000, &(0..60_000).flat_map(entry).collect::<Vec<u8>>())));
    let tensor = |at: u32| {
        let mut bytes = text(&format!("{at:x}"));
        bytes.extend(1_u32.to_le_bytes()); // dimensions
        bytes.extend(1_u64.to_le_bytes()); // numbers in it
        bytes.extend([0; 4 + 8]); // F32, offset
        bytes
    };
    assert!(!check("small tensors", &file(30_000, 0, &(0..30_000).flat_map(tensor).collect::<Vec<u8>>())));
}
