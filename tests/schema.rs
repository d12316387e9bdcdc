use crate::harness::{Run, TestDir, repository};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Besides `path` (a file) or `id` (a line of JSONL), and with `--tokens` also `token_values`.
const KEYS: [&str; 14] = [
    "evidence",
    "humans",
    "kind",
    "machines",
    "model",
    "p_value",
    "p_values",
    "reason",
    "score",
    "statistics",
    "style",
    "tokens",
    "verdict",
    "words",
];
const EVIDENCE: [&str; 5] = ["hidden", "lexical", "likelihood", "prior", "style"];
const STATISTICS: [&str; 20] = [
    "autocorrelation",
    "bytes_per_token",
    "curvature",
    "curvature_deviation",
    "entropy",
    "entropy_deviation",
    "log_likelihood",
    "log_rank",
    "lrr",
    "perplexity_ratio",
    "rank_1",
    "rank_10",
    "rank_100",
    "repetition",
    "surprisal_50",
    "surprisal_90",
    "surprisal_deviation",
    "surprisal_difference",
    "surprisal_kurtosis",
    "surprisal_skewness",
];
const TOKEN: [&str; 6] = ["end", "entropy", "evidence", "log_probability", "rank", "start"];

/// Parts are f64, the score of a head is kept as f32.
const SUM: f64 = 1e-3;

fn human(number: usize) -> String {
    std::fs::read_to_string(repository(&format!("texts/human-{number}.txt"))).unwrap()
}

#[track_caller]
fn assert_keys(object: &Value, expected: &[&str]) {
    let mut found: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{object}");
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[track_caller]
fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

/// `{above | below, of, tokens: [from, to]}`, and the p-value that the counts give.
#[track_caller]
fn counted(object: &Value, name: &str) -> f64 {
    assert_keys(object, &[name, "of", "tokens"]);
    let (part, all) = (count(&object[name]), count(&object["of"]));
    let lengths: Vec<u64> = object["tokens"].as_array().unwrap().iter().map(count).collect();
    assert!(part <= all && lengths.len() == 2 && lengths[0] <= lengths[1], "{object}");
    (part + 1) as f64 / (all + 1) as f64
}

/// What must hold of each text that has a score.
#[track_caller]
fn check_judged(object: &Value) {
    assert_keys(&object["evidence"], &EVIDENCE);
    assert_keys(&object["statistics"], &STATISTICS);
    assert_keys(&object["p_values"], &["assistant", "sampled"]);
    let statistics = object["statistics"].as_object().unwrap();
    assert!(statistics.values().all(Value::is_number), "{object}");
    let sum: f64 = object["evidence"].as_object().unwrap().values().map(number).sum();
    let score = number(&object["score"]);
    assert!((sum - score).abs() < SUM, "the evidence adds up to {sum}, the score is {score}");

    let style = object["style"].as_array().unwrap();
    assert_eq!(style.len(), if number(&object["evidence"]["style"]) == 0.0 { 0 } else { 5 }, "{object}");
    style.iter().for_each(|mark| assert_keys(mark, &["human_median", "log_odds", "mark", "value"]));
    let strengths: Vec<f64> = style.iter().map(|mark| number(&mark["log_odds"]).abs()).collect();
    assert!(strengths.is_sorted_by(|left, right| left >= right), "{object}");

    let p_value = counted(&object["humans"], "above");
    assert!((p_value - number(&object["p_value"])).abs() < 1e-9, "{object}");
    let missed = counted(&object["machines"], "below");
    for p_value in ["assistant", "sampled"].map(|head| number(&object["p_values"][head])) {
        assert!(p_value > 0.0 && p_value <= 1.0, "{object}");
    }
    assert!(count(&object["tokens"]) >= 50 && count(&object["words"]) > 0, "{object}");
    assert!(object["model"].as_str().unwrap().starts_with("gpt2-"), "{object}");
    // the margins for people and models that were not counted
    let (verdict, reason, kind) = match (4.0 * p_value <= 0.01, 1.5 * missed <= 0.05) {
        (true, _) => ("machine", Value::Null, object["kind"].clone()),
        (false, true) => ("human", Value::Null, Value::Null),
        (false, false) => ("undecided", json!("between"), Value::Null),
    };
    assert_eq!((&object["verdict"], &object["reason"], &object["kind"]), (&json!(verdict), &reason, &kind), "{object}");
    let known = ["assistant", "sampled"].iter().any(|known| kind == *known);
    assert_eq!(known, verdict == "machine", "{object}");
}

#[test]
fn a_judged_text() {
    let dir = TestDir::new();
    dir.write("letter.txt", human(1));
    let object = dir.run(&["--json", "letter.txt"]).succeeded().object();
    assert_keys(&object, &[&KEYS[..], &["path"]].concat());
    assert_eq!(object["path"], "letter.txt");
    assert_eq!(object["words"], 177);
    check_judged(&object);
}

#[test]
fn a_text_with_quotations() {
    let dir = TestDir::new();
    dir.write("letter.txt", human(1));
    dir.write("corpus.txt", human(1).split_once(". ").unwrap().0);
    let object = dir.run(&["--json", "letter.txt", "--corpus", "corpus.txt"]).succeeded().object();
    assert_keys(&object, &[&KEYS[..], &["path", "overlap"]].concat());
    let overlap = &object["overlap"];
    assert_keys(overlap, &["share", "found", "total", "longest", "memorised", "whole", "spans"]);
    assert_keys(&overlap["whole"], &["verdict", "reason", "kind", "score", "p_value"]);
    assert_keys(&overlap["spans"][0], &["start", "end", "words", "document", "file", "offset"]);
    let share = count(&overlap["found"]) as f64 / count(&overlap["total"]) as f64;
    assert!((number(&overlap["share"]) - share).abs() < 1e-12 && share > 0.0 && share < 1.0, "{overlap}");
    assert_eq!(overlap["memorised"], false);
    let alone = dir.run(&["--json", "letter.txt"]).succeeded().object();
    assert_eq!(overlap["whole"]["score"], alone["score"]);
    assert!(count(&object["words"]) < count(&alone["words"]), "{object}");
}

#[test]
fn an_undecided_text() {
    let dir = TestDir::new();
    dir.write("short.txt", "Three short words");
    let object = dir.run(&["--json", "short.txt"]).succeeded().object();
    let expected = json!({
        "path": "short.txt",
        "verdict": "undecided",
        "reason": "too_short",
        "score": null,
        "kind": null,
        "p_value": null,
        "p_values": null,
        "humans": null,
        "machines": null,
        "tokens": count(&object["tokens"]),
        "words": 3,
        "evidence": {},
        "statistics": null,
        "style": [],
        "model": object["model"].as_str().unwrap(),
    });
    assert_eq!(object, expected);
}

#[test]
fn a_file_and_a_line_of_jsonl_are_judged_alike() {
    let dir = TestDir::new();
    dir.write("memoir.txt", human(4));
    dir.write("texts.jsonl", json!({"id": "memoir", "text": human(4), "label": "human"}).to_string());
    let mut file = dir.run(&["--json", "memoir.txt"]).succeeded().object();
    let mut line = dir.run(&["--jsonl", "texts.jsonl"]).succeeded().object();
    assert_keys(&line, &[&KEYS[..], &["id"]].concat());
    assert_eq!(line.as_object_mut().unwrap().remove("id"), Some(json!("memoir")));
    assert_eq!(file.as_object_mut().unwrap().remove("path"), Some(json!("memoir.txt")));
    assert_eq!(line, file);
}

// ---- Tokens ---------------------------------------------------------------------------------------------------------

/// Byte order mark, curly quotes, ellipsis, exotic spaces, a word with a zero-width space and one with a soft hyphen
/// in it, an e with a combining accent, and lines broken at some 60 characters.
const DISGUISED: &str = "\u{FEFF}\u{201C}We were never told,\u{201D} said the woman at the ferry, and she\n\
    went on coiling the rope as if it was nothing to her. The ket\u{200B}tle\n\
    had boiled dry on the stove\u{2026} and nobody had got up to see to it.  My\n\
    brother\u{2019}s coat hung over the rail, and the cafe\u{301} on the other bank\n\
    was shut\u{A0}up for the winter with its chairs on the tables.\n\
    \n\
    \u{2018}Then who was it?\u{2019} I asked her, and she looked at the wa\u{AD}ter for a\n\
    long time before she\u{3000}said that it had been the old man himself, \u{2014} the\n\
    one they buried in the spring when the road was still under snow.\u{200D}\n";

/// What normalising may drop between two tokens.
fn is_dropped(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{FEFF}' | '\u{200B}' | '\u{200D}' | '\u{AD}')
}

#[test]
fn token_values_slice_the_original_text() {
    let dir = TestDir::new();
    dir.write("disguised.txt", DISGUISED);
    let object = dir.run(&["--tokens", "disguised.txt"]).succeeded().object();
    assert_keys(&object, &[&KEYS[..], &["path", "token_values"]].concat());
    check_judged(&object);
    let values = object["token_values"].as_array().unwrap();
    assert_eq!(values.len() as u64, count(&object["tokens"]));

    let (mut last_start, mut covered) = (0, 0);
    let mut slices = Vec::new();
    for value in values {
        let (start, end) = (count(&value["start"]) as usize, count(&value["end"]) as usize);
        let slice = DISGUISED.get(start..end).unwrap_or_else(|| panic!("{value} cuts a character"));
        assert!(!slice.is_empty() && start >= last_start && end >= covered, "{value} steps back from {covered}");
        let gap = DISGUISED.get(covered..start).unwrap_or_default();
        assert!(gap.chars().all(is_dropped), "{gap:?} belongs to no token, before {value}");
        (last_start, covered) = (start, end);
        slices.push(slice);
    }
    assert!(DISGUISED[covered..].chars().all(is_dropped), "{:?} belongs to no token", &DISGUISED[covered..]);
    for disguised in ["\u{201C}", "\u{2019}", "\u{2026}", "e\u{301}", "\u{2014}"] {
        assert!(slices.iter().any(|slice| slice.contains(disguised)), "{disguised:?} is in no slice");
    }
}

#[test]
fn token_values_add_up_to_the_score() {
    let dir = TestDir::new();
    dir.write("disguised.txt", DISGUISED);
    dir.write("memoir.txt", human(4));
    dir.write("minutes.txt", human(5));
    for object in dir.run(&["--tokens", "disguised.txt", "memoir.txt", "minutes.txt"]).succeeded().objects() {
        let mut sum = number(&object["evidence"]["prior"]);
        for (index, value) in object["token_values"].as_array().unwrap().iter().enumerate() {
            assert_keys(value, &TOKEN);
            assert!(count(&value["rank"]) >= 1 && number(&value["entropy"]) >= 0.0, "{value}");
            match index {
                0 => assert!(value["log_probability"].is_null(), "nothing is before the first token: {value}"),
                _ => assert!(number(&value["log_probability"]) <= 0.0, "{value}"),
            }
            sum += number(&value["evidence"]);
        }
        let score = number(&object["score"]);
        assert!((sum - score).abs() < SUM, "{}: tokens and prior are {sum}, the score {score}", object["path"]);
    }
}

// ---- Many texts -----------------------------------------------------------------------------------------------------

/// 150 texts of some 100 words: sentences of the five, from every beginning in turn.
pub(crate) fn many_texts() -> Vec<String> {
    let all: Vec<String> = (1..=5).map(human).collect();
    let sentences: Vec<&str> = all.iter().flat_map(|text| text.split_inclusive(". ")).map(str::trim).collect();
    let words = |text: &str| text.split_whitespace().count();
    (0..150)
        .map(|number| {
            let mut text = String::new();
            for at in 0.. {
                if words(&text) >= 90 + number / sentences.len() * 10 {
                    break;
                }
                text.push_str(sentences[(number + at) % sentences.len()]);
                text.push(' ');
            }
            text
        })
        .collect()
}

fn judge_many() -> Run {
    let dir = TestDir::new();
    let line = |(id, text): (usize, String)| json!({"id": id, "text": text}).to_string() + "\n";
    dir.write("texts.jsonl", many_texts().into_iter().enumerate().map(line).collect::<String>());
    dir.run(&["--jsonl", "texts.jsonl"]).succeeded()
}

/// Judged once for all tests.
static MANY: LazyLock<Run> = LazyLock::new(judge_many);

#[test]
fn many_texts_keep_their_order_and_give_the_same_bytes_again() {
    let ids: Vec<String> = MANY.objects().iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, (0..150).map(|id| id.to_string()).collect::<Vec<_>>());
    assert_eq!(judge_many(), *MANY);
}

/// Texts of one length are counted against the same human texts: the higher the score, the fewer score as high.
#[test]
fn a_higher_score_never_has_a_higher_p_value() {
    let mut found: Vec<(u64, f64, f64)> = Vec::new();
    for object in MANY.objects() {
        check_judged(&object);
        found.push((count(&object["tokens"]), number(&object["score"]), number(&object["p_value"])));
    }
    found.sort_by(|left, right| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)));
    let neighbours: Vec<_> = found.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
    assert!(neighbours.len() >= 20, "only {} pairs of one length", neighbours.len());
    for pair in neighbours {
        assert!(pair[0].2 >= pair[1].2, "(tokens, score, p-value): {pair:?}");
    }
}

/// Words first: an assistant's text is called one without being read, a person's is not called human without being read.
#[test]
fn words_alone_call_no_text_human() {
    let dir = TestDir::new();
    let text = |name: &str| repository(&format!("texts/{name}.txt")).display().to_string();
    let judge =
        |name: &str, options: &[&str]| dir.run(&[options, &["--json", &text(name)]].concat()).succeeded().object();
    let fast = judge("human-1", &["--fast"]);
    assert_eq!((fast["verdict"].as_str(), fast["reason"].as_str()), (Some("undecided"), Some("not_read")), "{fast}");
    assert!(fast["statistics"].is_null() && fast["p_values"]["sampled"].is_null(), "{fast}");
    let sum: f64 = fast["evidence"].as_object().unwrap().values().map(|part| part.as_f64().unwrap()).sum();
    assert!((sum - fast["score"].as_f64().unwrap()).abs() < 1e-6, "{fast}");
    let read = judge("human-1", &[]);
    assert!(read["statistics"].is_object() && read["p_values"]["sampled"].is_f64(), "{read}");
    // every mannerism of an assistant at once, by hand
    let assistant = "Moreover, it is important to note that a balanced approach can foster meaningful and lasting growth. \
        Additionally, this highlights the crucial role of collaboration in a rapidly evolving landscape, underscoring the \
        profound significance of thoughtful, inclusive dialogue. Ultimately, these insights serve as a testament to human \
        resilience, empowering individuals to navigate complex challenges. By leveraging innovative strategies, communities \
        can unlock the full potential of their resources, fostering a deeper sense of connection. In conclusion, embracing \
        diverse perspectives not only enhances overall well-being but also paves the way for a brighter, more sustainable \
        future for generations to come.";
    dir.write("assistant.txt", assistant);
    let unread = dir.run(&["--fast", "--json", "assistant.txt"]).succeeded().object();
    assert_eq!((unread["verdict"].as_str(), unread["kind"].as_str()), (Some("machine"), Some("assistant")), "{unread}");
    assert!(unread["statistics"].is_null() && unread["p_values"]["sampled"].is_null(), "{unread}");
    let refused = dir.run(&["--fast", "--tokens", &text("human-1")]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
}
