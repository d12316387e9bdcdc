use crate::harness::{TestDir, repository};
use crate::schema::many_texts;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// Markup, a right-to-left override, a hidden character, an entity and a quotation in an ordinary text.
const HOSTILE: &str = "The mill had stood empty since the flood, and nobody wanted to be the one who sold it. \
    <script>document.title = 'owned'</script> My uncle bought it in the end, for the price of a used car.\n\n\
    He \u{202E}painted\u{202C} the door &amp; wrote \u{201C}we were never told about any of it\u{201D} on the wall. \
    Then the ket\u{200B}tle boiled dry, and </div></span> we spent three summers on the roof, \"onmouseover=alert(1)\" \
    and all, until the last pane was in.";

fn page_of(text: &str) -> (TestDir, String) {
    let dir = TestDir::new();
    dir.write("essay.txt", text);
    let run = dir.run(&["essay.txt", "--html", "essay.html"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), "wrote `essay.html`\n"), "{run:#?}");
    let page = fs::read_to_string(dir.path("essay.html")).unwrap();
    (dir, page)
}

#[test]
fn a_hostile_text_stays_text() {
    let (_, page) = page_of(HOSTILE);
    assert!(!page.contains("<script") && !page.contains("\u{202E}") && !page.contains("\u{200B}"), "{page}");
    assert!(page.contains("U+202E") && page.contains("U+200B"), "hidden characters are shown");
    assert_eq!(page.matches("<div").count(), page.matches("</div>").count());
    assert_eq!(page.matches("<span").count(), page.matches("</span>").count());
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "nothing is loaded");
}

/// What a reader of the page would copy: the marked text without tags and entities.
fn copied(page: &str) -> String {
    let marked = page.split_once("dir=\"auto\">").unwrap().1.split_once("</div>").unwrap().0;
    let mut plain = String::new();
    let mut is_tag = false;
    for character in marked.chars() {
        match character {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => plain.push(character),
            _ => {}
        }
    }
    let plain = plain.replace("&#39;", "'").replace("&quot;", "\"");
    plain.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}

#[test]
fn the_page_holds_the_whole_text() {
    let text = fs::read_to_string(repository("texts/human-4.txt")).unwrap();
    let (_, page) = page_of(&text);
    assert_eq!(copied(&page), text);
    for needed in [
        "expected here: ",
        "data-tip=",
        "passage around this sentence, ",
        "false-discovery rate",
        "Limits",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    assert!(!page.contains("id=\"overlap\""), "nobody asked what stands elsewhere");
}

/// With a corpus the page has one more view, names the documents, and gives no evidence to what was found.
#[test]
fn the_page_shows_what_stands_elsewhere() {
    let dir = TestDir::new();
    let text = fs::read_to_string(repository("texts/human-4.txt")).unwrap();
    let words: Vec<&str> = text.split_whitespace().skip(40).take(30).collect();
    let quoted = words.join(" ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&quoted));
    dir.write("essay.txt", &text);
    dir.write(
        "corpus/a <b>.txt",
        format!("Somebody wrote this before. {quoted} And more of it, which is not in the essay."),
    );
    let corpus = ["essay.txt", "--corpus", "corpus", "--html", "page.html", "--sarif", "log.sarif"];
    let run = dir.run(&corpus);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let page = fs::read_to_string(dir.path("page.html")).unwrap();
    assert_eq!(copied(&page), text);
    assert_eq!(page.matches("type=\"radio\"").count(), 4);
    let found = page
        .split_once("<span class=\"o\" data-tip=\"30 words stand in corpus/a &lt;b&gt;.txt at byte 28\">")
        .unwrap()
        .1;
    let found = found.split_once("</span><span class=\"mark of-overlap\" data-mark=\"1\">").unwrap().0;
    assert_eq!(found.replace("&#39;", "'"), quoted.trim_end_matches(|letter: char| !letter.is_alphanumeric()));
    assert!(page.contains("<code>corpus/a &lt;b&gt;.txt</code> at byte 28"), "{page}");
    assert!(page.contains(" stand elsewhere. The verdict above is on the rest; with them it would be "), "{page}");
    assert!(dir.path("log.sarif").exists());

    // The same verdict as without a page; an index does not know where.
    assert_eq!(dir.run(&corpus[..3]).succeeded().stdout, run.stdout);
    assert_eq!(dir.run(&["overlap", "build", "corpus", "-o", "corpus.overlap"]).code, Some(0));
    let run = dir.run(&["essay.txt", "--index", "corpus.overlap", "--html", "page.html", "--show"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let page = fs::read_to_string(dir.path("page.html")).unwrap();
    assert!(
        page.contains("30 words stand in the corpus of the index") && page.contains("An index does not know where")
    );
    let shown: Vec<&str> = run.stdout.split_once("machine 0.12\n\n").unwrap().1.split_whitespace().collect();
    assert!(shown.join(" ").contains(found.replace("&#39;", "'").as_str()), "shown without signs: {shown:?}");

    dir.write("other.txt", fs::read(repository("texts/human-1.txt")).unwrap());
    assert_eq!(dir.run(&["other.txt", "--index", "corpus.overlap", "--html", "page.html"]).code, Some(0));
    let page = fs::read_to_string(dir.path("page.html")).unwrap();
    assert!(page.contains("Nothing of it was found elsewhere, of ") && !page.contains("class=\"o\""), "{page}");
}

/// As a browser sees it: no script ran or exists, all views are there, and there is a picture of it.
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn the_page_in_a_browser() {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let Some(browser) = names.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok()) else {
        eprintln!("skipped: no chromium on the path");
        return;
    };
    let (dir, _) = page_of(HOSTILE);
    let address = format!("file://{}", dir.path("essay.html").display());
    let common = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000"];
    let profile = format!("--user-data-dir={}", dir.path("profile").display());
    let dom = Command::new(browser).args(common).args([&profile, "--dump-dom", &address]).output().unwrap();
    let dom = String::from_utf8(dom.stdout).unwrap();
    assert!(dom.contains("<title>essay.txt: ") && !dom.contains("owned</title>"), "{dom}");
    assert!(!dom.contains("<script") && !dom.contains("onmouseover=\""), "{dom}");
    assert_eq!(dom.matches("type=\"radio\"").count(), 3);
    let picture = dir.path("page.png");
    let screenshot = format!("--screenshot={}", picture.display());
    Command::new(browser)
        .args(common)
        .args([&profile, &screenshot, "--window-size=900,900", &address])
        .output()
        .unwrap();
    assert!(fs::read(picture).unwrap().len() > 10_000, "the page is not empty");
}

#[test]
fn the_heat_map_in_a_terminal() {
    let dir = TestDir::new();
    dir.write("essay.txt", HOSTILE);
    let run = dir.run(&["essay.txt", "--show"]).succeeded();
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202E}'), "{}", run.stdout);
    let shown = run.stdout.split_once("machine 0.12\n\n").unwrap().1;
    let words = |text: &str| {
        text.split_whitespace().map(|word| word.trim_start_matches(['+', '-']).to_owned()).collect::<Vec<_>>()
    };
    let original = HOSTILE.replace(['\u{202E}', '\u{202C}', '\u{200B}'], "\u{FFFD}");
    assert_eq!(words(shown), words(&original));
}

#[test]
fn a_sarif_log() {
    let dir = TestDir::new();
    let sample = dir.run(&["generate", "--seed", "1", "-n", "300"]).succeeded().stdout;
    dir.write("a sample.txt", sample);
    dir.write("letter.txt", fs::read(repository("texts/human-1.txt")).unwrap());
    let run = dir.run(&["a sample.txt", "letter.txt", "--sarif", "out.sarif"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), "wrote `out.sarif`\n"));
    let log: Value = serde_json::from_slice(&fs::read(dir.path("out.sarif")).unwrap()).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(run.stdout.starts_with("a sample.txt: machine"), "{}", run.stdout);
    assert!(!results.is_empty());
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20sample.txt", "only what is called machine gives results");
        assert!(place["region"]["startLine"].as_u64() >= Some(1) && place["region"]["endColumn"].as_u64() >= Some(1));
    }
    assert_eq!(results[0]["ruleId"], "machine-text");
}

#[test]
fn a_receipt_is_checked() {
    let dir = TestDir::new();
    let text = fs::read_to_string(repository("texts/human-2.txt")).unwrap();
    dir.write("essay.txt", &text);
    let run = dir.run(&["essay.txt", "--receipt", "r.json"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), "wrote `r.json`\n"));
    let checked = dir.run(&["verify", "r.json", "essay.txt"]).succeeded().stdout;
    assert!(checked.starts_with("essay.txt: verified, "), "{checked}");

    dir.write("essay.txt", text.replacen(' ', "  ", 1));
    let run = dir.run(&["verify", "r.json", "essay.txt"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stdout.contains("SHA-256 of the text: ") && !run.stdout.contains("  verdict: "), "{}", run.stdout);
    dir.write("essay.txt", &text);
    let receipt = fs::read_to_string(dir.path("r.json")).unwrap();
    let mut forged: Value = serde_json::from_str(&receipt).unwrap();
    forged["verdict"] = json!("machine");
    dir.write("r.json", forged.to_string());
    let run = dir.run(&["verify", "r.json", "essay.txt"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains("not verified, 1 differences\n  verdict: Machine in the receipt, "), "{}", run.stdout);
    let mut forged: Value = serde_json::from_str(&receipt).unwrap();
    forged["p_value"] = json!(0.5 * forged["p_value"].as_f64().unwrap());
    dir.write("r.json", forged.to_string());
    let run = dir.run(&["verify", "r.json", "essay.txt"]);
    assert!(run.code == Some(1) && run.stdout.contains("1 differences\n  p-value: "), "{run:#?}");
    dir.run(&["verify", "essay.txt", "essay.txt"])
        .failed("error: `essay.txt` is not a valid receipt\n  caused by: expected value at line 1 column 1\n");
}

/// 60 texts of 20 each of three groups.
fn sixty(dir: &TestDir) {
    let line = |(id, text): (usize, String)| {
        let club = ["rowing", "chess", "choir"][id % 3];
        json!({"essay": text, "club": club}).to_string() + "\n"
    };
    dir.write("ours.jsonl", many_texts().into_iter().take(60).enumerate().map(line).collect::<String>());
}

#[test]
fn sixty_texts_calibrate_and_say_what_they_promise() {
    let dir = TestDir::new();
    sixty(&dir);
    let run = dir.run(&["calibrate", "ours.jsonl", "-o", "ours.json", "--column", "text=essay"]).succeeded();
    insta::assert_snapshot!(run.stdout, @r#"
    60 human and 0 machine texts, 0 too short or not English
    a text that scores above all 60 human texts has the p-value 0.0164: the least `--fpr` is 0.0164
    0 alarms of 60 would bound the rate of false alarms at 4.9 %, with 95 % confidence
    not enough for 1 %: that takes 299 human texts without alarm
    no machine texts: the verdict *human* is still counted among those that came with the detector
    wrote `ours.json`
    "#);
    dir.write("essay.txt", fs::read(repository("texts/human-5.txt")).unwrap());
    dir.run(&["essay.txt", "--calibration", "ours.json"]).failed(
        "error: a false-positive rate of 0.01 cannot be promised: with 60 human texts, from 0.0164 to below 0.5 can\n  \
         hint: ask for more, e.g. `--fpr 0.0164`; with more human texts less can be promised\n",
    );
    let run = dir.run(&["essay.txt", "--calibration", "ours.json", "--fpr", "0.05", "--json"]).succeeded();
    assert_eq!(run.object()["humans"]["of"], 60);

    let other = fs::read_to_string(dir.path("ours.json")).unwrap().replacen("\"model\":\"", "\"model\":\"f", 1);
    dir.write("ours.json", other);
    let run = dir.run(&["essay.txt", "--calibration", "ours.json"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.starts_with("error: `ours.json` was made with another detector: its language model has"),
        "{}",
        run.stderr
    );
    dir.write("few.jsonl", json!({"text": many_texts()[0]}).to_string());
    dir.run(&["calibrate", "few.jsonl", "-o", "few.json"]).failed(
        "error: 1 human texts can be judged, at least 20 are needed to count among (0 texts are too short or not English)\n  hint: add texts by people: English prose of 50 tokens and more\n",
    );
}

#[test]
fn sixty_texts_are_audited_by_group() {
    let dir = TestDir::new();
    sixty(&dir);
    let arguments = ["audit", "ours.jsonl", "--group", "club", "--column", "text=essay"];
    let run = dir.run(&arguments).succeeded();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "club                     texts  called machine  95 % interval    below, 95 % sure  undecided"
    );
    let counted = |line: &&str| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(lines[1..5].iter().map(counted).collect::<Vec<_>>(), ["chess 20", "choir 20", "rowing 20", "all 60"]);
    assert!(lines[5].starts_with("a gap as large as this between groups that do not differ: p = "), "{}", run.stdout);
    assert_eq!(
        lines[6],
        "the smallest group has 20 texts: no alarm among them would bound its rate at 13.9 %, with 95 % confidence"
    );
    // Samples of a language model that pass for a club are found out.
    let mut texts = fs::read_to_string(dir.path("ours.jsonl")).unwrap();
    for seed in 1..=4 {
        let sample = dir.run(&["generate", "--seed", &seed.to_string(), "-n", "300"]).succeeded().stdout;
        texts += &(json!({"essay": sample, "club": "robots"}).to_string() + "\n");
    }
    dir.write("ours.jsonl", texts);
    let limited = dir.run(&[&arguments[..], &["--limit", "0.4"]].concat());
    assert_eq!(limited.code, Some(1), "{limited:#?}");
    assert!(limited.stdout.ends_with("above the limit of 40 %: robots\n"), "{}", limited.stdout);
    dir.run(&["audit", "ours.jsonl", "--group", "team", "--column", "text=essay"]).failed(
        "error: `ours.jsonl`: the table has no column `team`, its columns are: club, essay\n  \
         hint: name one of them\n",
    );
    dir.write("mixed.jsonl", json!({"text": many_texts()[0], "club": "x", "label": "machine"}).to_string());
    dir.run(&["audit", "mixed.jsonl", "--group", "club"])
        .failed("error: `mixed.jsonl`, line 1: labelled machine, an audit is of texts by people\n");
}
