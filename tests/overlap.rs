use crate::harness::{Run, TestDir, repository};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::process::Stdio;

/// Written for these tests.
const DIARY: &str = "The lamp above the harbour office burned all night, and in the morning nobody could say who had lit it. \
    We asked the pilot and the two boys who mend the nets, but they only shook their heads.";
const LEDGER: &str = "Received of the pilot one barrel of tar, two coils of rope and a lantern with a cracked glass. \
    The lantern was returned in March because nobody could say who had lit it before it broke.";
/// Quotes both: 20 words of the diary, partly in capitals, 7 of the ledger, fewer than eight.
const LETTER: &str = "Dear Ann — he wrote: «THE LAMP above the harbour office burned all night, and in the morning nobody \
    could say WHO HAD LIT IT» and then, of a barrel of tar, two coils of rope, not a word.";

fn folder() -> TestDir {
    let dir = TestDir::new();
    let lines = [json!({"id": "diary", "text": DIARY}), json!({"id": "ledger", "text": LEDGER})];
    dir.write("corpus.jsonl", lines.map(|line| line.to_string() + "\n").concat());
    dir.write("letter.txt", LETTER);
    dir
}

fn build(dir: &TestDir, arguments: &[&str]) -> Run {
    let run = dir.run(&[&["overlap", "build"], arguments, &["--threads", "2"]].concat());
    assert_eq!(run.code, Some(0), "{run:#?}");
    run
}

// ---- Building and asking ----------------------------------------------------------------------------------------------

#[test]
fn an_index_is_built_and_says_what_it_holds() {
    let dir = folder();
    let run = build(&dir, &["corpus.jsonl", "-o", "corpus.overlap"]);
    let said: Vec<&str> = run.stderr.lines().collect();
    assert!(said[0].starts_with("60 8-grams counted: an index of 8.2 kB, 48 bits each; some "), "{run:#?}");
    assert!(said[1].starts_with("built in ") && said[1].ends_with(" MB of text a second"), "{run:#?}");
    assert_snapshot!(run.stdout, @"corpus.overlap: 60 8-grams of 2 documents, 8.2 kB");
    assert_snapshot!(dir.run(&["overlap", "info", "corpus.overlap"]).succeeded().stdout, @r"
    corpus.overlap: 8.2 kB, checksums right
      8-grams of words, apostrophes split, alphabet unicode, within documents, seed 2611923443488327891
      60 of them, some 60 different, in 2 documents of 0.4 kB; made for 60
      false positives: 4.4e-21 by the bits that are set, 1e-8 promised
    ");
    let info = dir.run(&["overlap", "info", "corpus.overlap", "--json"]).succeeded().object();
    assert_eq!((&info["ngrams"], &info["documents"], &info["options"]["n"]), (&json!(60), &json!(2), &json!(8)));
}

/// The same passage, counted in tokens of the embedded GPT-2; both engines agree.
#[test]
fn tokens_instead_of_words() {
    let dir = folder();
    build(&dir, &["corpus.jsonl", "-o", "tokens.overlap", "--unit", "tokens"]);
    let asked = dir.run(&["overlap", "letter.txt", "--index", "tokens.overlap"]).succeeded();
    assert!(
        asked.stdout.contains(" 8-grams; the longest span has ") && asked.stdout.contains(" tokens\n"),
        "{asked:#?}"
    );
    let json = |arguments: &[&str]| dir.run(arguments).object();
    let index = json(&["overlap", "letter.txt", "--index", "tokens.overlap", "--json"]);
    let join = ["overlap", "join", "--queries", "letter.txt", "--corpus", "corpus.jsonl", "--unit", "tokens", "--json"];
    let join = json(&join);
    let words = json(&["overlap", "join", "--queries", "letter.txt", "--corpus", "corpus.jsonl", "--json"]);
    assert_eq!((&index["found"], &index["total"]), (&join["found"], &join["total"]));
    assert_eq!(
        (&join["spans"][0]["start"], &join["spans"][0]["end"]),
        (&words["spans"][0]["start"], &words["spans"][0]["end"])
    );
    assert!(join["total"].as_u64() > words["total"].as_u64(), "words have one token or more: {join}");
    let info = dir.run(&["overlap", "info", "tokens.overlap"]).succeeded();
    assert!(info.stdout.contains("8-grams of tokens, "), "{info:#?}");

    let across = ["overlap", "build", "corpus.jsonl", "-o", "a.overlap", "--unit", "tokens", "--across-documents"];
    let run = dir.run(&across);
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.contains("hint: leave out `--across-documents`, or count words"), "{run:#?}");
    let run = dir.run(&["overlap", "build", "corpus.jsonl", "-o", "a.overlap", "--tokenizer", "."]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.contains("words need no tokenizer"), "{run:#?}");
}

/// 38 words, so 31 8-grams; 20 words of the diary are 13 of them.
#[test]
fn a_text_is_looked_up() {
    let dir = folder();
    build(&dir, &["corpus.jsonl", "-o", "corpus.overlap"]);
    let run = dir.run(&["overlap", "letter.txt", "--index", "corpus.overlap"]).succeeded();
    assert_snapshot!(run.stdout, @r"
    letter.txt: 41.9 % found, 13 of 31 8-grams; the longest span has 20 words
      bytes 25-127, 20 words: THE LAMP above the harbour office burned all night, and in t…
    ");
    let object = dir.run(&["overlap", "letter.txt", "--index", "corpus.overlap", "--json"]).succeeded().object();
    let span = &object["spans"][0];
    assert_eq!((&object["found"], &object["total"], &object["longest"]), (&json!(13), &json!(31), &json!(20)));
    let (start, end) = (span["start"].as_u64().unwrap() as usize, span["end"].as_u64().unwrap() as usize);
    assert!(LETTER[start..end].starts_with("THE LAMP above") && LETTER[start..end].ends_with("WHO HAD LIT IT"));
    assert!(span.get("document").is_none(), "an index knows no documents");
}

#[test]
fn the_join_names_documents() {
    let dir = folder();
    let join = |arguments: &[&str]| {
        let all = [&["overlap", "join", "--queries", "letter.txt", "--corpus", "corpus.jsonl"], arguments].concat();
        let run = dir.run(&all);
        assert_eq!(run.code, Some(0), "{run:#?}");
        run
    };
    assert_snapshot!(join(&[]).stdout, @r"
    letter.txt: 41.9 % found, 13 of 31 8-grams; the longest span has 20 words
      bytes 25-127, 20 words in `corpus.jsonl`, document `diary` at byte 0: THE LAMP above the harbour office burned all night, and in t…
    ");
    let object = join(&["--json", "--n", "5"]).object();
    let places: Vec<(&Value, &Value, &Value)> = object["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| (&span["document"], &span["offset"], &span["words"]))
        .collect();
    let barrel = LEDGER.find("barrel").unwrap();
    assert_eq!(places, [(&json!("diary"), &json!(0), &json!(20)), (&json!("ledger"), &json!(barrel), &json!(7))]);
}

#[test]
fn documents_of_a_file_and_standard_input() {
    let dir = folder();
    build(&dir, &["corpus.jsonl", "-o", "corpus.overlap", "--n", "3"]);
    dir.write(
        "texts.jsonl",
        "{\"id\": \"a\", \"text\": \"two coils of rope\"}\n{\"id\": \"b\", \"text\": \"two coils\"}\n",
    );
    let run = dir.run(&["overlap", "texts.jsonl", "--index", "corpus.overlap"]).succeeded();
    assert_snapshot!(run.stdout, @r"
    texts.jsonl, a: 100.0 % found, 2 of 2 3-grams; the longest span has 4 words
      bytes 0-17, 4 words: two coils of rope
    texts.jsonl, b: no 3-gram, too short
    ");
    let input = std::fs::File::open(dir.path("letter.txt")).unwrap();
    let run =
        dir.finish(dir.detect(&["overlap", "-", "--index", "corpus.overlap", "--json", "--distinct"]).stdin(input));
    assert_eq!(run.succeeded().object()["path"], "<stdin>");
}

#[test]
fn shards_merge_to_the_index_of_the_whole() {
    let dir = folder();
    dir.write("diary.txt", DIARY);
    dir.write("ledger.txt", LEDGER);
    let expect = ["--expect", "60"];
    build(&dir, &[&["diary.txt", "ledger.txt", "-o", "whole.overlap"], &expect[..]].concat());
    for shard in ["diary", "ledger"] {
        build(&dir, &[&[&*format!("{shard}.txt"), "-o", &*format!("{shard}.overlap")], &expect[..]].concat());
    }
    let run = dir.run(&["overlap", "merge", "diary.overlap", "ledger.overlap", "-o", "merged.overlap"]).succeeded();
    assert_snapshot!(run.stdout, @"merged.overlap: 60 8-grams of 2 documents, 8.2 kB");
    let bytes = |name: &str| std::fs::read(dir.path(name)).unwrap();
    assert_eq!(bytes("merged.overlap"), bytes("whole.overlap"));
}

// ---- Bad input ----------------------------------------------------------------------------------------------------------

#[test]
fn a_corpus_without_n_grams() {
    let dir = TestDir::new();
    dir.write("short.txt", "three short words");
    dir.run(&["overlap", "build", "short.txt", "-o", "index"]).failed(
        "error: cannot use `short.txt`\n  caused by: the corpus has no 8-gram: 1 documents, none of them with 8 words\n  \
         hint: check that the files hold the texts, or take a smaller `--n`\n",
    );
    assert!(!dir.path("index").exists());
}

#[test]
fn broken_lines() {
    let dir = folder();
    let good = json!({"text": DIARY}).to_string();
    dir.write("broken.jsonl", format!("{good}\n{{\"text\": \"cut\n{{\"text\": 7}}\n{good}\n"));
    let arguments = ["overlap", "build", "broken.jsonl", "-o", "index", "--threads", "1", "--expect", "100"];
    let run = dir.run(&arguments);
    assert_eq!(run.code, Some(2), "{run:#?}");
    let errors: Vec<&str> =
        run.stderr.lines().filter(|line| line.starts_with("error: ") || line.contains("left out")).collect();
    assert_eq!(errors.len(), 3, "{run:#?}");
    assert!(errors[0].starts_with("error: `broken.jsonl`, line 2: broken JSON"), "{run:#?}");
    assert_eq!(
        errors[1..],
        ["error: `broken.jsonl`, line 3: `text` must be a string, found a number", "2 broken records left out"]
    );
    assert!(dir.path("index").exists());
    assert_eq!(dir.run(&[&arguments[..], &["--skip-bad"]].concat()).code, Some(0));
}

#[test]
fn indexes_that_are_none() {
    let dir = folder();
    build(&dir, &["corpus.jsonl", "-o", "index"]);
    let whole = std::fs::read(dir.path("index")).unwrap();
    let ask = |bytes: &[u8]| {
        dir.write("index", bytes);
        dir.run(&["overlap", "letter.txt", "--index", "index"])
    };
    let damaged = "it was cut off or damaged: copy it again, or build it again";
    for (bytes, reason, hint) in [
        (
            LETTER.as_bytes().to_vec(),
            "it does not begin as an overlap index does",
            "an index is what `detect overlap build` writes",
        ),
        (whole[..5_000].to_vec(), "it has 5000 bytes, expected 8192", damaged),
        (
            [&whole[..8], &[2], &whole[9..]].concat(),
            "its version is 2, this program knows 1",
            "update this program, or build the index again with it",
        ),
        ([&whole[..40], &[9], &whole[41..]].concat(), "the checksum of its header is wrong", damaged),
        (
            [&whole[..6_000], &[whole[6_000] ^ 1], &whole[6_001..]].concat(),
            "the checksum of its filter is wrong",
            damaged,
        ),
    ] {
        ask(&bytes).failed(&format!("error: cannot use `index`\n  caused by: {reason}\n  hint: {hint}\n"));
    }
    dir.run(&["overlap", "letter.txt"])
        .failed("error: no index: name one with `--index`, or a command: build, join, merge, info, study\n");
}

#[test]
fn indexes_of_other_n_grams_do_not_merge() {
    let dir = folder();
    build(&dir, &["corpus.jsonl", "-o", "eight", "--expect", "100"]);
    build(&dir, &["corpus.jsonl", "-o", "five", "--expect", "100", "--n", "5"]);
    dir.run(&["overlap", "merge", "eight", "five", "-o", "merged"]).failed(
        "error: cannot use `five`\n  caused by: its n is 5, that of the first is 8\n  \
         hint: build all shards with the same options\n",
    );
}

/// No room for the filter: no index, no half of one, and what was there before is still there.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let dir = folder();
    build(&dir, &["corpus.jsonl", "-o", "index"]);
    let before = std::fs::read(dir.path("index")).unwrap();
    let program = env!("CARGO_BIN_EXE_detect");
    let script =
        format!("trap '' XFSZ; ulimit -f 64; '{program}' overlap build corpus.jsonl -o index --expect 1000000");
    let mut shell = std::process::Command::new("sh");
    let run = dir.finish(shell.args(["-c", &script]).current_dir(dir.path("")).stdin(Stdio::null()));
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.contains("error: cannot write `index`\n  caused by: File too large"), "{run:#?}");
    assert_eq!(std::fs::read(dir.path("index")).unwrap(), before);
    assert!(!dir.path(".index.part").exists());
}

/// Killed while it writes, it leaves nothing under the name, and the next run is not disturbed.
#[cfg(target_os = "linux")]
#[test]
fn killed_in_the_middle() {
    let dir = folder();
    let arguments = ["overlap", "build", "corpus.jsonl", "-o", "index", "--expect", "60000000", "--memory", "4M"];
    let mut child = dir.detect(&arguments).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    while !std::fs::metadata(dir.path(".index.part")).is_ok_and(|file| file.len() > 1 << 20) {
        assert!(child.try_wait().unwrap().is_none(), "it is done already");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!dir.path("index").exists() && dir.path(".index.part").exists());
    build(&dir, &["corpus.jsonl", "-o", "index"]);
    assert!(!dir.path(".index.part").exists());
    dir.run(&["overlap", "letter.txt", "--index", "index"]).succeeded();
}

#[cfg(unix)]
#[test]
fn an_index_that_may_only_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder();
    std::fs::create_dir(dir.path("shelf")).unwrap();
    build(&dir, &["corpus.jsonl", "-o", "shelf/index"]);
    for (path, mode) in [("shelf/index", 0o444), ("shelf", 0o555)] {
        std::fs::set_permissions(dir.path(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    dir.run(&["overlap", "letter.txt", "--index", "shelf/index"]).succeeded();
    std::fs::set_permissions(dir.path("shelf"), PermissionsExt::from_mode(0o755)).unwrap();
}

// ---- In the verdict -------------------------------------------------------------------------------------------------------

/// A person's letter with 38 words of the corpus in it: judged without them.
#[test]
fn a_quotation_is_kept_out_of_the_verdict() {
    let dir = folder();
    build(&dir, &["corpus.jsonl", "-o", "corpus.overlap"]);
    let human = std::fs::read_to_string(repository("texts/human-4.txt")).unwrap();
    let (before, after) = human.split_once(". ").unwrap();
    let quoting = format!("{before}. {DIARY} {after}");
    dir.write("quoting.txt", &quoting);
    dir.write("alone.txt", format!("{before}.   {after}"));
    let alone = dir.run(&["--json", "alone.txt"]).succeeded().object();
    let whole = dir.run(&["--json", "quoting.txt"]).succeeded().object();
    for lookup in [["--index", "corpus.overlap"], ["--corpus", "corpus.jsonl"]] {
        let object = dir.run(&[&["--json", "--tokens", "quoting.txt"], &lookup[..]].concat()).succeeded().object();
        let overlap = &object["overlap"];
        // 38 words of the diary, 31 8-grams.
        assert_eq!((&overlap["found"], &overlap["longest"]), (&json!(31), &json!(38)));
        assert_eq!((&object["verdict"], &overlap["memorised"]), (&alone["verdict"], &json!(false)));
        assert_eq!((&overlap["whole"]["score"], &overlap["whole"]["verdict"]), (&whole["score"], &whole["verdict"]));
        let far = object["score"].as_f64().unwrap() - alone["score"].as_f64().unwrap();
        assert!(far.abs() < 0.5, "{object} and {alone}");
        let (start, end) =
            (overlap["spans"][0]["start"].as_u64().unwrap(), overlap["spans"][0]["end"].as_u64().unwrap());
        assert_eq!(&quoting[start as usize..end as usize], DIARY.trim_end_matches('.'));
        for value in object["token_values"].as_array().unwrap() {
            let (from, to) = (value["start"].as_u64().unwrap(), value["end"].as_u64().unwrap());
            assert!(to <= start || from >= end || (from < start && to > end), "{value} lies in {start}-{end}");
            assert!(quoting.get(from as usize..to as usize).is_some(), "{value} cuts a character");
        }
    }
    let words = dir.run(&["quoting.txt", "--corpus", "corpus.jsonl"]).succeeded().stdout;
    assert!(words.contains("\n  judged without what is quoted: 31 of "), "{words}");
    assert!(words.contains("38 words in `corpus.jsonl`, document `diary` at byte 0: The lamp above"), "{words}");
}

#[test]
fn what_a_machine_recites_is_called_memorised() {
    let dir = TestDir::new();
    let samples: Vec<String> = (1..=3)
        .map(|seed: u32| dir.run(&["generate", "--seed", &seed.to_string(), "-n", "300"]).succeeded().stdout)
        .collect();
    dir.write("corpus.jsonl", samples.iter().map(|text| json!({"text": text}).to_string() + "\n").collect::<String>());
    build(&dir, &["corpus.jsonl", "-o", "corpus.overlap"]);
    let mut memorised = 0;
    for text in samples {
        dir.write("sample.txt", text);
        let object = dir.run(&["--json", "sample.txt", "--index", "corpus.overlap"]).succeeded().object();
        let overlap = &object["overlap"];
        assert_eq!((&overlap["share"], &object["words"]), (&json!(1.0), &json!(0)), "{object}");
        assert_eq!(overlap["memorised"], json!(overlap["whole"]["verdict"] == "machine"), "{object}");
        if overlap["memorised"] == true {
            memorised += 1;
            let said = dir.run(&["sample.txt", "--index", "corpus.overlap"]).succeeded().stdout;
            assert!(said.starts_with("sample.txt: memorised, ") && said.contains("\n  with it: machine, "), "{said}");
        }
    }
    assert!(memorised >= 2, "{memorised} of 3");
}

#[test]
fn nothing_found() {
    let dir = folder();
    build(&dir, &["corpus.jsonl", "-o", "corpus.overlap"]);
    dir.write("other.txt", "Three short words");
    let said = dir.run(&["other.txt", "--index", "corpus.overlap"]).succeeded().stdout;
    assert!(said.ends_with("\n  nothing of it was found elsewhere\n"), "{said}");
}
