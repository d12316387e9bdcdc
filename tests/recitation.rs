use crate::harness::{TestDir, repository};
use serde_json::json;

/// Like the Gettysburg Address in WebText (GPT-2 paper, appendix 8.2): a text that stands 40 times in a small training set is
/// recited from its beginning, and the overlap says so. One that stands there once is not.
#[test]
fn a_text_that_stands_forty_times_is_recited() {
    let dir = TestDir::new();
    let speech = "Seven winters ago the people of this valley built a bridge of stone, so that no child should ever again be \
        lost to the water. Today we stand upon it in the rain. We cannot thank the masons, for they are gone; we can only \
        keep the arches whole and tell our children whose hands laid them.";
    let once = "My aunt kept bees behind the dairy until the cold spring came. She sold the honey at the gate in brown jars, \
        and people drove out from the town on Sundays to buy it from her. When she died the hives were given to a school.";
    let mut lines = String::new();
    for number in 0..40 {
        lines += &(json!({"id": format!("speech-{number}"), "text": speech}).to_string() + "\n");
    }
    lines += &(json!({"id": "once", "text": once}).to_string() + "\n");
    for number in 1..=5 {
        let text = std::fs::read_to_string(repository(&format!("texts/human-{number}.txt"))).unwrap();
        lines += &(json!({"id": format!("other-{number}"), "text": text}).to_string() + "\n");
    }
    dir.write("train.jsonl", lines);
    let shape = ["--vocabulary", "600", "--layers", "2", "--channels", "64", "--heads", "2", "--context", "128"];
    let length = ["--batch", "4", "--tokens", "64", "--steps", "200", "--warmup", "10", "--decay", "60"];
    let rates = ["--learning-rate", "5e-3", "--save-every", "1000", "--evaluate-every", "1000"];
    let trained = dir.run(&[&["train", "train.jsonl", "-o", "model"], &shape[..], &length, &rates].concat());
    assert_eq!(trained.code, Some(0), "{trained:#?}");

    // What was learned is there when a new run goes on from the weights alone.
    let first = ["--steps", "1", "--decay", "0", "--warmup", "0", "--evaluate-every", "1", "--from", "model"];
    let short = ["train", "train.jsonl", "-o", "tuned", "--batch", "4", "--tokens", "64"];
    let tuned = dir.run(&[&short[..], &shape[2..], &first].concat());
    assert!(tuned.code == Some(0) && tuned.stderr.contains("step 0 of 1"), "{tuned:#?}");
    let loss = |folder: &str| -> f64 {
        let log = std::fs::read_to_string(dir.path(&format!("{folder}/log.csv"))).unwrap();
        log.lines().last().unwrap().split(',').nth(2).unwrap().parse().unwrap()
    };
    assert!(loss("tuned") < loss("model") + 1.0, "{} after {}; a new one begins at 6.4", loss("tuned"), loss("model"));

    let other_shape = dir.run(&["train", "train.jsonl", "-o", "other", "--from", "model", "--tokens", "64"]);
    assert_eq!(other_shape.code, Some(2), "{other_shape:#?}");
    assert!(other_shape.stderr.contains("hint: ask for its shape: `--layers 2 --channels 64 --heads 2 --context 128`"));
    dir.run(&["train", "train.jsonl", "-o", "other", "--from", "nothing"])
        .failed("error: `nothing` has no model.safetensors to go on from\n  hint: name a folder `checkpoints/step-N` of an earlier run, or one with config.json, model.safetensors and a vocabulary\n");

    let recited = |prompt: &str| {
        let text = dir.run(&["generate", prompt, "--model", "model", "--greedy", "-n", "60"]).succeeded().stdout;
        dir.write("recited.txt", text);
        let join = dir.run(&["overlap", "join", "--queries", "recited.txt", "--corpus", "train.jsonl", "--json"]);
        assert_eq!(join.code, Some(0), "{join:#?}");
        join.object()
    };
    let of_speech = recited("Seven winters ago the people of this valley");
    let longest = of_speech["longest"].as_u64().unwrap();
    assert!(longest >= 20 && of_speech["spans"][0]["document"] == "speech-0", "{of_speech}");
    let of_once = recited("My aunt kept bees behind the dairy until");
    assert!(of_once["longest"].as_u64().unwrap() < longest / 2, "{of_once}, and {longest} of the speech");
}
