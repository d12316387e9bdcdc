//! `detect train-detector`, whole, on texts put together from sentences of our own and a tiny model.

use crate::harness::{Run, TestDir, repository};
use std::fmt::Write;

const PLAIN: [&str; 8] = [
    "The dog got out again and we found him by the bins behind the school.",
    "My brother said he would bring the ladder back, but that was in May.",
    "It rained all of Tuesday, so the match was off and we ate the sandwiches at home.",
    "Nobody told me the shop had moved, and I stood there like a fool with my bag.",
    "She laughed so hard that the tea went over the letters and over the cat.",
    "We had to push the car up the hill, the three of us, and then it started.",
    "I still do not know who left the gate open, and I have stopped asking.",
    "The bus was late, the driver was cross, and the heating did not work.",
];
const SMOOTH: [&str; 8] = [
    "Furthermore, it is important to note that a balanced approach can foster meaningful growth.",
    "Moreover, this highlights the crucial role of collaboration in a rapidly changing landscape.",
    "Ultimately, these insights underscore the profound significance of thoughtful and inclusive dialogue.",
    "In conclusion, embracing diverse perspectives allows individuals to navigate complex challenges.",
    "Additionally, the intricate tapestry of human experience serves as a testament to resilience.",
    "By leveraging innovative strategies, communities can unlock the full potential of their resources.",
    "This delicate balance not only enhances well-being but also empowers future generations.",
    "Consequently, it is essential to consider the multifaceted implications of such developments.",
];

/// Words that either class may have anywhere: with them no two texts are of one form.
const NEUTRAL: [&str; 24] = [
    "really", "there", "now", "perhaps", "again", "here", "once", "later", "soon", "often", "still", "also", "always",
    "today", "almost", "maybe", "indeed", "then", "too", "never", "away", "back", "even", "only",
];

/// The sentence with a neutral word after every third of its words.
fn varied(sentence: &str, seed: usize) -> String {
    let mut random = seed;
    let words = sentence.split(' ').enumerate().map(|(at, word)| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let neutral = NEUTRAL[(random >> 33) % NEUTRAL.len()];
        if at % 3 == 2 { format!("{neutral} {word}") } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Texts of three sources; the sentences of one class stand in another order in each.
fn labelled() -> String {
    let mut lines = String::new();
    for (source, domain, generator) in
        [("letters", "news", "gpt-4"), ("notes", "review", "claude-3"), ("seqxgpt", "x", "gpt2")]
    {
        for number in 0..40_usize {
            for (label, pool) in [("human", PLAIN), ("machine", SMOOTH)] {
                let sentence = |at: usize| {
                    let seed = ((number * 8 + at) * 2 + usize::from(label == "human")) * 100 + domain.len();
                    varied(pool[(number * (2 * at + 1) + at * domain.len()) % pool.len()], seed)
                };
                let text = (0..8).map(sentence).collect::<Vec<_>>().join(" ");
                let writer = if label == "machine" { format!("\"{generator}\"") } else { "null".to_owned() };
                writeln!(
                    lines,
                    r#"{{"id":"{label}-{number}","text":"{text} {number}","label":"{label}","generator":{writer},"domain":"{domain}","source":"{source}"}}"#
                )
                .unwrap();
            }
        }
    }
    lines
}

fn train(dir: &TestDir, output: &str) -> Run {
    let run = dir.run(&[
        "train-detector",
        "texts.jsonl",
        "--model",
        "llama.gguf",
        "--layers",
        "1,2",
        "--own-samples",
        "8",
        "--protocol",
        "-o",
        output,
    ]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    run
}

#[test]
fn heads_are_trained_for_a_model_and_judge_with_it() {
    let dir = TestDir::new();
    dir.write("llama.gguf", std::fs::read(repository("fixtures/tiny-llama.gguf")).unwrap());
    dir.write("texts.jsonl", labelled());
    let run = train(&dir, "heads");
    assert!(run.stdout.contains("left-out source"), "{run:#?}");
    let read = |name: &str| std::fs::read_to_string(dir.path(name)).unwrap();

    // every text is of a source that was left out once, and words alone tell these apart
    let scores = read("heads/held-out-scores.csv");
    let sources = read("heads/leave-one-source-out.csv");
    assert!(scores.lines().count() > 200, "{}", scores.lines().count());
    assert!(
        sources.lines().any(|line| line.starts_with("letters,assistant head,") && line.contains(",1.0000,")),
        "{sources}"
    );

    let protocol = read("heads/protocol.csv");
    for begin in
        ["vendor,OpenAI,", "vendor,Anthropic,", "register,news,", "length,", "attack,none,", "attack,25 % human text,"]
    {
        assert!(protocol.lines().any(|line| line.starts_with(begin)), "{begin} in {protocol}");
    }

    dir.write("smooth.txt", SMOOTH.join(" "));
    let judged = dir.run(&["--model", "llama.gguf", "--heads", "heads", "--json", "--fpr", "0.2", "smooth.txt"]);
    let object = judged.succeeded().object();
    assert!(object["score"].as_f64().unwrap() > 0.0, "{object}");
    assert!(object["model"].as_str().unwrap().starts_with("llama-2x64-"), "{object}");

    train(&dir, "again");
    for name in ["heads.json", "calibration.json", "assistant.lexical", "protocol.csv", "held-out-scores.csv"] {
        assert_eq!(
            std::fs::read(dir.path(&format!("heads/{name}"))).unwrap(),
            std::fs::read(dir.path(&format!("again/{name}"))).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_layer_that_the_model_has_not_is_refused() {
    let dir = TestDir::new();
    dir.write("llama.gguf", std::fs::read(repository("fixtures/tiny-llama.gguf")).unwrap());
    dir.write("texts.jsonl", labelled());
    let arguments = ["train-detector", "texts.jsonl", "--model", "llama.gguf", "-o", "heads", "--layers", "1,3"];
    dir.run(&arguments).failed("error: --layers has 3, expected 1 to 2\n");
    let arguments = ["train-detector", "texts.jsonl", "-o", "heads", "--read-fraction", "0"];
    dir.run(&arguments).failed("error: --read-fraction is 0, expected above 0, up to 1\n");
}
