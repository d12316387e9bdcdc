use crate::harness::{Run, TestDir, repository};
use serde_json::Value;

/// Five texts in the manner of people: a letter, a recipe, a forum reply about a bicycle, a memoir, minutes of a
/// meeting. They were written for this test by a language model that was asked to write like people, so that this is a
/// test of registers unlike essays and news; it says nothing about the rate of false alarms, which
/// `leave-one-source-out.csv` measures on texts by people.
#[test]
fn texts_in_the_manner_of_people_are_not_called_machine() {
    let files: Vec<String> =
        (1..=5).map(|number| repository(&format!("texts/human-{number}.txt")).display().to_string()).collect();
    let mut arguments = vec!["--json", "--exit-code"];
    arguments.extend(files.iter().map(String::as_str));
    let run = TestDir::new().run(&arguments);
    let detections = run.objects();
    assert_eq!(detections.len(), 5, "{run:#?}");
    for detection in &detections {
        let was_judged = detection["score"].is_number();
        assert!(was_judged && detection["verdict"] != "machine", "{detection:#}");
    }
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:#?}");
}

/// 300 tokens from nothing, as `detect generate` draws them.
fn sample(seed: u64) -> Run {
    let seed = seed.to_string();
    TestDir::new().run(&["generate", "--seed", &seed, "-n", "300", "--top-k", "40"]).succeeded()
}

#[test]
fn samples_of_the_own_model_are_recognised() {
    let dir = TestDir::new();
    let names: Vec<String> = (1..=5).map(|seed| format!("sample-{seed}.txt")).collect();
    for (name, seed) in names.iter().zip(1..) {
        dir.write(name, sample(seed).stdout);
    }
    let mut arguments = vec!["--json", "--exit-code"];
    arguments.extend(names.iter().map(String::as_str));
    let run = dir.run(&arguments);
    let detections = run.objects();
    assert_eq!(detections.len(), 5, "{run:#?}");
    let all = || detections.iter().map(|detection| format!("{detection:#}\n")).collect::<String>();
    let is_machine = |detection: &&Value| {
        detection["verdict"] == "machine" && (detection["kind"] == "sampled" || detection["kind"] == "assistant")
    };
    let machines = detections.iter().filter(is_machine).count();
    assert!(machines >= 4, "{machines} of 5 samples are called machine: {}", all());
    assert!(detections.iter().all(|detection| detection["verdict"] != "human"), "{}", all());
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""), "a machine text with `--exit-code`");
}
