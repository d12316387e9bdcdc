use crate::harness::TestDir;

/// A sentence.
const ENGLISH: &str = "The river ran slowly past the old mill, and we were in no hurry to be home. ";

#[test]
fn what_is_read_is_not_written_over() {
    let dir = TestDir::new();
    let table = "text\n".to_owned() + &ENGLISH.repeat(5) + "\n";
    for (name, content) in [("a.txt", ENGLISH.repeat(5)), ("t.csv", table)] {
        dir.write(name, content);
    }
    let before = ["a.txt", "t.csv"].map(|name| std::fs::read(dir.path(name)).unwrap());
    let hint = "  hint: name another file for the output\n";
    let refused = |name: &str, output: &str| {
        format!("error: `{name}` is to be read and would be overwritten by `{output}`\n{hint}")
    };
    for option in ["--html", "--sarif", "--receipt"] {
        dir.run(&["a.txt", option, "./a.txt"]).failed(&refused("a.txt", "./a.txt"));
    }
    dir.run(&["calibrate", "t.csv", "-o", "t.csv"]).failed(&refused("t.csv", "t.csv"));
    dir.run(&["compare", "t.csv", "a.csv", "-o", "t.csv"]).failed(&refused("t.csv", "t.csv"));
    let run = dir.run(&["overlap", "build", "a.txt", "-o", "a.txt"]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.ends_with("  hint: name another file for the index\n"), "{run:#?}");
    assert_eq!(["a.txt", "t.csv"].map(|name| std::fs::read(dir.path(name)).unwrap()), before);
}

#[test]
fn tables_and_markup_are_not_judged_as_one_text() {
    let dir = TestDir::new();
    for name in ["t.csv", "page.HTML"] {
        dir.write(name, ENGLISH.repeat(5));
    }
    dir.run(&["t.csv"]).failed(
        "error: `t.csv` is a table, not one plain text\n  hint: judge its texts one by one with `detect --jsonl t.csv`\n",
    );
    dir.run(&["page.HTML"]).failed(
        "error: `page.HTML` is a document with markup, not one plain text\n  \
         hint: save it as plain text first; `detect - < page.HTML` judges it as it is, markup and all\n",
    );
}

#[test]
fn a_name_does_not_act_on_the_terminal() {
    let dir = TestDir::new();
    dir.write("a\u{1b}[31m.txt", ENGLISH.repeat(5));
    let run = dir.run(&["a\u{1b}[31m.txt"]).succeeded();
    assert!(run.stdout.starts_with("a\u{FFFD}[31m.txt: ") && !run.stdout.contains('\u{1b}'), "{run:#?}");
    let run = dir.run(&["b\u{1b}[31m.txt"]);
    assert!(run.code == Some(2) && !run.stderr.contains('\u{1b}'), "{run:#?}");
}

#[test]
fn a_text_that_stands_elsewhere_has_nothing_left_to_judge() {
    let dir = TestDir::new();
    for name in ["a.txt", "corpus.txt"] {
        dir.write(name, ENGLISH.repeat(5));
    }
    let run = dir.run(&["a.txt", "--corpus", "corpus.txt", "--html", "a.html"]);
    assert!(run.code == Some(0) && run.stdout.contains(": undecided, nothing is left of it to judge\n"), "{run:#?}");
    let page = std::fs::read_to_string(dir.path("a.html")).unwrap();
    assert!(page.contains("Undecided: nothing is left of it to judge.") && !page.contains("no words in it"), "{page}");
    let object = dir.run(&["a.txt", "--corpus", "corpus.txt", "--json"]).object();
    assert_eq!(object["reason"], "nothing_left", "{object}");
}

#[test]
fn a_page_of_a_long_text_says_what_was_judged() {
    let dir = TestDir::new();
    dir.write("long.txt", ENGLISH.repeat(1_000));
    let run = dir.run(&["long.txt", "--html", "long.html", "--json"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(run.object()["judged_bytes"], 65_536);
    let page = std::fs::read_to_string(dir.path("long.html")).unwrap();
    let cut = format!("The text is longer: judged by its first 65536 bytes of {} bytes.", ENGLISH.len() * 1_000);
    assert!(page.contains(&cut), "{cut}");
}
