use crate::harness::{Run, TestDir, repository};

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
