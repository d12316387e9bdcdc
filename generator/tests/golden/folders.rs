use crate::models::{GREEDY, golden_models};
use crate::{VALUE, assert_near, cpu, fixtures, ids, logits, tiny, tiny_folder};
use burn::tensor::{Tensor, TensorData};
use generator::{LanguageModel, Llama, LoadedModel, TensorModel, TokenStats};
use serde_json::Value;
use std::path::Path;

/// A copy of a fixture's folder that can be changed.
fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

#[test]
fn vocab_and_merges_are_the_same_tokenizer() {
    let copy = copy_of(&tiny_folder());
    let path = |name: &str| copy.path().join(name);
    let json: Value = serde_json::from_slice(&std::fs::read(path("tokenizer.json")).unwrap()).unwrap();
    std::fs::remove_file(path("tokenizer.json")).unwrap();
    std::fs::write(path("vocab.json"), json["model"]["vocab"].to_string()).unwrap();
    let merges = json["model"]["merges"].as_array().unwrap().iter().map(|merge| match merge {
        Value::String(merge) => merge.clone(),
        pair => format!("{} {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()),
    });
    let merges: Vec<String> = std::iter::once("#version: 0.2".to_owned()).chain(merges).collect();
    std::fs::write(path("merges.txt"), merges.join("\n") + "\n").unwrap();
    let (found, expected) = (LoadedModel::open(copy.path()).unwrap(), LoadedModel::open(&tiny_folder()).unwrap());
    let text = "It's the naïve été of 1234 cats,\n\n and <|endoftext|> 😀";
    assert_eq!(found.tokenizer.encode(text).unwrap(), expected.tokenizer.encode(text).unwrap());
    assert_eq!((found.tokenizer.end_of_text(), found.name), (expected.tokenizer.end_of_text(), expected.name));
    std::fs::remove_file(path("merges.txt")).unwrap();
    let message = LoadedModel::open(copy.path()).unwrap_err().to_string();
    assert_eq!(message, format!("cannot read `{}`", path("merges.txt").display()));
}

/// All tensors of a file, with `lm_head.weight` made of the embeddings.
fn with_head(file: &Path, embeddings: &str, head: impl Fn(&[u8]) -> Vec<u8>) {
    let bytes = std::fs::read(file).unwrap();
    let read = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors = read.tensors();
    let tied = read.tensor(embeddings).unwrap();
    let data = head(tied.data());
    let view = safetensors::tensor::TensorView::new(tied.dtype(), tied.shape().to_vec(), &data).unwrap();
    tensors.push(("lm_head.weight".to_owned(), view));
    std::fs::write(file, safetensors::serialize(tensors, None).unwrap()).unwrap();
}

/// A head of twice the embeddings gives twice the logits.
#[test]
fn a_head_of_its_own_is_used() {
    let ids = ids(&golden_models()["llama"]["ids"]);
    let copy = copy_of(&tiny_folder());
    let open = || LoadedModel::open(copy.path()).unwrap().model;
    let tied = open().read(&ids[1..], &[]).unwrap();
    let file = copy.path().join("model.safetensors");
    let original = std::fs::read(&file).unwrap();
    with_head(&file, "transformer.wte.weight", <[u8]>::to_vec);
    assert_eq!(open().read(&ids[1..], &[]).unwrap(), tied, "a copy of the embeddings");
    std::fs::write(&file, original).unwrap();
    with_head(&file, "transformer.wte.weight", |bytes| {
        let twice = bytes.as_chunks::<4>().0.iter().map(|bytes| 2.0 * f32::from_le_bytes(*bytes));
        twice.flat_map(f32::to_le_bytes).collect()
    });
    let rows = logits(&tiny(&cpu()), &ids[..ids.len() - 1]);
    for (at, found) in open().read(&ids[1..], &[]).unwrap().stats.iter().enumerate() {
        let twice: Vec<f32> = rows[at].iter().map(|z| 2.0 * z).collect();
        let expected = f64::from(TokenStats::from_logits(&twice, ids[at + 1] as usize, &mut Vec::new()).log_prob);
        assert_near(&format!("token {at}"), [found.log_prob], &[expected], 2.0 * VALUE);
    }
}

/// The same of a Llama, whose embeddings are bf16 in the first of two shards.
#[test]
fn a_llama_with_a_head_of_its_own() {
    let ids = ids(&golden_models()["llama"]["ids"]);
    let folder = fixtures().join("tiny-llama");
    let copy = copy_of(&folder);
    let index = std::fs::read_to_string(copy.path().join("model.safetensors.index.json")).unwrap();
    let index: Value = serde_json::from_str(&index).unwrap();
    let shard = index["weight_map"]["model.embed_tokens.weight"].as_str().unwrap();
    with_head(&copy.path().join(shard), "model.embed_tokens.weight", |bytes| {
        // the exponent begins at bit 7
        let twice = |bits: u16| if bits & 0x7FFF == 0 { bits } else { bits + 0x80 };
        bytes.as_chunks::<2>().0.iter().flat_map(|bytes| twice(u16::from_le_bytes(*bytes)).to_le_bytes()).collect()
    });
    let model = LoadedModel::open(copy.path()).unwrap().model;
    let burn = TensorModel::open(copy.path(), &cpu(), 299).unwrap();
    let tied = Llama::from_folder(&folder, &cpu()).unwrap();
    let inputs: Vec<i32> = ids[..ids.len() - 1].iter().map(|&id| id as i32).collect();
    let inputs = Tensor::from_data(TensorData::new(inputs, [1, ids.len() - 1]), &cpu());
    let rows = tied.head(tied.features(inputs, false).last).into_data().try_to_vec::<f32>().unwrap();
    let by_burn = burn.read(&ids[1..], &[]).unwrap().stats;
    for (at, found) in model.read(&ids[1..], &[]).unwrap().stats.iter().enumerate() {
        let twice: Vec<f32> = rows[at * 300..][..300].iter().map(|z| 2.0 * z).collect();
        let expected = f64::from(TokenStats::from_logits(&twice, ids[at + 1] as usize, &mut Vec::new()).log_prob);
        let found = [found.log_prob, by_burn[at].log_prob];
        assert_near(&format!("token {at}"), found, &[expected; 2], 2.0 * VALUE);
    }
}

#[test]
fn a_checkpoint_with_nan_is_refused() {
    let copy = copy_of(&tiny_folder());
    let file = copy.path().join("model.safetensors");
    let mut bytes = std::fs::read(&file).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&file, bytes).unwrap();
    let message = LoadedModel::open(copy.path()).unwrap_err().to_string();
    assert!(message.ends_with("has a value that is not finite"), "{message}");
}

/// What a configuration promises, the weights must have; what a text asks for, the context.
#[test]
fn a_context_longer_than_the_model_s() {
    let copy = copy_of(&tiny_folder());
    let config = copy.path().join("config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("\"n_positions\": 64"), "{text}");
    std::fs::write(&config, text.replace("\"n_positions\": 64", "\"n_positions\": 128")).unwrap();
    let message = LoadedModel::open(copy.path()).unwrap_err().to_string();
    assert!(message.ends_with("tensor `wpe.weight` has shape [64, 32], expected [128, 32]"), "{message}");
    let model = LoadedModel::open(&fixtures().join("tiny-llama")).unwrap().model;
    let error = model.generate_batch(&[vec![5; 40]], &[GREEDY], 25, 1).unwrap_err();
    assert_eq!(error.to_string(), "65 tokens do not fit the context of 64");
    assert_eq!(error.hint().unwrap(), "use a shorter prompt or fewer tokens");
}

/// A weight of a type without a value, as the masks of old exports have.
#[test]
fn weights_of_bytes_are_refused() {
    let copy = copy_of(&tiny_folder());
    let file = copy.path().join("model.safetensors");
    let bytes = std::fs::read(&file).unwrap();
    let read = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors = read.tensors();
    let data = vec![0; 300 * 32];
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::U8, vec![300, 32], &data).unwrap();
    tensors.iter_mut().find(|(name, _)| name == "transformer.wte.weight").unwrap().1 = view;
    std::fs::write(&file, safetensors::serialize(tensors, None).unwrap()).unwrap();
    let message = LoadedModel::open(copy.path()).unwrap_err().to_string();
    assert!(message.ends_with("tensor `wte.weight` has type `U8`, expected F32, F16 or BF16"), "{message}");
}

#[test]
fn folders_that_do_not_hold_together() {
    let copy = copy_of(&fixtures().join("tiny-llama"));
    let path = |name: &str| copy.path().join(name);
    let message = |error: generator::Error| error.to_string().replace(&copy.path().display().to_string(), "DIR");
    let open = || LoadedModel::open(copy.path()).map(|loaded| loaded.name).map_err(message);
    assert!(open().is_ok());
    let config = std::fs::read_to_string(path("config.json")).unwrap();
    let with = |from: &str, to: &str| {
        assert!(config.contains(from), "{config}");
        std::fs::write(path("config.json"), config.replace(from, to)).unwrap();
        open().unwrap_err()
    };
    assert_eq!(
        with("\"model_type\": \"llama\"", "\"model_type\": \"bert\""),
        "`DIR/config.json` is a model of architecture `bert`, expected `gpt2` or `llama`"
    );
    assert!(with("\"vocab_size\": 300", "\"vocab_size\": 299").contains("has shape [300, 64], expected [299, 64]"));
    assert!(with("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1").contains("tensors have no place"));
    assert!(with("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3").contains("expected a divisor of"));
    std::fs::write(path("config.json"), &config).unwrap();
    let shard = std::fs::read(path("model-00002-of-00002.safetensors")).unwrap();
    for end in (0..shard.len()).step_by(4096) {
        std::fs::write(path("model-00002-of-00002.safetensors"), &shard[..end]).unwrap();
        let message = open().unwrap_err();
        assert!(message.contains("is not a usable safetensors file"), "cut at {end}: {message}");
    }
}
