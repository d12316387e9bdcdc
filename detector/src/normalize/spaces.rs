//! Step 4: white space. Runs become one space, one line break or one empty line.
//!
//! Exotic spaces are ordinary ones since step 1; whether a line break is the author's is for step 5.

use super::offsets::Rewriter;

/// Reduces each run of white space to a space, a line break or a paragraph break, and trims the text.
pub(super) fn fold_spaces(input: &str) -> Rewriter<'_> {
    let is_break = |byte: u8| matches!(byte, b'\n' | b'\r' | 0x0B | 0x0C);
    let is_space = |byte: u8| matches!(byte, b' ' | b'\t') || is_break(byte);
    let bytes = input.as_bytes();
    let mut out = Rewriter::new(input);
    let mut at = 0;
    while at < bytes.len() {
        let start = at + bytes[at..].iter().position(|byte| is_space(*byte)).unwrap_or(bytes.len() - at);
        at = start + bytes[start..].iter().position(|byte| !is_space(*byte)).unwrap_or(bytes.len() - start);
        let run = &bytes[start..at];
        if start == 0 || at == bytes.len() {
            out.copy(start);
            out.replace("", at);
        } else if run != b" " && run != b"\n" {
            let pairs = run.windows(2).filter(|pair| pair == b"\r\n").count();
            let breaks = run.iter().filter(|byte| is_break(**byte)).count() - pairs;
            let indented = run.last().is_some_and(|byte| !is_break(*byte));
            out.copy(start);
            out.replace(
                match (breaks, indented) {
                    (0, _) => " ",
                    (1, false) => "\n",
                    (1, true) => "\n ",
                    (_, false) => "\n\n",
                    (_, true) => "\n\n ",
                },
                at,
            );
        }
    }
    out.copy(input.len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_fold_and_the_ends_are_trimmed() {
        let folded = |text: &str| fold_spaces(text).finish(&mut Vec::new());
        assert_eq!(folded("  so — or\tnot  \r\n\r\n \r\n\r\nNext \n  one\n"), "so — or not\n\nNext\n one");
        assert_eq!(folded(" \n\t "), "");
    }
}
