use crate::harness::{Run, TestDir, repository};
use serde_json::Value;

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
        "model       {model}\nblocks      2\nchannels    64\ncontext     64 tokens\nvocabulary  300 tokens, 300 in the tokenizer\n"
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
