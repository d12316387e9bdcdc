//! What the user sees: data on stdout, everything else on stderr; colour only where a terminal wants it.

use anyhow::Result;
use detector::{Detection, Kind, LEAST_TOKENS, Reason, Verdict};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{ErrorKind, IsTerminal, Write};

/// How a command ended; the codes are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: with `--exit-code`, a text was judged machine.
    Machine,
    /// 1: a limit was passed, or a receipt does not hold.
    Refuted,
    /// 2: something could not be read; the error was already printed.
    Failed,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Machine | Exit::Refuted => Self::from(1),
            Exit::Failed => Self::from(2),
        }
    }
}

/// A line on stdout.
pub(crate) fn line(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// A line on stderr.
#[expect(clippy::print_stderr, reason = "the one place that writes notes")]
pub(crate) fn note(message: &str) {
    eprintln!("{}", reports::harmless(message));
}

/// An error of the command line itself, with what to do.
#[derive(Debug)]
pub(crate) struct Hinted {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl std::fmt::Display for Hinted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Hinted {}

/// An error, its causes and what to do, on stderr.
pub(crate) fn report(error: &anyhow::Error) {
    note(&format!("error: {error}"));
    for cause in error.chain().skip(1) {
        note(&format!("  caused by: {cause}"));
    }
    let hint = error.chain().find_map(|cause| {
        cause
            .downcast_ref::<datasets::Error>()
            .and_then(datasets::Error::hint)
            .or_else(|| cause.downcast_ref::<detector::Error>().and_then(detector::Error::hint))
            .or_else(|| cause.downcast_ref::<generator::Error>().and_then(generator::Error::hint))
            .or_else(|| cause.downcast_ref::<Hinted>().map(|error| error.hint.clone()))
            .or_else(|| cause.downcast_ref::<reports::Error>().and_then(reports::Error::hint))
    });
    let of_system = || error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>().and_then(system_hint));
    let hint = hint.or_else(|| of_system().map(str::to_owned));
    if let Some(hint) = hint {
        note(&format!("  hint: {hint}"));
    }
}

/// What to do where the operating system refuses.
fn system_hint(error: &std::io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::NotFound => "check the spelling and the folder you are in",
        ErrorKind::PermissionDenied => "check the permissions, e.g. with `ls -l`",
        ErrorKind::ReadOnlyFilesystem => "write to a folder that is yours",
        ErrorKind::IsADirectory => "it is a folder: name a file",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk, or write to another",
        _ => return None,
    })
}

/// Whether the reader of stdout has gone, which is no error.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe))
}

/// A bar on stderr, silent where stderr is no terminal. `total` 0: a counter.
pub(crate) fn progress_bar(total: u64, what: &'static str) -> ProgressBar {
    let style = |template: &str| ProgressStyle::with_template(template).expect("the template is right");
    if total == 0 {
        return ProgressBar::new_spinner().with_message(what).with_style(style("{pos} {msg} {elapsed}"));
    }
    ProgressBar::new(total).with_style(style("{bar:30} {pos}/{len} {prefix} {msg} {eta} left")).with_prefix(what)
}

/// The verdict on one text, in words.
pub(crate) fn describe(name: &str, detection: &Detection, fpr: f64) -> String {
    let mut text = format!("{}: {}", reports::harmless(name), verdict_in_words(detection));
    if let Some(humans) = detection.humans {
        let [from, to] = humans.tokens;
        text += &format!("\n  {} of {} human texts of {from}-{to} tokens score this high", humans.above, humans.of);
    }
    if let Some(machines) = detection.machines {
        text += &format!("\n  {} of {} machine texts of such length score this low", machines.below, machines.of);
    }
    if let Some(score) = detection.score {
        text += &format!("\n  score {score:+.2} ({})", evidence_in_words(detection));
    }
    if detection.verdict == Verdict::Machine {
        text += &format!(
            "\n  at most {} % of human texts are called machine; it can still be one of them",
            (fpr * 1e6).round() / 1e4
        );
    }
    text
}

/// The verdict alone, in words.
pub(crate) fn verdict_in_words(detection: &Detection) -> String {
    let word = match (detection.verdict, detection.kind) {
        (Verdict::Machine, Some(Kind::Sampled)) => {
            return paint("machine", "31;1") + ", reads like samples of a language model";
        }
        (Verdict::Machine, _) => return paint("machine", "31;1") + ", reads like an assistant",
        (Verdict::Human, _) => return paint("human", "32;1"),
        (Verdict::Undecided, _) => paint("undecided", "33;1"),
    };
    let reason = match detection.reason {
        Some(Reason::TooShort) => format!("too short, {} tokens where {LEAST_TOKENS} are needed", detection.tokens),
        Some(Reason::NotEnglish) => "not English prose, the only kind of text that was calibrated".to_owned(),
        Some(Reason::NoText) => "no words in it".to_owned(),
        Some(Reason::NothingLeft) => "nothing is left of it to judge".to_owned(),
        Some(Reason::NotRead) => {
            "its words are not an assistant's, and the model has not read it (`--fast`)".to_owned()
        }
        Some(Reason::Between) | None => "both people and machines write texts that score like this".to_owned(),
    };
    format!("{word}, {reason}")
}

fn evidence_in_words(detection: &Detection) -> String {
    let parts: Vec<String> = detection.evidence.iter().map(|(name, part)| format!("{name} {part:+.2}")).collect();
    parts.join(", ")
}

/// Colours where stdout is a terminal and `NO_COLOR` is not set (no-color.org).
pub(crate) fn wants_colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn paint(word: &str, code: &str) -> String {
    if wants_colour() { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
}
