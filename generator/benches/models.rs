//! Tokens a second of models that users bring: a GPT-2 of 124M parameters with random weights, and SmolLM2 where `SMOLLM2_GGUF` says
//! it is. Prints the best of some runs, so that what else runs on the machine weighs less; `peers.py` does the same work with PyTorch.
//! `SMOLLM2_GGUF=... cargo bench --bench models`

use generator::{CpuModel, Gpt2, Gpt2Config, LanguageModel, LoadedModel, Sampling};
use rayon::prelude::*;
use std::path::Path;
use std::time::Instant;

/// The best of `runs` runs of `work`, which gives the tokens it handled: tokens a second.
fn best(runs: usize, mut work: impl FnMut() -> usize) -> f64 {
    let run = |_| {
        let start = Instant::now();
        work() as f64 / start.elapsed().as_secs_f64()
    };
    (0..runs).map(run).fold(0.0, f64::max)
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn report(what: &str, value: f64, unit: &str) {
    println!("{what:55} {value:9.1} {unit}");
}

fn ids(count: usize) -> Vec<u32> {
    (0..count as u32).map(|index| index * 7919 % 49_000).collect()
}

/// Megabytes that this process has held at most.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

fn smollm2(path: &Path) {
    let load = || LoadedModel::open(path).expect("a model").model;
    let loads = best(4, || {
        load();
        1
    });
    report("SmolLM2: read, check and lay out the file", 1e3 / loads, "ms");
    let model = load();
    let text = ids(512);
    let speed = best(4, || model.read(&text, &[20]).expect("known tokens").stats.len());
    report("SmolLM2: scoring 512 tokens, all statistics", speed, "tokens/s");
    let way = Sampling { top_k: 40, ..Sampling::default() };
    let written = |prompts: usize, count: usize| {
        let prompts: Vec<Vec<u32>> = (0..prompts as u32).map(|text| vec![504 + text, 4626, 314]).collect();
        let texts = model.generate_batch(&prompts, &vec![way; prompts.len()], count, 1).expect("prompts");
        texts.iter().map(Vec::len).sum()
    };
    report("SmolLM2: 32 texts of up to 32 tokens at once", best(2, || written(32, 32)), "tokens/s");
    report("SmolLM2: one text of up to 48 tokens", best(3, || written(1, 48)), "tokens/s");
    if let Some(peak) = peak_memory() {
        report("SmolLM2: most memory so far", peak, "MiB");
    }
}

fn main() {
    if let Some(path) = std::env::var_os("SMOLLM2_GGUF") {
        smollm2(Path::new(&path));
    }
    let device = generator::device("cpu").expect("a CPU device");
    let model = CpuModel::new(&Gpt2::random(&Gpt2Config::gpt2(), 1, &device).expect("a GPT-2"), 0);
    let text = ids(1024);
    let speed = best(2, || model.read(&text, &[8]).expect("known tokens").stats.len());
    report("GPT-2 124M: scoring 1 x 1024 tokens, all statistics", speed, "tokens/s");
    let read = |_| model.read(&text[..128], &[8]).expect("known tokens").stats.len();
    let speed = best(2, || (0..8).into_par_iter().map(read).sum());
    report("GPT-2 124M: scoring 8 x 128 tokens, all statistics", speed, "tokens/s");
}
