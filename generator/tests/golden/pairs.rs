use crate::{VALUE, assert_near, cpu, fixtures, ids, logits, tiny, tiny_folder};
use burn::tensor::{Tensor, TensorData};
use generator::{LanguageModel, Llama, LoadedModel, ModelPair};
use std::path::Path;
use std::sync::Arc;

/// Against the formulas: mean and variance of one model's log-probabilities under the distribution of the other.
#[test]
fn a_pair_says_what_one_model_says_under_the_other() {
    let ids = ids(&crate::models::golden_models()["llama"]["ids"]);
    let llama_folder = fixtures().join("tiny-llama");
    let (llama, gpt2) = (LoadedModel::open(&llama_folder).unwrap(), LoadedModel::open(&tiny_folder()).unwrap());
    let burn = Llama::from_folder(&llama_folder, &cpu()).unwrap();
    let inputs: Vec<i32> = ids[..ids.len() - 1].iter().map(|&id| id as i32).collect();
    let inputs = Tensor::from_data(TensorData::new(inputs, [1, ids.len() - 1]), &cpu());
    let of_llama = burn.head(burn.features(inputs, false).last).into_data().try_to_vec::<f32>().unwrap();
    let of_llama: Vec<Vec<f32>> = of_llama.chunks(300).map(<[f32]>::to_vec).collect();
    let of_gpt2 = logits(&tiny(&cpu()), &ids[..ids.len() - 1]);
    let (llama_parts, gpt2_parts) =
        ((&llama.tokenizer, Arc::new(llama.model)), (&gpt2.tokenizer, Arc::new(gpt2.model)));
    for (scoring, reference, own, other) in [
        (llama_parts.clone(), gpt2_parts.clone(), &of_llama, &of_gpt2),
        (gpt2_parts.clone(), llama_parts.clone(), &of_gpt2, &of_llama),
    ] {
        let single = scoring.1.read(&ids[1..], &[2]).unwrap();
        let alone = ModelPair::new(scoring.clone(), scoring.clone()).unwrap().read(&ids[1..], &[2]).unwrap();
        assert_eq!(alone.hidden, single.hidden);
        let found = ModelPair::new(scoring, reference).unwrap().read(&ids[1..], &[]).unwrap().stats;
        assert_eq!(found.len(), 40);
        for (at, found) in found.iter().enumerate() {
            let (p, q) = (log_softmax(&own[at]), log_softmax(&other[at]));
            let mean: f64 = p.iter().zip(&q).map(|(p, q)| q.exp() * p).sum();
            let variance: f64 = p.iter().zip(&q).map(|(p, q)| q.exp() * (p - mean).powi(2)).sum();
            let near = |what: &str, found: f32, expected: f64| {
                assert_near(&format!("{what} of token {at}"), [found], &[expected], VALUE * expected.abs().max(1.0));
            };
            near("log-probability", found.log_prob, p[ids[at + 1] as usize]);
            near("mean", found.expected_log_prob, mean);
            near("variance", found.log_prob_variance, variance);
            assert_eq!(found.rank, single.stats[at].rank);
            near(
                "variance under itself",
                alone.stats[at].log_prob_variance,
                f64::from(single.stats[at].log_prob_variance),
            );
            near("mean under itself", alone.stats[at].expected_log_prob, f64::from(single.stats[at].expected_log_prob));
        }
    }
}

fn log_softmax(row: &[f32]) -> Vec<f64> {
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = row.iter().map(|z| f64::from(z - highest).exp()).sum();
    row.iter().map(|z| f64::from(z - highest) - total.ln()).collect()
}

#[test]
fn models_with_different_tokenizers_are_no_pair() {
    let ours = LoadedModel::open(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/model"))).unwrap();
    let llama = LoadedModel::open(&fixtures().join("tiny-llama")).unwrap();
    let refusal = ModelPair::new((&llama.tokenizer, Arc::new(llama.model)), (&ours.tokenizer, Arc::new(ours.model)));
    let refusal = refusal.unwrap_err();
    assert_eq!(refusal.to_string(), "the two models cannot be a pair: their tokenizers differ (300 and 8192 tokens)");
    assert_eq!(refusal.hint().unwrap(), "take two sizes of one model, which share a tokenizer");
}
