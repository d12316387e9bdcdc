//! Tokens a second: scoring, generation and training, on each CPU backend. Prints; asserts nothing.
//! `cargo bench --bench speed`

use generator::{
    CpuModel, Generation, Gpt2, Gpt2Config, LanguageModel, Sampling, TensorModel, TokenShard, Trainer, TrainingConfig,
    generate_batch,
};
use rayon::prelude::*;
use std::time::{Duration, Instant};

/// The embedded model's shape.
fn shape() -> Gpt2Config {
    Gpt2Config::new(8192, 512, 256, 6, 4)
}

/// Repeats `work`, which gives the tokens it handled, for some seconds; the median of tokens per second.
fn tokens_per_second(mut work: impl FnMut() -> usize) -> f64 {
    work();
    let begin = Instant::now();
    let mut speeds = Vec::new();
    while speeds.len() < 3 || begin.elapsed() < Duration::from_secs(4) {
        let start = Instant::now();
        let tokens = work();
        speeds.push(tokens as f64 / start.elapsed().as_secs_f64());
    }
    speeds.sort_by(f64::total_cmp);
    speeds[speeds.len() / 2]
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn report(what: &str, speed: f64) {
    println!("{what:50} {speed:9.0} tokens/s");
}

fn main() {
    let ids: Vec<u32> = (0..512).map(|index| (index * 7919) % 8192).collect();
    let cpu = generator::device("cpu").expect("a CPU device");
    let loops = CpuModel::new(&Gpt2::random(&shape(), 1, &cpu).expect("a GPT-2"), 0);
    for tokens in [64, 256, 512] {
        let speed = tokens_per_second(|| loops.read(&ids[..tokens], &[4]).expect("known tokens").stats.len());
        report(&format!("scoring {tokens} tokens, plain loops, one thread"), speed);
    }
    let speed = tokens_per_second(|| {
        let read = |_| loops.read(&ids[..256], &[4]).expect("known tokens").stats.len();
        (0..8).into_par_iter().map(read).sum()
    });
    report("scoring 8 x 256 tokens, plain loops, all threads", speed);
    let speed =
        tokens_per_second(|| loops.generate(&ids[..32], Sampling::default(), 1).expect("a prompt").take(64).count());
    report("generation of 64 tokens, plain loops", speed);
    let prompts = vec![ids[..32].to_vec(); 16];
    let speed = tokens_per_second(|| {
        let texts = loops.generate_batch(&prompts, &[Sampling::default(); 16], 64, 1).expect("prompts");
        texts.iter().map(Vec::len).sum()
    });
    report("generation of 16 x 64 tokens, plain loops", speed);
    for name in ["cpu", "ndarray"] {
        let device = generator::device(name).expect("a CPU device");
        let model = Gpt2::random(&shape(), 1, &device).expect("a GPT-2");
        let tensors = TensorModel::new(model.clone(), 0);
        for tokens in [64, 256, 512] {
            let speed = tokens_per_second(|| tensors.read(&ids[..tokens], &[4]).expect("known tokens").stats.len());
            report(&format!("{name}: scoring {tokens} tokens, burn"), speed);
        }
        let speed = tokens_per_second(|| {
            Generation::new(&model, &ids[..32], Sampling::default(), 1).expect("a prompt").take(64).count()
        });
        report(&format!("{name}: generation of 64 tokens"), speed);
        let prompts = vec![ids[..32].to_vec(); 16];
        let speed = tokens_per_second(|| {
            let texts = generate_batch(&model, &prompts, &[Sampling::default(); 16], 64, 1).expect("prompts");
            texts.iter().map(Vec::len).sum()
        });
        report(&format!("{name}: generation of 16 x 64 tokens"), speed);
        let shard =
            TokenShard { tokens: (0..100_000_u32).map(|index| (index * 7919 % 8192) as u16).collect(), text_bytes: 1 };
        let config = TrainingConfig { batch: 2, tokens: 256, ..TrainingConfig::default() };
        let mut trainer = Trainer::new(&shape(), config, &device).expect("a GPT-2");
        let speed = tokens_per_second(|| {
            trainer.train_step(&shard).expect("a step");
            2 * 256
        });
        report(&format!("{name}: training on 2 x 256 tokens"), speed);
    }
}
