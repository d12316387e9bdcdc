use crate::harness::{Run, TestDir, repository};
use serde_json::{Value, json};
use std::fs;

/// The program with a list of models of its own in the folder.
fn run(dir: &TestDir, arguments: &[&str]) -> Run {
    dir.finish(dir.detect(arguments).env("DETECT_MODELS", dir.path("list")))
}

fn with_llama() -> TestDir {
    let dir = TestDir::new();
    dir.write("llama.gguf", std::fs::read(repository("fixtures/tiny-llama.gguf")).unwrap());
    dir.write("essay.txt", "Nobody in the village knew who had built the mill or when it last ground corn.");
    dir
}

#[test]
fn a_model_without_a_calibration_judges_nothing() {
    let dir = with_llama();
    let refused = run(&dir, &["--model", "llama.gguf", "essay.txt"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:#?}");
    let begin = "error: there are no heads and no calibration for the model `llama-2x64-";
    let end = "`\n  hint: train them with `detect train-detector --model MODEL TEXTS... -o HEADS`, then judge with `--heads HEADS`\n";
    assert!(refused.stderr.starts_with(begin) && refused.stderr.ends_with(end), "{refused:#?}");
}

#[test]
fn a_llama_writes() {
    let dir = with_llama();
    let text = |seed| {
        run(&dir, &["generate", "--model", "llama.gguf", "-n", "20", "--seed", seed, "A mill"]).succeeded().stdout
    };
    assert!(text("1").starts_with("A mill"));
    assert_eq!(text("1"), text("1"));
    assert_ne!(text("1"), text("2"));
}

#[test]
fn a_name_works_like_a_path() {
    let dir = with_llama();
    let added = run(&dir, &["model", "add", "llama.gguf", "--name", "tiny"]).succeeded().stdout;
    let model = added.strip_prefix("tiny is ").unwrap().trim_end();
    assert!(model.starts_with("llama-2x64-"), "{added}");
    let canonical = dir.path("llama.gguf").canonicalize().unwrap().display().to_string();
    let listed = run(&dir, &["model", "list"]).succeeded().stdout;
    let path = canonical.replace(&dir.path("").display().to_string(), "[DIR]/");
    assert_eq!(listed, format!("tiny  {model}  {path}  no heads\n"));
    let info = run(&dir, &["model", "info", "tiny"]).succeeded().stdout;
    let expected = format!(
        "model       {model}\nblocks      2\nchannels    64\ncontext     64 tokens\njudging     with no heads\nvocabulary  300 tokens, 300 in the tokenizer\n"
    );
    assert_eq!(info, expected);
    let by_name = run(&dir, &["generate", "--model", "tiny", "-n", "10"]).succeeded();
    assert_eq!(by_name, run(&dir, &["generate", "--model", "llama.gguf", "-n", "10"]));
}

#[test]
fn a_named_model_that_has_changed_is_refused() {
    let dir = with_llama();
    run(&dir, &["model", "add", "llama.gguf", "--name", "tiny"]).succeeded();
    let mut bytes = std::fs::read(dir.path("llama.gguf")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    dir.write("llama.gguf", bytes);
    let refused = run(&dir, &["model", "info", "tiny"]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.starts_with("error: model `tiny` has changed on disk: it is `llama-2x64-"), "{refused:#?}");
}

#[test]
fn a_model_that_is_not_there() {
    let dir = TestDir::new();
    run(&dir, &["model", "info", "nobody"])
        .failed("error: there is no model `nobody`: neither a path nor a name of `detect model list`\n");
    assert_eq!(run(&dir, &["model", "list"]).succeeded().stdout, "");
    dir.write("model.gguf", "GGUF");
    run(&dir, &["model", "info", "model.gguf"]).failed(
        "error: cannot load the model in `model.gguf`\n  caused by: `model.gguf` is not a usable GGUF file: the version is \
         cut off at byte 4 (4 bytes needed, 0 left), expected whole\n  \
         hint: the file may be cut off or an error page: fetch it again and compare its size\n",
    );
}

/// The folder of the embedded model, as a user would bring it, and that of its heads.
fn embedded() -> [String; 2] {
    ["../generator/model", "../detector/model"].map(|folder| repository(folder).display().to_string())
}

fn judged(dir: &TestDir, options: &[&str]) -> Value {
    let text = repository("texts/human-4.txt").display().to_string();
    let run = run(dir, &[options, &["--json", &text]].concat()).succeeded();
    serde_json::from_str(&run.stdout).unwrap()
}

#[track_caller]
fn assert_near(found: &Value, expected: &Value) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= 1e-3 * expected.abs().max(1.0), "{found}, expected {expected}");
}

/// The plain loops of the CPU and a tensor library: the same to a thousandth.
#[test]
fn another_device_says_the_same() {
    let dir = TestDir::new();
    let [model, heads] = embedded();
    let ours = judged(&dir, &[]);
    for options in [vec![], vec!["--model", &model, "--heads", &heads]] {
        let other = judged(&dir, &[&options[..], &["--device", "ndarray"]].concat());
        assert_eq!(other["verdict"], ours["verdict"]);
        assert_near(&other["score"], &ours["score"]);
        for (name, value) in ours["statistics"].as_object().unwrap() {
            assert_near(&other["statistics"][name], value);
        }
    }
}

#[test]
fn a_device_that_is_not_there() {
    let dir = with_llama();
    run(&dir, &["--device", "abacus", "essay.txt"]).failed(
        "error: device `abacus` is not available: there is no device of this name\n  \
         hint: devices are `cpu`, `ndarray`, and with the feature `wgpu` also `wgpu`\n",
    );
    #[cfg(not(feature = "wgpu"))]
    run(&dir, &["--device", "wgpu", "essay.txt"]).failed(
        "error: device `wgpu` is not available: this build is without the feature `wgpu`\n  \
         hint: build with `--features wgpu` for GPUs, or take `--device cpu`\n",
    );
}

/// With itself as the reference, a model says of two models what it says of one.
#[test]
fn a_reference_model_adds_its_statistics() {
    let dir = TestDir::new();
    let [model, heads] = embedded();
    let alone = judged(&dir, &["--model", &model, "--heads", &heads]);
    let mut pair = judged(&dir, &["--model", &model, "--heads", &heads, "--reference-model", &model]);
    let reference = pair.as_object_mut().unwrap().remove("reference").unwrap();
    assert_eq!(pair, alone);
    assert_eq!(reference["model"], alone["model"]);
    assert_near(&reference["curvature"], &alone["statistics"]["curvature"]);
    assert_near(&reference["cross_entropy"], &alone["statistics"]["entropy"]);
    assert_near(&reference["binoculars"], &alone["statistics"]["perplexity_ratio"]);
}

#[test]
fn a_reference_model_with_another_tokenizer_is_refused() {
    let dir = with_llama();
    let [model, _] = embedded();
    run(&dir, &["--model", "llama.gguf", "--reference-model", &model, "essay.txt"]).failed(
        "error: the two models cannot be a pair: their tokenizers differ (300 and 8192 tokens)\n  \
         hint: take two sizes of one model, which share a tokenizer\n",
    );
}

/// The embedded model and its heads, read from the repository, are the same detector; with other files it is another.
#[test]
fn what_was_judged_by_a_model_on_disk_is_bound_to_its_files() {
    let dir = with_llama();
    let root = repository("..");
    let [model, heads] = ["generator/model", "detector/model"].map(|path| root.join(path).display().to_string());
    let with =
        |heads: &str, arguments: &[&str]| run(&dir, &[arguments, &["--model", &model, "--heads", heads]].concat());
    dir.write("letter.txt", fs::read(repository("texts/human-1.txt")).unwrap());
    assert_eq!(with(&heads, &["letter.txt", "--receipt", "r.json"]).code, Some(0));
    for verified in [run(&dir, &["verify", "r.json", "letter.txt"]), with(&heads, &["verify", "r.json", "letter.txt"])]
    {
        assert!(verified.succeeded().stdout.starts_with("letter.txt: verified, "));
    }
    for name in ["heads.json", "assistant.lexical", "calibration.json"] {
        let mut bytes = fs::read(root.join("detector/model").join(name)).unwrap();
        bytes.extend(if name == "calibration.json" { "\n" } else { "" }.bytes());
        dir.write(&format!("other/{name}"), bytes);
    }
    let refuted = with("other", &["verify", "r.json", "letter.txt"]);
    assert_eq!(refuted.code, Some(1), "{refuted:#?}");
    assert!(
        refuted.stdout.starts_with("letter.txt: not verified, 1 differences\n  calibration: "),
        "{}",
        refuted.stdout
    );

    let text = fs::read_to_string(repository("texts/human-1.txt")).unwrap();
    let line =
        |index: usize| json!({"text": format!("{index} {text}"), "club": "a", "label": "human"}).to_string() + "\n";
    dir.write("ours.jsonl", (0..20).map(line).collect::<String>());
    assert_eq!(with("other", &["calibrate", "ours.jsonl", "-o", "ours.json"]).code, Some(0));
    let arguments = ["audit", "ours.jsonl", "--group", "club", "--calibration", "ours.json", "--fpr", "0.05"];
    assert_eq!(with("other", &arguments).code, Some(0));
    let refused = run(&dir, &arguments);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    let begin = "error: `ours.json` was made with another detector: its scale has the SHA-256 ";
    assert!(refused.stderr.starts_with(begin) && refused.stderr.contains("--model"), "{refused:#?}");

    let label = |index: usize| ["human", "machine"][index % 2];
    let line = |index: usize| json!({"text": format!("{index} {text}"), "label": label(index)}).to_string() + "\n";
    dir.write("labelled.jsonl", (0..6).map(line).collect::<String>());
    let evaluate = ["evaluate", "labelled.jsonl", "-o", "out", "--resamples", "20"];
    assert_eq!(with("other", &evaluate).code, Some(0));
    let refused = run(&dir, &evaluate);
    assert!(refused.stderr.contains("it was begun with another model"), "{refused:#?}");
}

#[test]
fn no_command_judges_with_a_model_without_heads() {
    let dir = with_llama();
    dir.write("t.csv", "text,label,club\nIt rained.,human,a\n");
    for arguments in [
        &["evaluate", "t.csv", "-o", "out"][..],
        &["calibrate", "t.csv", "-o", "c.json"],
        &["audit", "t.csv", "--group", "club"],
    ] {
        let refused = run(&dir, &[arguments, &["--model", "llama.gguf"]].concat());
        assert_eq!(refused.code, Some(2), "{refused:#?}");
        assert!(refused.stderr.starts_with("error: there are no heads and no calibration for"), "{refused:#?}");
    }
    assert!(!dir.path("out").exists() && !dir.path("c.json").exists());
}

/// What the embedded model itself goes on with word by word is likely to the end; another last word is not.
#[test]
fn a_model_is_evaluated_on_texts() {
    let dir = TestDir::new();
    let greedy = dir.run(&["generate", "--greedy", "-n", "30", "The river runs through"]).succeeded().stdout;
    let words: Vec<&str> = greedy.split_whitespace().take(16).collect();
    let (likely, start) = (words.join(" "), words[..15].join(" "));
    dir.write("likely.jsonl", json!({"id": "1", "text": likely}).to_string());
    dir.write("other.jsonl", json!({"id": "1", "text": format!("{start} zebras")}).to_string());
    let evaluated = |name: &str| dir.run(&["model", "evaluate", "--last-word", name]).succeeded().stdout;
    let (likely_line, other_line) = (evaluated("likely.jsonl"), evaluated("other.jsonl"));
    assert!(likely_line.ends_with("; the last word is the likeliest in 100.0 %\n"), "{likely_line}");
    assert!(other_line.ends_with("; the last word is the likeliest in 0.0 %\n"), "{other_line}");
    let number = |line: &str, before: &str, after: &str| -> f64 {
        let start = line.find(before).unwrap() + before.len();
        line[start..start + line[start..].find(after).unwrap()].parse().unwrap()
    };
    // the same figure three ways: bits per byte, perplexity a token and a word
    let (tokens, bytes) = (number(&likely_line, "document, ", " tokens"), number(&likely_line, "tokens, ", " bytes"));
    assert_eq!(bytes, likely.len() as f64);
    let nats = number(&likely_line, "bytes; ", " bits") * std::f64::consts::LN_2 * bytes;
    let [a_token, a_word] = [("perplexity ", " a token", tokens), (" a token, ", " a word", 16.0)]
        .map(|(before, after, count)| number(&likely_line, before, after).ln() * count);
    assert!((a_token / nats - 1.0).abs() < 0.02 && (a_word / nats - 1.0).abs() < 0.02, "{likely_line}");
    assert!(number(&likely_line, "bytes; ", " bits") < number(&other_line, "bytes; ", " bits"));
    dir.write("empty.jsonl", "");
    dir.run(&["model", "evaluate", "empty.jsonl"]).failed("error: `empty.jsonl` has no text\n");
}
