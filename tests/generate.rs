use crate::harness::{Run, TestDir};

fn generate(arguments: &[&str]) -> Run {
    TestDir::new().run(&[&["generate"][..], arguments].concat())
}

fn text(arguments: &[&str]) -> String {
    generate(arguments).succeeded().stdout
}

/// Tokens that `--verbose` counts for each sample, and the texts.
fn counted(arguments: &[&str]) -> (Vec<usize>, String) {
    let run = generate(&[arguments, &["--verbose"]].concat());
    assert_eq!(run.code, Some(0), "{run:#?}");
    let count = |line: &str| line.split_once(" tokens, ").unwrap().0.parse::<usize>().unwrap();
    (run.stderr.lines().map(count).collect(), run.stdout)
}

#[test]
fn the_seed_decides() {
    let sample = |seed| text(&["The old mill", "-n", "40", "--seed", seed]);
    assert_eq!(sample("1"), sample("1"));
    assert_ne!(sample("1"), sample("2"));
    assert_eq!(sample("1"), text(&["The old mill", "-n", "40"]), "1 is the seed where none is given");
}

#[test]
fn greedy_text_needs_no_seed() {
    let greedy = |prompt, seed| text(&[prompt, "-n", "30", "--greedy", "--seed", seed]);
    assert_eq!(greedy("The old mill", "1"), greedy("The old mill", "2"));
    let cold = text(&["The old mill", "-n", "30", "--temperature", "0"]);
    assert_eq!(cold, greedy("The old mill", "1"), "temperature 0 is greedy");
    let one = text(&["The old mill", "-n", "30", "--top-k", "1"]);
    assert_eq!(one, cold, "so is the best of one");
}

#[test]
fn a_sample_begins_with_the_prompt() {
    assert!(text(&["The café “by the mill”", "-n", "5"]).starts_with("The café “by the mill”"));
    let from_nothing = text(&["", "-n", "20"]);
    assert_eq!(from_nothing, text(&["-n", "20"]));
    assert!(!from_nothing.trim().is_empty(), "{from_nothing:?}");
}

#[test]
fn no_sample_is_longer_than_asked_for() {
    let (none, empty) = counted(&["The old mill", "-n", "0"]);
    assert_eq!((none, empty.as_str()), (vec![0], "The old mill\n"));
    let (counts, _) = counted(&["The old mill", "-n", "25", "--samples", "5"]);
    assert_eq!(counts.len(), 5);
    assert!(counts.iter().all(|count| *count <= 25), "{counts:?}");
    assert!(counts.contains(&25), "a text may end before, but not five of five: {counts:?}");
}

/// The second sample of seed 3 is the first of seed 4.
#[test]
fn samples_take_the_next_seeds() {
    let sample = |seed| text(&["The old mill", "-n", "20", "--seed", seed]);
    let both = text(&["The old mill", "-n", "20", "--seed", "3", "--samples", "2"]);
    assert_eq!(both, sample("3") + "\n---\n\n" + &sample("4"));
}

/// A longer sample goes on where the shorter one of the same seed stopped.
#[test]
fn a_short_sample_is_the_beginning_of_a_long_one() {
    let short = text(&["The old mill", "-n", "10"]);
    let short = short.trim_end_matches(['\n', '\u{FFFD}']);
    let long = text(&["The old mill", "-n", "60"]);
    assert!(long.starts_with(short) && long.len() > short.len() + 1, "{short:?} and {long:?}");
}

#[test]
fn options_out_of_range_are_named() {
    let refused = |arguments: &[&str], message: &str| {
        let run = generate(arguments);
        assert_eq!((run.code, run.stderr), (Some(2), format!("error: {message}\n")), "{arguments:?}");
    };
    refused(&["--top-p", "0"], "`--top-p` is 0, expected a number above 0, up to 1");
    refused(&["--temperature", "NaN"], "`--temperature` is NaN, expected a number from 0 (greedy) up");
    refused(
        &["--repetition-penalty", "0"],
        "`--repetition-penalty` is 0, expected a number above 0 (1 changes nothing)",
    );
}

// ---- Help -----------------------------------------------------------------------------------------------------------

/// Lines of help that begin with an option, each with whether something is said about it there or on the next line.
fn options(help: &str) -> Vec<(String, bool)> {
    let lines: Vec<&str> = help.lines().collect();
    let mut options = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        if line.len() == trimmed.len() || !trimmed.starts_with('-') || trimmed.starts_with("- ") {
            continue;
        }
        let name = trimmed.split_whitespace().find(|word| word.starts_with("--")).unwrap_or(trimmed);
        let said_here = trimmed.split_once("  ").is_some_and(|(_, said)| !said.trim().is_empty());
        let next = lines.get(at + 1).map_or("", |line| line.trim());
        let said_below = !next.is_empty() && !next.starts_with('-');
        options.push((name.trim_end_matches(',').to_owned(), said_here || said_below));
    }
    options
}

#[test]
fn every_command_explains_its_options() {
    let commands: [(&[&str], &[&str]); 15] = [
        (
            &[],
            &[
                "--jsonl",
                "--json",
                "--tokens",
                "--fpr",
                "--exit-code",
                "--index",
                "--corpus",
                "--device",
                "--reference-model",
                "--help",
                "--version",
            ],
        ),
        (
            &["generate"],
            &[
                "--tokens",
                "--samples",
                "--seed",
                "--temperature",
                "--top-k",
                "--top-p",
                "--repetition-penalty",
                "--greedy",
                "--model",
                "--device",
                "--verbose",
                "--help",
            ],
        ),
        (
            &["train"],
            &["--output", "--vocabulary", "--layers", "--steps", "--schedule", "--device", "--from", "--help"],
        ),
        (&["overlap"], &["--index", "--no-verify", "--json", "--distinct", "--skip-bad", "--threads", "--help"]),
        (
            &["overlap", "build"],
            &[
                "--output",
                "--n",
                "--apostrophe",
                "--alphabet",
                "--across-documents",
                "--false-positives",
                "--expect",
                "--memory",
                "--skip-bad",
                "--help",
            ],
        ),
        (&["overlap", "join"], &["--queries", "--corpus", "--n", "--json", "--distinct", "--skip-bad", "--help"]),
        (&["overlap", "merge"], &["--output", "--help"]),
        (&["overlap", "info"], &["--json", "--help"]),
        (
            &["overlap", "study"],
            &["--train", "--test", "--samples", "--output", "--held-out", "--count", "--tokens", "--model", "--help"],
        ),
        (
            &["evaluate"],
            &[
                "--scores",
                "--labels",
                "--output",
                "--label-column",
                "--column",
                "--threshold-split",
                "--model",
                "--heads",
                "--calibration",
                "--help",
            ],
        ),
        (&["compare"], &["--output", "--resamples", "--seed", "--help"]),
        (&["audit"], &["--group", "--limit", "--model", "--heads", "--calibration", "--help"]),
        (&["calibrate"], &["--output", "--model", "--heads", "--column", "--help"]),
        (&["verify"], &["--model", "--heads", "--calibration", "--help"]),
        (
            &["train-detector"],
            &[
                "--output",
                "--model",
                "--own-samples",
                "--layers",
                "--fraction",
                "--read-fraction",
                "--protocol",
                "--attacked",
                "--seed",
                "--help",
            ],
        ),
    ];
    for (command, expected) in commands {
        for flag in ["--help", "-h"] {
            let run = TestDir::new().run(&[command, &[flag]].concat()).succeeded();
            let found = options(&run.stdout);
            for option in expected {
                assert!(found.iter().any(|(name, _)| name == option), "{command:?} {flag}, {option}: {}", run.stdout);
            }
            for (name, said) in &found {
                assert!(said, "{command:?} {flag} says nothing about {name}: {}", run.stdout);
            }
        }
    }
}

#[test]
fn the_commands_and_the_version_are_listed() {
    let help = TestDir::new().run(&["--help"]).succeeded().stdout;
    for command in ["evaluate", "audit", "calibrate", "verify", "generate", "train", "train-detector", "overlap"] {
        let listed = help.lines().any(|line| line.starts_with(&format!("  {command} ")) && line.len() > 20);
        assert!(listed, "{command}: {help}");
    }
    let version = TestDir::new().run(&["--version"]).succeeded().stdout;
    assert_eq!(version, format!("detect {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_option_is_an_error() {
    let run = TestDir::new().run(&["--certainly"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:#?}");
    assert!(run.stderr.starts_with("error: unexpected argument '--certainly' found"), "{run:#?}");
}
