use crate::{cpu, cpu_devices, devices, logits, most_likely, tiny};
use burn::tensor::{Tensor, TensorData};
use generator::{
    CpuModel, Generation, Gpt2, Gpt2Config, KvCache, LanguageModel, Sampling, Schedule, TensorModel, TokenId,
    TokenShard, Trainer, TrainingConfig, generate_batch,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const VOCABULARY: u32 = 300;

fn random_ids(count: usize, seed: u64) -> Vec<TokenId> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(0..VOCABULARY)).collect()
}

fn bits(row: &[f32]) -> Vec<u32> {
    row.iter().map(|value| value.to_bits()).collect()
}

/// The weights of a model, bit by bit.
fn weights(model: &Gpt2) -> Vec<(String, Vec<u32>)> {
    let named = model.named_tensors().into_iter();
    named.map(|(name, data)| (name, data.iter::<f32>().map(f32::to_bits).collect())).collect()
}

// ---- The model ------------------------------------------------------------------------------------------------------

#[test]
fn a_token_does_not_change_what_is_before_it() {
    for (name, device) in cpu_devices() {
        let model = tiny(&device);
        let ids = random_ids(24, 1);
        let rows = logits(&model, &ids);
        for changed in [1, 2, 11, 23] {
            let mut other = ids.clone();
            other[changed] = (other[changed] + 1) % VOCABULARY;
            let other = logits(&model, &other);
            for at in 0..changed {
                assert_eq!(bits(&rows[at]), bits(&other[at]), "{name}: token {changed} changed the logits at {at}");
            }
            for at in changed..24 {
                assert_ne!(
                    bits(&rows[at]),
                    bits(&other[at]),
                    "{name}: token {changed} did not reach the logits at {at}"
                );
            }
        }
    }
}

/// The fixture's context is shorter than the stretches of queries that attention takes; this one is longer.
#[test]
fn any_cut_of_a_long_context_gives_the_same_logits() {
    for (name, device) in devices() {
        let model = Gpt2::random(&Gpt2Config::new(300, 320, 32, 2, 4), 1, &device).unwrap();
        let ids = random_ids(300, 2);
        let whole = logits(&model, &ids);
        let mut cache = KvCache::new();
        let mut rows = Vec::new();
        for part in [150, 1, 1, 138, 10] {
            let inputs: Vec<i32> = ids[cache.tokens()..cache.tokens() + part].iter().map(|&id| id as i32).collect();
            let tensor = Tensor::from_data(TensorData::new(inputs, [1, part]), &device);
            let features = model.features(tensor, Some(&mut cache), false).last;
            rows.extend(model.head(features).into_data().try_to_vec::<f32>().unwrap());
        }
        assert_eq!(cache.tokens(), 300);
        // Logits of these weights are about 0.1: f32 sums in another order are some 1e-7 away.
        for (index, (found, expected)) in rows.iter().zip(whole.iter().flatten()).enumerate() {
            assert!((found - expected).abs() < 1e-5, "{name}, position {}: {found}, {expected}", index / 300);
        }
        // Nothing beyond a prefix has a part in it, so that the prefix alone gives the same.
        for (at, row) in logits(&model, &ids[..100]).iter().enumerate() {
            let far = row.iter().zip(&whole[at]).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max);
            assert!(far < 1e-5, "{name}, position {at} alone and before others: {far}");
        }
    }
}

// ---- Reading --------------------------------------------------------------------------------------------------------

#[test]
fn windows_score_each_token_once() {
    for (name, device) in cpu_devices() {
        let ids = random_ids(200, 3);
        let whole = TensorModel::new(tiny(&device), 299).read(&ids, &[2]).unwrap();
        assert_eq!(whole.stats.len(), 200);
        for token in &whole.stats {
            assert!(token.log_prob <= 0.0 && token.log_prob.is_finite(), "{name}: {token:?}");
            assert!(token.expected_log_prob <= 0.0 && token.log_prob_variance >= 0.0, "{name}: {token:?}");
            assert!((1..=VOCABULARY).contains(&token.rank), "{name}: {token:?}");
        }
        assert!(whole.hidden[0].iter().all(|value| value.is_finite()), "{name}: {:?}", whole.hidden);

        // The context is 64: the first window is tokens 0..64, the second reads from 32 on and scores 64..96.
        let first = TensorModel::new(tiny(&device), 299).read(&ids[..64], &[]).unwrap().stats;
        let second = TensorModel::new(tiny(&device), ids[31]).read(&ids[32..96], &[]).unwrap().stats;
        for (at, (found, alone)) in whole.stats.iter().zip(first.iter().chain(&second[32..])).enumerate() {
            let far = (found.log_prob - alone.log_prob).abs();
            assert!(far < 1e-4, "{name}, token {at}: {found:?}, alone {alone:?}");
        }
    }
}

/// The plain loops that read texts on a CPU compute what burn computes, over windows and at a size where attention takes
/// its queries in several blocks. 1e-4: both sum in f32, in different orders.
#[test]
fn plain_loops_read_as_burn_does() {
    let cases = [(Gpt2Config::new(300, 64, 32, 2, 4), 150), (Gpt2Config::new(300, 200, 48, 3, 3), 470)];
    for (config, tokens) in cases {
        let model = Gpt2::random(&config, 5, &cpu()).unwrap();
        compare_readings(&model, &random_ids(tokens, 6), &[1, 2]);
    }
    compare_readings(&tiny(&cpu()), &random_ids(130, 7), &[2]);
}

fn compare_readings(model: &Gpt2, ids: &[TokenId], layers: &[usize]) {
    let naive = TensorModel::new(model.clone(), 299).read(ids, layers).unwrap();
    let fast = CpuModel::new(model, 299).read(ids, layers).unwrap();
    assert_eq!((fast.stats.len(), fast.hidden.len()), (naive.stats.len(), layers.len()));
    for (at, (fast, naive)) in fast.stats.iter().zip(&naive.stats).enumerate() {
        let far = [
            fast.log_prob - naive.log_prob,
            fast.expected_log_prob - naive.expected_log_prob,
            fast.log_prob_variance - naive.log_prob_variance,
        ];
        assert!(far.iter().all(|far| far.abs() < 1e-4), "token {at}: {fast:?}, burn {naive:?}");
        assert!(fast.rank.abs_diff(naive.rank) <= 1, "token {at}: {fast:?}, burn {naive:?}");
    }
    for (fast, naive) in fast.hidden.iter().flatten().zip(naive.hidden.iter().flatten()) {
        assert!((fast - naive).abs() < 1e-4, "hidden state {fast}, burn {naive}");
    }
    let [naive, fast] = [
        TensorModel::new(model.clone(), 299).predict(ids, 3).unwrap(),
        CpuModel::new(model, 299).predict(ids, 3).unwrap(),
    ];
    assert_eq!((fast.len(), naive.len()), (ids.len(), ids.len()));
    for (at, (fast, naive)) in fast.iter().zip(&naive).enumerate() {
        let far = fast.iter().zip(naive).any(|(fast, naive)| (fast.1 - naive.1).abs() > 1e-4);
        assert!(fast.len() == 3 && naive.len() == 3 && !far, "token {at}: {fast:?}, burn {naive:?}");
        assert!(fast[0].0 == naive[0].0 || fast[0].1 - fast[1].1 < 1e-4, "token {at}: {fast:?}, burn {naive:?}");
    }
}

/// The mean hidden state of a text is that of its windows' scored parts, each token counted once.
#[test]
fn hidden_states_of_windows_add_up() {
    let ids = random_ids(96, 4);
    let read = |end_of_text: TokenId, ids: &[TokenId]| {
        TensorModel::new(tiny(&cpu()), end_of_text).read(ids, &[1]).unwrap().hidden.remove(0)
    };
    let (whole, first) = (read(299, &ids), read(299, &ids[..64]));
    let (second, overlap) = (read(ids[31], &ids[32..96]), read(ids[31], &ids[32..64]));
    for channel in 0..32 {
        let sum = first[channel] * 64.0 + second[channel] * 64.0 - overlap[channel] * 32.0;
        assert!((whole[channel] - sum / 96.0).abs() < 1e-4, "channel {channel}: {} and {}", whole[channel], sum / 96.0);
    }
}

#[test]
fn an_empty_text_and_an_unknown_token() {
    let model = TensorModel::new(tiny(&cpu()), 299);
    assert!(model.read(&[], &[]).unwrap().stats.is_empty());
    let message = model.read(&[5, 300], &[]).unwrap_err().to_string();
    assert_eq!(message, "token 300 is outside of the vocabulary of 300 tokens");
}

// ---- Generation -----------------------------------------------------------------------------------------------------

/// When the context of 64 is full, its second half is the new one: by hand, without a cache.
#[test]
fn generation_goes_on_beyond_the_context() {
    let model = tiny(&cpu());
    let greedy = Sampling { temperature: 0.0, ..Sampling::default() };
    for prompt in [random_ids(8, 5), random_ids(64, 5), random_ids(100, 5)] {
        let found: Vec<TokenId> = Generation::new(&model, &prompt, greedy, 1).unwrap().take(120).collect();
        let mut text = prompt.clone();
        let mut start = 0;
        for _ in 0..120 {
            if text.len() - start > 64 {
                start = text.len() - 32;
            }
            text.push(most_likely(logits(&model, &text[start..]).last().unwrap()));
        }
        assert_eq!(found, text[prompt.len()..], "after {} tokens", prompt.len());
    }
}

#[test]
fn a_batch_is_what_its_texts_are_alone() {
    let model = tiny(&cpu());
    let prompts = [random_ids(10, 6), random_ids(10, 7), random_ids(10, 8)];
    let pure = Sampling::default();
    let samplings = [pure, Sampling { temperature: 0.0, ..pure }, Sampling { top_k: 5, ..pure }];
    let batch = generate_batch(&model, &prompts, &samplings, 20, 11).unwrap();
    for (index, (prompt, sampling)) in prompts.iter().zip(samplings).enumerate() {
        let alone = Generation::new(&model, prompt, sampling, 11 + index as u64).unwrap();
        assert_eq!(batch[index], alone.take(20).collect::<Vec<_>>(), "text {index}");
    }
}

#[test]
fn prompts_that_cannot_be_continued() {
    let model = tiny(&cpu());
    let pure = Sampling::default();
    let alone = |prompt: &[TokenId]| Generation::new(&model, prompt, pure, 1).unwrap_err().to_string();
    assert_eq!(alone(&[]), "`the prompt` is empty, expected at least one token");
    assert_eq!(alone(&[300]), "token 300 is outside of the vocabulary of 300 tokens");
    let batch = |prompts: &[Vec<TokenId>], count| generate_batch(&model, prompts, &[pure, pure], count, 1);
    let too_long = batch(&[vec![1; 10], vec![1; 10]], 55).unwrap_err();
    assert_eq!(too_long.to_string(), "65 tokens do not fit the context of 64");
    assert!(batch(&[vec![1; 2], vec![1; 3]], 5).is_err(), "prompts of unequal length");
}

// ---- Training -------------------------------------------------------------------------------------------------------

const SHAPE: [usize; 5] = [300, 64, 32, 2, 4];

/// Six steps with warm-up and decay; the shard has three windows, so that an epoch ends within a batch.
fn six_steps(seed: u64) -> TrainingConfig {
    TrainingConfig { batch: 2, tokens: 16, steps: 6, warmup: 2, decay: 2, seed, ..TrainingConfig::default() }
}

fn shard(tokens: usize) -> TokenShard {
    TokenShard { tokens: random_ids(tokens, 9).into_iter().map(|id| id as u16).collect(), text_bytes: tokens as u64 }
}

fn shape() -> Gpt2Config {
    let [vocabulary, positions, channels, layers, heads] = SHAPE;
    Gpt2Config::new(vocabulary, positions, channels, layers, heads)
}

fn advance(trainer: &mut Trainer, steps: usize) -> Vec<f64> {
    let shard = shard(80);
    (0..steps).map(|_| trainer.train_step(&shard).unwrap().loss).collect()
}

#[test]
fn the_same_seed_gives_the_same_weights() {
    for (name, device) in cpu_devices() {
        let train = |seed| {
            let mut trainer = Trainer::new(&shape(), six_steps(seed), &device).unwrap();
            advance(&mut trainer, 6);
            weights(trainer.model())
        };
        let start = Trainer::new(&shape(), six_steps(1), &device).unwrap();
        assert_eq!(train(1), train(1), "{name}");
        assert_ne!(train(1), train(2), "{name}: another seed");
        assert_ne!(train(1), weights(start.model()), "{name}: six steps");
    }
}

#[test]
fn a_resumed_run_is_the_run_that_was_not_cut_off() {
    for (name, device) in cpu_devices() {
        let mut whole = Trainer::new(&shape(), six_steps(1), &device).unwrap();
        let losses = advance(&mut whole, 6);

        let folder = tempfile::tempdir().unwrap();
        let mut first = Trainer::new(&shape(), six_steps(1), &device).unwrap();
        advance(&mut first, 3);
        first.save(folder.path(), &[]).unwrap();
        let mut resumed = Trainer::resume(folder.path(), six_steps(1), &device).unwrap().unwrap();
        assert_eq!(resumed.step_count(), 3);
        assert_eq!(weights(resumed.model()), weights(first.model()), "{name}: as it was saved");
        assert_eq!(advance(&mut resumed, 3), losses[3..], "{name}: losses after the cut");
        assert_eq!(weights(resumed.model()), weights(whole.model()), "{name}: weights after six steps");
    }
}

#[test]
fn a_folder_keeps_the_newest_checkpoint_and_those_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let names = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert!(Trainer::resume(&folder.path().join("none"), six_steps(1), &cpu()).unwrap().is_none());
    let mut trainer = Trainer::new(&shape(), six_steps(1), &cpu()).unwrap();
    for _ in 0..3 {
        advance(&mut trainer, 1);
        trainer.save(folder.path(), &[2]).unwrap();
    }
    assert_eq!(names(), ["step-00000002", "step-00000003"]);
    trainer.save(folder.path(), &[]).unwrap();
    assert_eq!(names(), ["step-00000003"]);
}

/// A text of period 7 can be learned by heart.
#[test]
fn the_loss_falls_on_a_text_that_repeats() {
    let text = TokenShard { tokens: (0..500).map(|at| (at % 7) * 40).collect(), text_bytes: 500 };
    let config = TrainingConfig { steps: 1000, learning_rate: 3e-3, ..six_steps(1) };
    let mut trainer = Trainer::new(&shape(), config, &cpu()).unwrap();
    let losses: Vec<f64> = (0..200).map(|_| trainer.train_step(&text).unwrap().loss).collect();
    let uniform = f64::from(VOCABULARY).ln();
    assert!((losses[0] - uniform).abs() < 0.3, "random weights begin at ln 300 = {uniform}: {}", losses[0]);
    assert!(losses[199] < 1.5, "by their frequency alone, seven tokens are ln 7 = 1.95 nats: {losses:?}");
}

#[test]
fn learning_rates_rise_and_fall() {
    let config = TrainingConfig { steps: 100, warmup: 10, decay: 20, learning_rate: 1.0, ..TrainingConfig::default() };
    let cosine = TrainingConfig { schedule: Schedule::Cosine, ..config.clone() };
    for (step, constant, half_cosine) in [
        (0, 0.1, 0.1),
        (9, 1.0, 1.0),
        (10, 1.0, 1.0),
        (55, 1.0, 0.55),
        (80, 1.0, 0.20529),
        (90, 0.5, 0.12714),
        (100, 0.0, 0.1),
    ] {
        assert!((config.learning_rate_at(step) - constant).abs() < 1e-9, "constant, step {step}");
        let found = cosine.learning_rate_at(step);
        assert!((found - half_cosine).abs() < 1e-4, "cosine, step {step}: {found}, expected {half_cosine}");
    }
}

#[test]
fn runs_that_cannot_begin() {
    let long = TrainingConfig { tokens: 65, ..six_steps(1) };
    let error = Trainer::new(&shape(), long, &cpu()).err().unwrap();
    assert_eq!(error.to_string(), "65 tokens do not fit the context of 64");
    let mut trainer = Trainer::new(&shape(), six_steps(1), &cpu()).unwrap();
    let error = trainer.train_step(&shard(48)).unwrap_err();
    assert_eq!(error.to_string(), "training stopped at step 0: 48 tokens of text are fewer than one batch of 2 x 16");
    assert!(trainer.train_step(&shard(49)).is_ok());
}
