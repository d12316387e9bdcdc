//! What the user sees: notes and progress on stderr, exit codes.

use indicatif::{ProgressBar, ProgressStyle};

/// How a command ended; the codes are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
        }
    }
}

/// A line on stderr.
#[expect(clippy::print_stderr, reason = "the one place that writes notes")]
pub(crate) fn note(message: &str) {
    eprintln!("{message}");
}

/// A bar on stderr, silent where stderr is no terminal. `total` 0: a counter.
pub(crate) fn progress_bar(total: u64, what: &'static str) -> ProgressBar {
    if total == 0 {
        return ProgressBar::new_spinner().with_message(what).with_style(
            ProgressStyle::with_template("{pos} {msg} {elapsed}").expect("the template is right"),
        );
    }
    ProgressBar::new(total).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {prefix} {msg} {eta} left").expect("the template is right"),
    ).with_prefix(what)
}
