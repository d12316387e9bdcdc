use crate::harness::{Run, TestDir};
use crate::schema::many_texts;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

/// A number in [0, 1) that looks random: the fractional part of multiples of the golden ratio.
fn noise(index: usize) -> f64 {
    (index as f64 * 0.618_033_988_749_895).fract()
}

/// `count` human and `count` machine texts in three domains, as a table of scores.
fn table(count: usize, score: impl Fn(bool, f64) -> f64) -> String {
    let mut csv = "id,label,source,domain,generator,score\n".to_owned();
    for index in 0..2 * count {
        let (is_machine, domain) = (index % 2 == 1, ["news", "mail", "essays"][index / 2 % 3]);
        let (label, generator) = if is_machine { ("machine", "model-1") } else { ("human", "") };
        let score = score(is_machine, noise(index));
        let _ = writeln!(csv, "t{index},{label},{domain}-{},{domain},{generator},{score}", index % 50 / 2);
    }
    csv
}

fn evaluate(dir: &TestDir, arguments: &[&str]) -> Run {
    let run = dir.run(&[&["evaluate"][..], arguments, &["-o", "out", "--resamples", "200"]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:#?}");
    run
}

/// The row of all texts of `cells.csv`, by column.
fn all_texts(dir: &TestDir) -> BTreeMap<String, String> {
    let table = fs::read_to_string(dir.path("out/cells.csv")).unwrap();
    let mut lines = table.lines();
    let names = lines.next().unwrap().split(',').map(str::to_owned);
    names.zip(lines.next().unwrap().split(',').map(str::to_owned)).collect()
}

/// AUROC and TPR at 5 % of a detector, and what was printed.
fn known(score: impl Fn(bool, f64) -> f64) -> (f64, f64, String) {
    let dir = TestDir::new();
    dir.write("scores.csv", table(1000, score));
    let run = evaluate(&dir, &["--scores", "scores.csv"]);
    let row = all_texts(&dir);
    (row["auroc"].parse().unwrap(), row["tpr_at_5_percent_fpr"].parse().unwrap(), run.stdout)
}

#[test]
fn detectors_whose_evaluation_is_known() {
    let (auroc, tpr, _) = known(|machine, noise| f64::from(u8::from(machine)) + noise / 2.0);
    assert_eq!((auroc, tpr), (1.0, 1.0), "perfect");
    let (auroc, tpr, printed) = known(|machine, noise| noise / 2.0 - f64::from(u8::from(machine)));
    assert_eq!((auroc, tpr), (0.0, 0.0), "inverted");
    assert!(printed.contains("note: AUROC is below 0.5: are higher scores more human-like here?"), "{printed}");
    let (auroc, tpr, printed) = known(|_, _| 0.25);
    assert_eq!((auroc, tpr), (0.5, 0.0), "constant");
    assert!(printed.contains("note: all scores are equal"), "{printed}");
    let (auroc, tpr, _) = known(|_, noise| noise);
    assert!((auroc - 0.5).abs() < 0.02 && (tpr - 0.05).abs() < 0.02, "random: {auroc} {tpr}");
}

#[test]
fn what_is_printed() {
    let dir = TestDir::new();
    dir.write("scores.csv", table(120, |machine, noise| noise + f64::from(u8::from(machine)) / 2.0));
    let run = evaluate(&dir, &["--scores", "scores.csv", "--title", "A detector"]);
    insta::assert_snapshot!(run.stdout, @r#"
    120 human and 120 machine texts. AUROC is 0.875 (0.847 to 0.907). Of the machine texts it finds 56.7 % at 5 % false positives (realised 5.0 %), 51.7 % at 1 % false positives (realised 0.8 %); thresholds are from the evaluated human texts themselves.
    Worst cells: AUROC 0.863 (domain essays), TPR at 1 % FPR 50.0 % (domain essays), realised FPR at 1 % 2.5 % (domain news).
    note: thresholds were taken from the evaluated human texts themselves: realised rates are met by construction, and TPR flatters; name a split of its own with `--threshold-split`
    note: a false-positive rate of 0.1 % needs 1000 human texts, there are 120: left empty
    note: 3 of 3 domains have fewer than 100 human texts for a threshold of their own at 1 %: essays (40), mail (40), news (40)
    wrote `out/index.html`
    "#);
    let mut files: Vec<String> =
        fs::read_dir(dir.path("out")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    insta::assert_snapshot!(files.join(" "), @"README.txt cells.csv false-alarms.png false-alarms.svg index.html predictions.json roc.png roc.svg scores.png scores.svg texts.csv");
    let table = fs::read_to_string(dir.path("out/cells.csv")).unwrap();
    let without_sources: Vec<&str> = table.lines().filter(|line| !line.starts_with("source,")).collect();
    insta::assert_snapshot!(without_sources.join("\n"), @r#"
    stratum,value,human_texts,machine_texts,human_texts_without_score,machine_texts_without_score,human_texts_compared,auroc,auroc_low,auroc_high,average_precision,tpr_at_5_percent_fpr,tpr_at_5_percent_fpr_low,tpr_at_5_percent_fpr_high,tpr_at_1_percent_fpr,tpr_at_1_percent_fpr_low,tpr_at_1_percent_fpr_high,tpr_at_0.1_percent_fpr,tpr_at_0.1_percent_fpr_low,tpr_at_0.1_percent_fpr_high,tpr_at_5_percent_fpr_by_domain,tpr_at_1_percent_fpr_by_domain,tpr_at_0.1_percent_fpr_by_domain,machine_texts_with_domain_threshold_at_1_percent,realised_fpr_at_5_percent,realised_fpr_at_5_percent_low,realised_fpr_at_5_percent_high,realised_fpr_at_1_percent,realised_fpr_at_1_percent_low,realised_fpr_at_1_percent_high,realised_fpr_at_0.1_percent,realised_fpr_at_0.1_percent_low,realised_fpr_at_0.1_percent_high,brier,human_texts_called_machine,human_texts_decided,machine_texts_called_machine,machine_texts_decided
    all,all texts,120,120,0,0,120,0.875208,0.847492,0.906934,0.888305,0.566667,0.477299,0.651898,0.516667,0.428136,0.604164,,,,0.550000,,,0,0.050000,0.023114,0.104803,0.008333,0.001473,0.045696,,,,,,,,
    domain,essays,40,40,0,0,40,0.863125,0.799861,0.908692,0.877758,0.550000,0.398291,0.692947,0.500000,0.351995,0.648005,,,,0.550000,,,0,0.050000,0.013821,0.165039,0.000000,0.000000,0.087622,,,,,,,,
    domain,mail,40,40,0,0,40,0.876250,0.828750,0.923037,0.891224,0.575000,0.421951,0.714906,0.525000,0.374974,0.670645,,,,0.575000,,,0,0.025000,0.004427,0.128814,0.000000,0.000000,0.087622,,,,,,,,
    domain,news,40,40,0,0,40,0.865000,0.814059,0.917906,0.879990,0.575000,0.421951,0.714906,0.525000,0.374974,0.670645,,,,0.525000,,,0,0.075000,0.025836,0.198642,0.025000,0.004427,0.128814,,,,,,,,
    generator,model-1,0,120,0,0,120,0.875208,0.847492,0.906934,0.888305,0.566667,0.477299,0.651898,0.516667,0.428136,0.604164,,,,0.550000,,,0,,,,,,,,,,,,,,
    "#);
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let scores = table(300, |machine, noise| noise + f64::from(u8::from(machine)) / 3.0);
    let files = |threads: &str| -> BTreeMap<String, Vec<u8>> {
        let dir = TestDir::new();
        dir.write("scores.csv", &scores);
        let mut command = dir.detect(&["evaluate", "--scores", "scores.csv", "-o", "out"]);
        assert_eq!(dir.finish(command.env("RAYON_NUM_THREADS", threads)).code, Some(0));
        let read = |file: fs::DirEntry| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap());
        fs::read_dir(dir.path("out")).unwrap().map(|file| read(file.unwrap())).collect()
    };
    let one = files("1");
    assert!(one.len() >= 7, "{:?}", one.keys());
    assert!(one == files("4"), "the reports differ with the number of threads");
}

#[test]
fn a_split_of_its_own_gives_the_thresholds() {
    let dir = TestDir::new();
    let scores = table(300, |machine, noise| noise + f64::from(u8::from(machine)) / 2.0);
    let with_split = |(number, line): (usize, &str)| match number {
        0 => format!("{line},split\n"),
        1..=300 => format!("{line},calibration\n"),
        _ => format!("{line},test\n"),
    };
    let csv: String = scores.lines().enumerate().map(with_split).collect();
    dir.write("scores.csv", &csv);
    let run = evaluate(&dir, &["--scores", "scores.csv", "--threshold-split", "calibration"]);
    assert!(run.stdout.starts_with("150 human and 150 machine texts."), "{}", run.stdout);
    assert!(run.stdout.contains("thresholds are from the human texts of the split `calibration`"), "{}", run.stdout);
    assert!(!run.stdout.contains("note: thresholds were taken"), "{}", run.stdout);

    dir.run(&["evaluate", "--scores", "scores.csv", "-o", "out", "--threshold-split", "dev"]).failed(
        "error: cannot evaluate `scores.csv`\n  \
         caused by: no human text is in the split `dev`; the splits are: calibration, test\n  \
         hint: `--threshold-split` names a value of the column `split`\n",
    );
    dir.write("scores.csv", csv.replace("\nt400,", "\nt4,"));
    dir.run(&["evaluate", "--scores", "scores.csv", "-o", "out", "--threshold-split", "calibration"]).failed(
        "error: cannot evaluate `scores.csv`\n  \
         caused by: 1 texts are in the split `calibration` and outside of it, the first is `t4`, which is `t4` there\n  \
         hint: take them out of one of the two\n",
    );
}

// ---- Tables that are wrong or odd -----------------------------------------------------------------------------------

#[test]
fn tables_that_are_refused() {
    let dir = TestDir::new();
    let refused = |csv: &str, stderr: &str| {
        dir.write("s.csv", csv);
        dir.run(&["evaluate", "--scores", "s.csv", "-o", "out"]).failed(stderr);
    };
    refused(
        "id,verdict,score\na,human,1\n",
        "error: `s.csv`: the table has no column `label`, its columns are: id, verdict, score\n  \
         hint: name the column that holds it, e.g. `--column label=NAME`\n",
    );
    refused(
        "id;label;score\na;human;1\n",
        "error: `s.csv`: the table has no column `label`, its columns are: id;label;score\n  \
         hint: it is separated by semicolons; save it as CSV separated by commas\n",
    );
    refused("id,label,score\na,human,high\n", "error: `s.csv`, line 2: `high` in the column `score` is no number\n");
    refused(
        "id,label,score\na,nobody,1\n",
        "error: `s.csv`, line 2: unknown label `nobody`, expected human or machine, 0 or 1\n",
    );
    refused(
        "id,label,score\na,,1\n",
        "error: `s.csv`, line 2: the column `label` is empty, expected human or machine\n",
    );
    refused("id,label,score\n", "error: `s.csv` has a header and no rows\n");
    refused(
        "id,label,score\na,human\n",
        "error: `s.csv`, line 2: expected 3 cells as in the header, found 2\n  \
         hint: a cell with a comma, a quote or a line break in it must be in double quotes\n",
    );
    dir.run(&["evaluate", "-o", "out"])
        .failed("error: nothing to evaluate: name a file of labelled texts, or stored scores with `--scores`\n");
    assert!(!dir.path("out").exists(), "nothing is written for what was refused");
}

/// Byte order mark, Windows line ends, quotes, other names, other labels, and a cell of 10 MB.
#[test]
fn odd_tables_are_read() {
    let dir = TestDir::new();
    let mut csv = "\u{FEFF}name,\"is \"\"AI\"\"\",p,remark\r\n".to_owned();
    for index in 0..80 {
        let remark = if index == 3 { "x, ".repeat(10 << 20 >> 1) } else { "one\r\ntwo".to_owned() };
        let _ = write!(
            csv,
            "\"n,{index}\",{},{},\"{remark}\"\r\n",
            index % 2,
            noise(index) / 2.0 + (index % 2) as f64 / 2.0
        );
    }
    assert!(csv.len() > 10 << 20);
    dir.write("odd.csv", &csv);
    let columns = ["--label-column", "is \"AI\"", "--score-column", "p", "--column", "id=name"];
    let run = evaluate(&dir, &[&["--scores", "odd.csv"][..], &columns].concat());
    assert!(run.stdout.starts_with("40 human and 40 machine texts. AUROC is 1.000"), "{}", run.stdout);
    assert!(fs::read_to_string(dir.path("out/texts.csv")).unwrap().contains("\"n,7\",machine,"));
    dir.run(&["evaluate", "--scores", "odd.csv", "-o", "out", "--column", "colour=p"]).failed(
        "error: `--column colour=p`: there is no field `colour`; fields are id, text, label, score, source, domain, generator, \
         attack, group, split, unit, tokens, verdict, probability, p_value\n",
    );
}

#[test]
fn missing_scores_are_misses_and_said_to_be() {
    let dir = TestDir::new();
    let mut csv = "id,label,score\n".to_owned();
    for index in 0..100 {
        let missing = ["NaN", "", "null"].get(index / 2).copied();
        let score = missing.map_or_else(|| (index % 2).to_string(), str::to_owned);
        let _ = writeln!(csv, "t{index},{},{score}", index % 2);
    }
    dir.write("scores.csv", csv);
    let run = evaluate(&dir, &["--scores", "scores.csv"]);
    for note in [
        "note: 3 of 50 human texts have no score: never called machine, which flatters the rate of false alarms\n",
        "note: 3 of 50 machine texts have no score: counted as missed\n",
        "note: a false-positive rate of 1 % needs 100 human texts, there are 50: left empty\n",
        "note: thresholds were taken from the evaluated human texts themselves",
    ] {
        assert!(run.stdout.contains(note), "{note} is not in {}", run.stdout);
    }
    assert_eq!(all_texts(&dir)["tpr_at_5_percent_fpr"], "0.940000");
    assert_eq!(all_texts(&dir)["tpr_at_1_percent_fpr"], "");
}

/// What `evaluate` writes for RAID can be read again, with the labels from elsewhere.
#[test]
fn predictions_go_out_and_in() {
    let dir = TestDir::new();
    dir.write("scores.csv", table(100, |machine, noise| noise + f64::from(u8::from(machine)) / 2.0));
    let direct = evaluate(&dir, &["--scores", "scores.csv", "--title", "x"]);
    let cells = fs::read(dir.path("out/cells.csv")).unwrap();
    fs::rename(dir.path("out/predictions.json"), dir.path("predictions.json")).unwrap();
    let again = evaluate(&dir, &["--scores", "predictions.json", "--labels", "scores.csv", "--title", "x"]);
    assert_eq!(direct.stdout, again.stdout);
    assert_eq!(fs::read(dir.path("out/cells.csv")).unwrap(), cells);

    let run = dir.run(&["evaluate", "--scores", "predictions.json", "-o", "out"]);
    run.failed("error: `predictions.json` has no labels: name the file that has with `--labels`\n");
    dir.write("predictions.json", "[{\"id\": 1, \"score\": 2}, {\"id\": 1, \"score\": 3}]");
    let run = dir.run(&["evaluate", "--scores", "predictions.json", "--labels", "scores.csv", "-o", "out"]);
    run.failed("error: `predictions.json`: the id `1` is there twice\n");
}

#[test]
fn two_runs_are_compared() {
    let dir = TestDir::new();
    dir.write("a.csv", table(200, |machine, noise| noise + f64::from(u8::from(machine)) / 4.0));
    dir.write("b.csv", table(200, |machine, noise| noise + f64::from(u8::from(machine)) / 2.0));
    evaluate(&dir, &["--scores", "a.csv"]);
    let run = dir.run(&["compare", "out", "b.csv", "--resamples", "200", "-o", "differences.csv"]).succeeded();
    insta::assert_snapshot!(run.stdout.lines().take(4).collect::<Vec<_>>().join("\n"), @r#"
    400 texts of both
    all texts: AUROC 0.720 -> 0.876, +0.156 (95 %: +0.143 to +0.171), 200 human and 200 machine texts
    all texts: TPR at 5 % FPR 0.295 -> 0.550, +0.255 (95 %: +0.220 to +0.292), 200 human and 200 machine texts
    all texts: TPR at 1 % FPR 0.270 -> 0.520, +0.250 (95 %: +0.218 to +0.288), 200 human and 200 machine texts
    "#);
    let table = fs::read_to_string(dir.path("differences.csv")).unwrap();
    assert!(table.starts_with("metric,cell,human_texts,machine_texts,first,second,second_minus_first,"), "{table}");
    let same = dir.run(&["compare", "out", "a.csv", "--resamples", "50"]).succeeded();
    assert!(same.stdout.contains("cells whose interval excludes 0: 0 of "), "{}", same.stdout);
    dir.write("b.csv", "id,label,score\nx,human,1\n");
    dir.run(&["compare", "out", "b.csv"]).failed(
        "error: cannot compare `out` and `b.csv`\n  caused by: the two runs have no text in common\n  \
         hint: runs are matched by the column `id`: give every text one of its own\n",
    );
}

// ---- Texts that are judged ------------------------------------------------------------------------------------------

fn labelled_texts(dir: &TestDir) {
    let line = |(id, text): (usize, String)| {
        let label = ["human", "machine"][id % 2];
        json!({"id": id, "text": text, "label": label, "source": format!("s{}", id % 5)}).to_string() + "\n"
    };
    dir.write("texts.jsonl", many_texts().into_iter().enumerate().map(line).collect::<String>());
}

#[test]
fn a_killed_run_goes_on_and_judges_nothing_twice() {
    let dir = TestDir::new();
    labelled_texts(&dir);
    let arguments = ["evaluate", "texts.jsonl", "-o", "out", "--resamples", "50"];
    let mut child = dir.detect(&arguments).stderr(std::process::Stdio::null()).spawn().unwrap();
    let journal = dir.path("out/judged.jsonl");
    // whole ones: a kill may come in the middle of a line
    let lines = || fs::read(&journal).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count());
    let start = Instant::now();
    while lines() < 2 && start.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    let before = lines() - 1;
    assert!((1..150).contains(&before), "{before} texts were judged before the run was killed");
    // The worst case: the last line was cut off.
    let mut left = fs::read(&journal).unwrap();
    left.extend(b"{\"key\": 12, \"te");
    fs::write(&journal, left).unwrap();

    let run = dir.run(&arguments);
    assert_eq!(run.stderr, format!("note: {before} of 150 texts had been judged before, by `out/judged.jsonl`\n"));
    assert_eq!((run.code, lines()), (Some(0), 151));
    let whole = TestDir::new();
    labelled_texts(&whole);
    assert_eq!(whole.run(&arguments).succeeded().stdout, run.stdout);
    for file in ["cells.csv", "texts.csv", "index.html"] {
        let name = format!("out/{file}");
        assert!(fs::read(dir.path(&name)).unwrap() == fs::read(whole.path(&name)).unwrap(), "{file} differs");
    }
    let other = dir.run(&["evaluate", "texts.jsonl", "-o", "out", "--fpr", "0.05"]);
    other.failed(
        "error: cannot use `out/judged.jsonl`\n  caused by: it was begun with another model, calibration, `--fpr` or other columns; \
         name a new folder\n",
    );
}

/// Somebody who names a column wrongly and then rightly need not clean up.
#[test]
fn a_wrong_column_leaves_nothing_behind() {
    let dir = TestDir::new();
    let csv = "essay,Label\r\nToo short to judge.,human\r\n\"Too short, also.\",machine\r\n";
    dir.write("t.csv", format!("\u{FEFF}{csv}"));
    let arguments = ["evaluate", "t.csv", "-o", "out", "--resamples", "20", "--column", "text=essay"];
    dir.run(&arguments).failed(
        "error: `t.csv`: the table has no column `label`, its columns are: essay, Label\n  \
         hint: names are told apart by case too: `--column label=Label`\n",
    );
    let refused = dir.run(&[&arguments[..], &["--label-column", "essay"]].concat());
    assert!(refused.stderr.contains("unknown label `Too short to judge.`"), "{refused:#?}");
    assert!(!dir.path("out").exists());
    assert_eq!(dir.run(&[&arguments[..], &["--label-column", "Label"]].concat()).code, Some(0));
    assert_eq!(fs::read_to_string(dir.path("out/judged.jsonl")).unwrap().lines().count(), 3);
}
