use crate::harness::{TestDir, repeated, repository};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::process::Stdio;

const ENGLISH: &str = "The river ran slowly past the old mill, and we were in no hurry to be home. ";
/// Judged at once: what is not English is not read by the model, so that size costs reading only.
const LATIN: &str = "Flumen praeter molam veterem lente fluebat neque nos domum redire properabamus. ";

/// Verdict and reason of the only object of a run.
fn verdict(object: &Value) -> (&str, Option<&str>) {
    (object["verdict"].as_str().unwrap(), object["reason"].as_str())
}

#[track_caller]
fn assert_undecided(name: &str, content: impl AsRef<[u8]>, reason: &str) {
    let dir = TestDir::new();
    dir.write(name, content);
    let run = dir.run(&["--json", name]).succeeded();
    assert_eq!(verdict(&run.object()), ("undecided", Some(reason)), "{}", run.stdout);
}

// ---- What cannot be read --------------------------------------------------------------------------------------------

#[test]
fn nothing_to_judge() {
    TestDir::new().run(&[]).failed("error: no text to judge: name a file, `-` for standard input, or `--help`\n");
}

#[test]
fn a_missing_file() {
    let run = TestDir::new().run(&["missing.txt"]);
    run.failed("error: `missing.txt` does not exist\n  hint: check the spelling and the folder you are in\n");
}

#[test]
fn a_folder() {
    let dir = TestDir::new();
    dir.write("folder/a.txt", "a");
    let run = dir.run(&["folder"]);
    run.failed("error: `folder` is a folder, not a text file\n  hint: name the files in it, e.g. `folder/*.txt`\n");
}

#[test]
fn a_binary_file() {
    let dir = TestDir::new();
    dir.write("program", b"\x7FELF\0\x01\x02\x03");
    dir.run(&["program"]).failed(
        "error: `program` looks like a binary file: NUL at byte 4\n  \
         hint: save it as plain text first; if it is text in UTF-16, convert it with `iconv -f utf-16 -t utf-8`\n",
    );
}

#[test]
fn invalid_utf8() {
    let dir = TestDir::new();
    dir.write("latin1.txt", b"Some caf\xE9 or other");
    dir.run(&["latin1.txt"]).failed(
        "error: `latin1.txt`: invalid UTF-8 at byte 8\n  \
         hint: convert it first, for example with `iconv -f latin1 -t utf-8`\n",
    );
}

#[test]
fn the_unreadable_do_not_stop_the_readable() {
    let dir = TestDir::new();
    dir.write("a.txt", "too short to judge");
    dir.write("b.txt", b"a\xFFb");
    dir.write("c.txt", "this one as well");
    let run = dir.run(&["--json", "a.txt", "missing.txt", "b.txt", "c.txt"]).failed(
        "error: `missing.txt` does not exist\n  hint: check the spelling and the folder you are in\n\
         error: `b.txt`: invalid UTF-8 at byte 1\n  hint: convert it first, for example with `iconv -f latin1 -t utf-8`\n",
    );
    let paths: Vec<Value> = run.objects().iter().map(|object| object["path"].clone()).collect();
    assert_eq!(paths, ["a.txt", "c.txt"]);
}

#[test]
fn a_broken_line_does_not_stop_the_others() {
    let dir = TestDir::new();
    let lines = r#"{"id": "one", "text": "too short to judge"}
{"id": 2, "text": "too short to judge"}
{"id": "three", "text": "too sho
{"id": "four"}
{"text": "too short to judge"}
"#;
    dir.write("texts.jsonl", lines);
    let run = dir.run(&["--jsonl", "texts.jsonl"]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    let errors: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 2, "{run:#?}");
    assert!(errors[0].starts_with("error: `texts.jsonl`, line 3: broken JSON at column "), "{run:#?}");
    assert_eq!(errors[1], "error: `texts.jsonl`, line 4: no field `text`");
    assert_eq!(run.stderr.matches("\n  hint: ").count(), 2, "{run:#?}");
    let ids: Vec<Value> = run.objects().iter().map(|object| object["id"].clone()).collect();
    assert_eq!(ids, ["one", "2", "5"], "a text without an id is called by its line");
}

// ---- What says too little -------------------------------------------------------------------------------------------

#[test]
fn an_empty_file() {
    let dir = TestDir::new();
    dir.write("empty.txt", "");
    assert_eq!(dir.run(&["empty.txt"]).succeeded().stdout, "empty.txt: undecided, no words in it\n");
    assert_undecided("empty.txt", "", "no_text");
}

#[test]
fn a_file_of_white_space() {
    assert_undecided("spaces.txt", " \n\t\r\n \u{A0}\u{2003}\n\n", "no_text");
    assert_undecided("marks.txt", "... -- !?\n\n* * *\n", "no_text");
}

#[test]
fn three_words() {
    assert_undecided("short.txt", "Three short words", "too_short");
    let dir = TestDir::new();
    dir.write("short.txt", "Three short words");
    let stdout = dir.run(&["short.txt"]).succeeded().stdout;
    let said = stdout.strip_prefix("short.txt: undecided, too short, ").unwrap();
    let (tokens, rest) = said.split_once(' ').unwrap();
    assert!((3..=9).contains(&tokens.parse::<usize>().unwrap()), "{stdout}");
    assert_eq!(rest, "tokens where 50 are needed\n");
}

#[test]
fn other_languages() {
    let chinese = "雨停了以后，我们沿着河边慢慢地走到老磨坊。没有人说话。水已经漫过了下面的台阶，\
                   码头也看不见了。弟弟往水里扔了一根树枝，立刻就被冲走了。";
    let german = "Wir gingen nach dem langen Regen zum Fluss hinunter, und eine ganze Weile sagte niemand etwas dazu. \
                  Das Wasser stand bis über die unteren Stufen, und der Steg vom alten Bootshaus war verschwunden. \
                  Mein Bruder warf einen Stock hinein, der sofort fortgerissen wurde. Später fanden wir ihn weit \
                  unterhalb der Brücke zwischen zwei Steinen wieder, sauber abgeschält.";
    assert_undecided("chinese.txt", chinese, "not_english");
    assert_undecided("german.txt", german, "not_english");
}

// ---- What is too much -----------------------------------------------------------------------------------------------

/// Read by the model to the limit: some 17,000 tokens.
#[test]
fn a_long_text_is_judged_by_its_beginning() {
    let dir = TestDir::new();
    dir.write("long.txt", &repeated(ENGLISH, 307_200)[..307_200]);
    let run = dir.run(&["--json", "long.txt"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(run.stderr, "note: `long.txt`: judged by its first 65536 bytes of 307200 bytes\n");
    let object = run.object();
    assert!(object["tokens"].as_u64().unwrap() > 10_000, "{object}");
    assert!(object["score"].as_f64().unwrap().is_finite(), "{object}");
    assert_eq!(object["words"], json!(ENGLISH.repeat(3_450)[..65_536].split_whitespace().count()));
}

/// Half a megabyte of words, then a hole: a program that reads it all needs a gigabyte and finds it binary.
#[test]
fn a_sparse_gigabyte() {
    let dir = TestDir::new();
    let path = dir.write("sparse.txt", repeated(LATIN, 512 << 10));
    File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
    let run = dir.run(&["--json", "sparse.txt"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(run.stderr, "note: `sparse.txt`: judged by its first 65536 bytes of 1073741824 bytes\n");
    assert_eq!(verdict(&run.object()), ("undecided", Some("not_english")));
}

#[test]
fn a_line_of_five_megabytes_from_a_file_and_from_a_stream() {
    let dir = TestDir::new();
    let path = dir.write("line.txt", &repeated(LATIN, 5 << 20)[..5 << 20]);
    let file = dir.run(&["--json", "line.txt"]);
    let stream = dir.finish(dir.detect(&["--json", "-"]).stdin(File::open(path).unwrap()));
    assert_eq!((file.code, stream.code), (Some(0), Some(0)), "{file:#?}, {stream:#?}");
    assert_eq!(file.stderr, "note: `line.txt`: judged by its first 65536 bytes of 5242880 bytes\n");
    assert_eq!(stream.stderr, "note: `<stdin>`: judged by its first 65536 bytes of a stream that goes on\n");
    assert_eq!(stream.stdout.replace("<stdin>", "line.txt"), file.stdout);
    assert_eq!(verdict(&file.object()), ("undecided", Some("not_english")));
}

// ---- Options and folders --------------------------------------------------------------------------------------------

#[test]
fn rates_that_cannot_be_promised() {
    let dir = TestDir::new();
    dir.write("a.txt", ENGLISH.repeat(5));
    for rate in ["0", "2", "0.5", "NaN", "-0.1"] {
        let run = dir.run(&["--fpr", rate, "a.txt"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:#?}");
        assert!(run.stderr.starts_with("error: "), "{run:#?}");
        let reason = format!("a false-positive rate of {rate} cannot be promised: with ");
        assert!(run.stderr.contains(&reason), "{run:#?}");
        let hint = if ["0", "-0.1"].contains(&rate) {
            "  hint: ask for more, e.g. `--fpr 0."
        } else {
            "  hint: `--fpr 0.01` means one human text in a hundred\n"
        };
        assert!(run.stderr.contains(hint), "{run:#?}");
        let least = run.stderr.split("human texts, from ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        dir.run(&["--fpr", &least, "a.txt"]).succeeded();
    }
    let run = dir.run(&["--fpr", "often", "a.txt"]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.starts_with("error: invalid value 'often' for '--fpr <RATE>'"), "{run:#?}");
}

#[test]
fn training_into_a_path_below_a_file() {
    let dir = TestDir::new();
    dir.write("corpus.txt", ENGLISH);
    for command in ["train", "train-detector"] {
        dir.run(&[command, "corpus.txt", "--output", "corpus.txt/below"])
            .failed("error: cannot create `corpus.txt/below`\n  caused by: Not a directory (os error 20)\n");
    }
    assert_eq!(std::fs::read_to_string(dir.path("corpus.txt")).unwrap(), ENGLISH);
}

#[test]
fn training_on_a_missing_corpus() {
    let run = TestDir::new().run(&["train", "missing.txt", "--output", "out"]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    let error = "error: `missing.txt` does not exist\n  hint: check the spelling and the folder you are in\n";
    assert!(run.stderr.ends_with(error), "{run:#?}");
}

// ---- Models ---------------------------------------------------------------------------------------------------------

/// The fixture's model as `model/`, with its configuration and its weights changed.
fn model(configure: impl FnOnce(&mut Value), damage: impl FnOnce(&mut Vec<u8>)) -> TestDir {
    let dir = TestDir::new();
    let fixture = |name: &str| std::fs::read(repository("fixtures/tiny-gpt2").join(name)).unwrap();
    let mut config: Value = serde_json::from_slice(&fixture("config.json")).unwrap();
    let mut weights = fixture("model.safetensors");
    configure(&mut config);
    damage(&mut weights);
    dir.write("model/config.json", config.to_string());
    dir.write("model/model.safetensors", weights);
    dir.write("model/tokenizer.json", fixture("tokenizer.json"));
    dir
}

const GENERATE: [&str; 5] = ["generate", "-n", "5", "--model", "model"];

#[test]
fn a_whole_model_generates() {
    let run = model(|_| (), |_| ()).run(&GENERATE).succeeded();
    assert!(run.stdout.ends_with('\n'), "{run:#?}");
}

#[test]
fn a_checkpoint_that_is_cut_off() {
    let dir = model(|_| (), |weights| weights.truncate(75_000));
    let run = dir.run(&["generate", "--model", dir.path("model").to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:#?}");
    let begin = "error: cannot load the model in `[DIR]/model`\n  \
                 caused by: `[DIR]/model/model.safetensors` is not a usable safetensors file: tensor `";
    let end = "\n  hint: the file may be cut off or an error page: fetch it again and compare its size\n";
    assert!(run.stderr.starts_with(begin) && run.stderr.ends_with(end), "{run:#?}");
}

#[test]
fn a_checkpoint_of_another_model() {
    let refused = |configure: &dyn Fn(&mut Value), reason: &str, hint: &str| {
        let expected = format!(
            "error: cannot load the model in `model`\n  caused by: `model/model.safetensors`: {reason}\n  hint: {hint}\n"
        );
        assert_eq!(model(configure, |_| ()).run(&GENERATE).failed(&expected).stdout, "");
    };
    let same_model = "config.json and model.safetensors must come from the same model";
    refused(
        &|config| config["n_embd"] = json!(16),
        "tensor `wte.weight` has shape [300, 32], expected [300, 16]",
        same_model,
    );
    refused(&|config| config["n_layer"] = json!(3), "tensor `h.2.ln_1.weight` [32] is missing", same_model);
    refused(
        &|config| config["n_layer"] = json!(1),
        "12 tensors have no place in this model, the first is `h.1.attn.c_attn.bias`",
        "is `n_layer` in config.json that of the file, and is it a GPT-2?",
    );
}

#[test]
fn a_model_without_its_tokenizer() {
    let dir = model(|_| (), |_| ());
    std::fs::remove_file(dir.path("model/tokenizer.json")).unwrap();
    dir.run(&GENERATE).failed(
        "error: cannot load the model in `model`\n  caused by: cannot read `model/tokenizer.json`\n  \
         caused by: No such file or directory (os error 2)\n  hint: check the spelling and the folder you are in\n",
    );
}

#[test]
fn a_device_that_is_not_there() {
    TestDir::new().run(&["generate", "--device", "abacus"]).failed(
        "error: device `abacus` is not available: there is no device of this name\n  \
         hint: devices are `cpu`, `ndarray`, and with the feature `wgpu` also `wgpu`\n",
    );
}

// ---- Pipes ----------------------------------------------------------------------------------------------------------

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let dir = TestDir::new();
    dir.write("a.txt", "too short to judge");
    dir.write("texts.jsonl", "{\"text\": \"too short to judge\"}\n".repeat(200));
    for arguments in [&["a.txt", "a.txt"][..], &["--jsonl", "texts.jsonl"], &["generate", "A text", "-n", "3"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = dir.detect(arguments);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{arguments:?}");
    }
}

/// A character may be cut between two reads.
#[test]
fn a_text_that_comes_in_pieces() {
    let dir = TestDir::new();
    let mut child =
        dir.detect(&["-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for piece in [&b"Three sho"[..], b"rt w\xC3", b"\xB6rds"] {
        input.write_all(piece).unwrap();
        input.flush().unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    assert!(stdout.starts_with("<stdin>: undecided, too short, "), "{stdout}");
}

/// Texts are opened when their turn comes: one that is gone by then is reported, and the others are judged.
#[test]
fn a_file_that_disappears() {
    let dir = TestDir::new();
    let gone = dir.write("gone.txt", ENGLISH);
    dir.write("stays.txt", "too short to judge");
    let mut command = dir.detect(&["--json", "-", "gone.txt", "stays.txt"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"Three short words").unwrap();
    std::fs::remove_file(gone).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "error: `gone.txt` does not exist\n  hint: check the spelling and the folder you are in\n");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
}
