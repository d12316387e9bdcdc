//! The heat map of one text for a terminal: 256 colours, or signs where colour is not wanted.

use crate::html::is_hidden;
use detector::Explanation;

/// Background and foreground of xterm's 256 colours for levels -3 to 3: blue is human, orange machine.
const COLOURS: [(u8, u8); 7] = [(75, 16), (153, 16), (195, 16), (0, 0), (230, 16), (222, 16), (208, 16)];

/// The text with its words marked; with `colour` by background, else by `+` (machine) and `-` (human) before the word, one to
/// three as the evidence is faint to strong. A legend is the first line; nothing of the text can act on the terminal.
#[must_use]
pub fn show(text: &str, explanation: &Explanation, colour: bool) -> String {
    let mut shown = legend(explanation.levels, colour);
    let mut at = 0;
    for word in &explanation.words {
        shown += &harmless(&text[at..word.start.max(at)]);
        let start = word.start.max(at);
        let marked = harmless(&text[start..word.end.max(start)]);
        shown += &mark(&marked, word.level, colour);
        at = word.end.max(at);
    }
    shown += &harmless(&text[at..]);
    shown
}

fn mark(word: &str, level: i8, colour: bool) -> String {
    match (level, colour) {
        (0, _) => word.to_owned(),
        (_, true) => {
            let (background, foreground) = COLOURS[usize::try_from(level + 3).unwrap_or(3)];
            format!("\u{1b}[48;5;{background};38;5;{foreground}m{word}\u{1b}[0m")
        }
        (level, false) => {
            let sign = if level > 0 { "+" } else { "-" };
            format!("{}{word}", sign.repeat(usize::from(level.unsigned_abs())))
        }
    }
}

fn legend(levels: [f64; 3], colour: bool) -> String {
    let [faint, clear, strong] = levels;
    let names = [
        (-3, format!("human {strong}")),
        (-2, format!("{clear}")),
        (-1, format!("{faint}")),
        (1, format!("{faint}")),
        (2, format!("{clear}")),
        (3, format!("machine {strong}")),
    ];
    let names: Vec<String> = names.into_iter().map(|(level, name)| mark(&name, level, colour)).collect();
    format!("evidence of a word, log-odds from: {}\n\n", names.join(" "))
}

/// Without control and hidden characters, which could act on a terminal.
#[must_use]
pub fn harmless(text: &str) -> String {
    let keep = |character: char| match character {
        '\n' | '\t' => character,
        _ if character.is_control() || is_hidden(character) => '\u{FFFD}',
        _ => character,
    };
    text.replace("\r\n", "\n").chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_signs_or_colours() {
        assert_eq!(["a", "b", "c"].map(|word| mark(word, 2, false)), ["++a", "++b", "++c"]);
        assert_eq!(mark("a", -3, false), "---a");
        assert_eq!(mark("a", 3, true), "\u{1b}[48;5;208;38;5;16ma\u{1b}[0m");
        assert_eq!(mark("a", 0, true), "a");
        assert_eq!(harmless("a\u{1b}[31m\u{202E}b\r\nc"), "a\u{FFFD}[31m\u{FFFD}b\nc");
    }
}
