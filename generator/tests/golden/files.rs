use crate::{cpu, golden, ids, sequences, tiny, tiny_folder};
use generator::{
    END_OF_TEXT, Encoding, Gpt2, Gpt2Config, Precision, ShardWriter, TokenId, TokenShard, Tokenizer, tokenizer_digest,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::error::Error;

// ---- Tokenizer ------------------------------------------------------------------------------------------------------

fn tokenizer() -> Tokenizer {
    Tokenizer::from_folder(&tiny_folder()).unwrap()
}

/// Whole characters of the text, in order and without gaps: what must hold of any encoding.
fn check_ranges(text: &str, encoding: &Encoding) {
    assert_eq!(encoding.ids.len(), encoding.ranges.len(), "{text:?}");
    let (mut start, mut end) = (0, 0);
    for range in &encoding.ranges {
        assert!(text.get(range.clone()).is_some_and(|part| !part.is_empty()), "{text:?}, {range:?}");
        assert!(range.start >= start && range.end >= end, "{text:?}: {range:?} steps back");
        assert!(range.start <= end, "{text:?}: nothing covers {end}..{}", range.start);
        (start, end) = (range.start, range.end);
    }
    assert_eq!(end, text.len(), "{text:?}: the end is not covered");
}

fn check_round_trip(tokenizer: &Tokenizer, text: &str) {
    let encoding = tokenizer.encode(text).unwrap();
    assert_eq!(tokenizer.decode_bytes(&encoding.ids), text.as_bytes(), "{text:?}");
    assert_eq!(tokenizer.decode(&encoding.ids), text);
    assert!(!encoding.ids.contains(&tokenizer.end_of_text()), "{text:?}");
    check_ranges(text, &encoding);
}

/// The reference takes `<|endoftext|>` in a text for the special token. Here a text cannot end itself, so that it is
/// compared piece by piece.
#[test]
fn encodings_are_those_of_tokenizers() {
    let tokenizer = tokenizer();
    let golden = golden();
    let encodings = golden["encodings"].as_array().unwrap();
    assert_eq!(encodings.len(), 22);
    for encoding in encodings {
        let text = encoding["text"].as_str().unwrap();
        let pieces: Vec<Vec<TokenId>> =
            text.split(END_OF_TEXT).map(|piece| tokenizer.encode(piece).unwrap().ids).collect();
        assert_eq!(pieces.join(&tokenizer.end_of_text()), ids(&encoding["ids"]), "{text:?}");
        check_round_trip(&tokenizer, text);
    }
}

#[test]
fn every_plane_of_unicode_comes_back() {
    let tokenizer = tokenizer();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for plane in 0..=16_u32 {
        for _ in 0..60 {
            let count = rng.random_range(1..40);
            let characters = (0..count).filter_map(|_| match rng.random_range(0..4) {
                0 => Some(char::from(b" \n\t'ast.0 "[rng.random_range(0..10)])),
                1 => char::from_u32(rng.random_range(0..0x800)),
                _ => char::from_u32(plane << 16 | rng.random_range(0..=0xFFFF)),
            });
            check_round_trip(&tokenizer, &characters.collect::<String>());
        }
    }
}

#[test]
fn every_byte_is_a_token() {
    let tokenizer = tokenizer();
    assert_eq!((tokenizer.vocabulary(), tokenizer.end_of_text()), (300, 299));
    let mut bytes: Vec<Vec<u8>> = (0..256).map(|id| tokenizer.decode_bytes(&[id])).collect();
    bytes.sort();
    assert_eq!(bytes, (0..=u8::MAX).map(|byte| vec![byte]).collect::<Vec<_>>());
    assert_eq!(tokenizer.decode(&[299]), END_OF_TEXT);
    let halves = tokenizer.encode("é").unwrap();
    assert_eq!(halves.ranges, [0..2, 0..2], "two tokens share the character");
    assert_eq!(tokenizer.decode(&halves.ids[..1]), "\u{FFFD}");
}

#[test]
fn the_same_texts_teach_the_same_vocabulary() {
    let texts = || (0..200).map(|at| format!("the cat and the hat number {} met the other", at % 13));
    let learned = Tokenizer::train(texts(), 290).unwrap();
    assert_eq!(learned.to_json().unwrap(), Tokenizer::train(texts(), 290).unwrap().to_json().unwrap());
    assert!((258..=290).contains(&learned.vocabulary()), "{}", learned.vocabulary());
    let written = learned.to_json().unwrap();
    let read = Tokenizer::from_bytes(written.as_bytes(), "x").unwrap();
    assert_eq!(tokenizer_digest(&read).unwrap(), tokenizer_digest(&learned).unwrap());
    let text = "the cat and <|endoftext|> été 😀";
    check_round_trip(&learned, text);
    assert_eq!(read.encode(text).unwrap(), learned.encode(text).unwrap());
    assert_eq!(learned.encode(" the").unwrap().ids.len(), 1, "a frequent word is one token");
}

#[test]
fn unusable_tokenizers() {
    let message = |bytes: &[u8]| Tokenizer::from_bytes(bytes, "x").unwrap_err().to_string();
    assert!(message(b"{}").starts_with("`x` is not a usable tokenizer: "), "{}", message(b"{}"));
    let mut json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(tiny_folder().join("tokenizer.json")).unwrap()).unwrap();
    json["added_tokens"] = serde_json::json!([]);
    json["model"]["vocab"].as_object_mut().unwrap().remove(END_OF_TEXT).unwrap();
    let found = message(json.to_string().as_bytes());
    assert_eq!(found, "`x` is not a usable tokenizer: it has no token `<|endoftext|>`");
}

// ---- Checkpoint -----------------------------------------------------------------------------------------------------

type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn config() -> Gpt2Config {
    Gpt2Config::from_file(&tiny_folder().join("config.json")).unwrap()
}

fn file() -> Vec<u8> {
    std::fs::read(tiny_folder().join("model.safetensors")).unwrap()
}

/// The fixture's file with its tensors changed.
fn edited(edit: impl FnOnce(&mut Tensors)) -> Vec<u8> {
    let bytes = file();
    let read = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Tensors = read
        .iter()
        .map(|(name, view)| (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec())))
        .collect();
    edit(&mut tensors);
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| (name.clone(), TensorView::new(*dtype, shape.clone(), data).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

fn load(config: &Gpt2Config, bytes: &[u8]) -> generator::Result<Gpt2> {
    Gpt2::from_safetensors(config, bytes, "x", &cpu())
}

fn refusal(config: &Gpt2Config, bytes: &[u8]) -> String {
    load(config, bytes).unwrap_err().to_string()
}

/// Name, shape and values of each tensor.
fn values(model: &Gpt2) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let named = model.named_tensors().into_iter();
    named.map(|(name, data)| (name, data.shape().to_vec(), data.iter::<f32>().collect())).collect()
}

#[test]
fn f32_comes_back_exactly() {
    let model = tiny(&cpu());
    assert_eq!(values(&model).len(), 28);
    assert_eq!(values(&load(&config(), &model.to_safetensors(Precision::F32).unwrap()).unwrap()), values(&model));
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path(), Precision::F32).unwrap();
    assert_eq!(values(&Gpt2::from_folder(folder.path(), &cpu()).unwrap()), values(&model));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
}

/// Half precision keeps 11 bits: half a unit in the last place is 2^-11 of the value, or 2^-25 near zero.
#[test]
fn f16_comes_back_to_half_precision() {
    let model = tiny(&cpu());
    let bytes = model.to_safetensors(Precision::F16).unwrap();
    assert!(bytes.len() < file().len() * 6 / 10, "{} bytes", bytes.len());
    let halved = load(&config(), &bytes).unwrap();
    for ((name, _, before), (_, _, after)) in values(&model).iter().zip(values(&halved)) {
        for (before, after) in before.iter().zip(after) {
            let bound = before.abs() * 2_f32.powi(-11) + 2_f32.powi(-25);
            assert!((before - after).abs() <= bound, "{name}: {before} became {after}");
        }
    }
    assert_ne!(values(&halved), values(&model));
    assert_eq!(halved.to_safetensors(Precision::F16).unwrap(), bytes, "a second time changes nothing");
}

#[test]
fn bf16_is_read() {
    let cut = edited(|tensors| {
        for (dtype, _, data) in tensors.values_mut() {
            *dtype = Dtype::BF16;
            *data = data.chunks(4).flat_map(|bytes| [bytes[2], bytes[3]]).collect();
        }
    });
    let expected: Vec<_> = values(&tiny(&cpu()))
        .into_iter()
        .map(|(name, shape, numbers)| {
            let cut = |number: f32| f32::from_bits(number.to_bits() & 0xFFFF_0000);
            (name, shape, numbers.into_iter().map(cut).collect::<Vec<f32>>())
        })
        .collect();
    assert_eq!(values(&load(&config(), &cut).unwrap()), expected);
}

#[test]
fn a_file_that_is_cut_off_or_no_safetensors_file() {
    let whole = file();
    for size in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        let error = load(&config(), &whole[..size]).unwrap_err();
        assert_eq!(error.to_string(), format!("`x` is not a readable safetensors file ({size} bytes)"));
        assert!(error.source().is_some(), "the reader's reason is the source");
        assert!(error.hint().unwrap().contains("cut off"));
    }
    let page = b"<!DOCTYPE html><title>404 Not Found</title>";
    assert_eq!(refusal(&config(), page), "`x` is not a readable safetensors file (43 bytes)");
}

#[test]
fn a_tensor_that_is_missing_or_too_many() {
    let missing = edited(|tensors| {
        tensors.remove("transformer.h.1.mlp.c_fc.weight").unwrap();
    });
    assert_eq!(refusal(&config(), &missing), "`x`: tensor `h.1.mlp.c_fc.weight` [32, 128] is missing");
    let deeper = Gpt2Config { n_layer: 3, ..config() };
    assert_eq!(refusal(&deeper, &file()), "`x`: tensor `h.2.ln_1.weight` [32] is missing");
    let shallower = Gpt2Config { n_layer: 1, ..config() };
    assert_eq!(
        refusal(&shallower, &file()),
        "`x`: 12 tensors have no place in this model, the first is `h.1.attn.c_attn.bias`"
    );
}

#[test]
fn a_tensor_of_another_shape_or_type() {
    let narrow = Gpt2Config { n_embd: 16, ..config() };
    assert_eq!(refusal(&narrow, &file()), "`x`: tensor `wte.weight` has shape [300, 32], expected [300, 16]");
    let turned = edited(|tensors| tensors.get_mut("transformer.h.0.mlp.c_fc.weight").unwrap().1.reverse());
    assert_eq!(
        refusal(&config(), &turned),
        "`x`: tensor `h.0.mlp.c_fc.weight` has shape [128, 32], expected [32, 128]"
    );
    let integers = edited(|tensors| tensors.get_mut("transformer.wpe.weight").unwrap().0 = Dtype::I32);
    assert_eq!(refusal(&config(), &integers), "`x`: tensor `wpe.weight` has type `I32`, expected F32, F16 or BF16");
}

#[test]
fn what_old_exports_hold_besides_is_passed_over() {
    let old = |change: &dyn Fn(&mut Vec<u8>)| {
        edited(|tensors| {
            let mut head = tensors["transformer.wte.weight"].clone();
            change(&mut head.2);
            tensors.insert("lm_head.weight".to_owned(), head);
            let mask = (Dtype::U8, vec![1, 1, 64, 64], vec![1; 64 * 64]);
            tensors.insert("transformer.h.0.attn.bias".to_owned(), mask);
            tensors.insert("transformer.h.1.attn.masked_bias".to_owned(), (Dtype::F32, vec![1], vec![0; 4]));
        })
    };
    assert_eq!(values(&load(&config(), &old(&|_| ())).unwrap()), values(&tiny(&cpu())));
    assert_eq!(
        refusal(&config(), &old(&|head| head[1] ^= 1)),
        "`x`: `lm_head.weight` is different from wte.weight, expected a head tied to the token embeddings"
    );
}

#[test]
fn a_shape_that_no_gpt2_has() {
    let refusal = |config: Gpt2Config| Gpt2::random(&config, 1, &cpu()).unwrap_err().to_string();
    let odd = refusal(Gpt2Config { n_head: 5, ..config() });
    assert_eq!(odd, "`configuration`: `n_head` is 5, expected a divisor of n_embd (32)");
    let none = refusal(Gpt2Config { n_head: 0, ..config() });
    assert_eq!(none, "`configuration`: `n_head` is 0, expected 1 to 512");
    let other = refusal(Gpt2Config { model_type: "llama".to_owned(), ..config() });
    assert_eq!(other, "`configuration`: `model_type` is `llama`, expected `gpt2`");
    let exact = refusal(Gpt2Config { activation_function: "gelu".to_owned(), ..config() });
    assert_eq!(exact, "`configuration`: `activation_function` is `gelu`, expected `gelu_new`");
}

// ---- Token files ----------------------------------------------------------------------------------------------------

#[test]
fn token_files_are_refused_when_they_lie() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.tokens");
    let tokenizer = tokenizer();
    let first = ids(&sequences(&golden())[0]["ids"]);
    let mut writer = ShardWriter::create(&path, &tokenizer).unwrap();
    writer.push(&first, 70).unwrap();
    writer.push(&[], 0).unwrap();
    writer.push(&[298], 3).unwrap();
    assert!(!path.exists(), "a shard has its name only when it is whole");
    writer.finish().unwrap();
    let expected: Vec<u16> = [&[299][..], &first, &[299, 299, 298]].concat().iter().map(|&id| id as u16).collect();
    let shard = TokenShard::read(&path, &tokenizer).unwrap();
    assert_eq!(shard, TokenShard { tokens: expected, text_bytes: 73 });
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

    let bytes = std::fs::read(&path).unwrap();
    assert_eq!((&bytes[..8], bytes.len()), (b"DTOK\x01\0\0\0".as_slice(), 56 + 2 * 28));
    let refusal = |bytes: &[u8], tokenizer: &Tokenizer| {
        std::fs::write(&path, bytes).unwrap();
        let message = TokenShard::read(&path, tokenizer).unwrap_err().to_string();
        message.strip_prefix(&format!("`{}` is not a usable token file: ", path.display())).unwrap().to_owned()
    };
    assert_eq!(refusal(&bytes[..bytes.len() - 1], &tokenizer), "28 tokens announced, 55 bytes follow");
    assert_eq!(refusal(&[&bytes[..], &[0, 0]].concat(), &tokenizer), "28 tokens announced, 58 bytes follow");
    assert_eq!(refusal(b"PK\x03\x04 something else", &tokenizer), "it does not begin with `DTOK`");
    assert_eq!(refusal(b"", &tokenizer), "it does not begin with `DTOK`");
    let newer = [&bytes[..4], &[2], &bytes[5..]].concat();
    assert_eq!(refusal(&newer, &tokenizer), "version 2, expected 1");
    let mut endless = bytes.clone();
    endless[40..48].fill(0xFF);
    assert_eq!(refusal(&endless, &tokenizer), "18446744073709551615 tokens announced, 56 bytes follow");
    let other = Tokenizer::train(std::iter::repeat_n("another text".to_owned(), 9), 260).unwrap();
    assert_eq!(refusal(&bytes, &other), "it was made with another tokenizer");
}
