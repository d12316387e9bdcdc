//! Step 1: single characters and their marks. Drops the invisible, folds punctuation and spaces, composes (NFC).
//!
//! Looks at no words: what a letter stands for is step 2. Sources: UAX #15 (NFC), DerivedCoreProperties
//! `Default_Ignorable_Code_Point`.

use super::offsets::Rewriter;
use super::traits::base;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The first letter beyond the Latin, Greek and Cyrillic scripts, which need no invisible characters.
const JOINING_SCRIPTS: char = '\u{530}';

/// Drops invisible characters, replaces punctuation and spaces, and composes each combining sequence.
pub(super) fn fold_characters<'a>(input: &'a str, invisible: &mut usize) -> Rewriter<'a> {
    let mut out = Rewriter::new(input);
    let mut previous = '\0'; // the last visible character that is no space
    let mut sequence = String::new();
    while out.read < input.len() {
        let rest = &input[out.read..];
        // The last inert character before others may begin a combining sequence.
        let plain = match rest.find(|character| !is_inert(character)) {
            Some(end) => rest[..end].char_indices().next_back().map_or(0, |(last, _)| last),
            None => rest.len(),
        };
        previous = rest[..plain].trim_end().chars().next_back().unwrap_or(previous);
        out.copy(out.read + plain);

        sequence.clear();
        let (start, mut end, mut scanned) = (out.read, out.read, input.len());
        for (at, character) in input[start..].char_indices() {
            if is_invisible(character) {
                let at_home = previous >= JOINING_SCRIPTS
                    || (is_variation_selector(character) && !previous.is_alphabetic())
                    || (character == '\u{FEFF}' && start + at == 0);
                *invisible += usize::from(!at_home);
                if sequence.is_empty() {
                    out.replace("", start + at + character.len_utf8());
                }
                continue;
            }
            if !sequence.is_empty() && begins_sequence(character) {
                scanned = start + at;
                break;
            }
            match replacement(character) {
                Some(with) => sequence.push_str(with),
                None => sequence.push(character),
            }
            if !character.is_whitespace() {
                previous = character;
            }
            end = start + at + character.len_utf8();
        }
        if is_nfc_quick(sequence.chars()) == IsNormalized::Yes {
            out.replace(&sequence, end.max(out.read));
        } else {
            out.replace(&sequence.nfc().collect::<String>(), end.max(out.read));
        }
        out.replace("", scanned);
    }
    out
}

/// Common characters that stay as they are unless a mark follows.
fn is_inert(character: char) -> bool {
    matches!(character, '\0'..'\u{80}' | '\u{C0}'..'\u{300}' | '\u{400}'..'\u{483}' | '\u{4E00}'..='\u{9FFF}')
}

/// Whether nothing before this character can compose or change places with it.
fn begins_sequence(character: char) -> bool {
    match character {
        '\0'..'\u{300}' | '\u{370}'..'\u{483}' | '\u{4E00}'..='\u{9FFF}' => true,
        _ => {
            let first = base(character);
            canonical_combining_class(first) == 0 && is_nfc_quick(std::iter::once(first)) == IsNormalized::Yes
        }
    }
}

fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Characters without a shape of their own: `Default_Ignorable_Code_Point` and the Unicode interlinear anchors.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The ASCII form of quotes, hyphens, ellipsis, spaces and line separators.
fn replacement(character: char) -> Option<&'static str> {
    Some(match character {
        '“' | '”' | '„' | '‟' | '«' | '»' => "\"",
        '‘' | '’' | '‚' | '‛' | '‹' | '›' => "'",
        '\u{2010}' | '\u{2011}' => "-",
        '…' => "...",
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => " ",
        '\u{85}' | '\u{2028}' => "\n",
        '\u{2029}' => "\n\n",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::normalize::normalize;

    #[test]
    fn characters_at_home_are_not_held_against_the_text() {
        for (original, wanted) in [("\u{FEFF}I ❤️ it", "I ❤ it"), ("می‌خواهم", "میخواهم"), ("👩‍💻 works", "👩💻 works")]
        {
            let normalized = normalize(original);
            assert_eq!((normalized.text.as_str(), normalized.invisible), (wanted, 0));
        }
    }

    #[test]
    fn marks_compose_across_invisible_characters() {
        assert_eq!(normalize("e\u{301}tude caf\u{200B}e\u{200D}\u{301}").text, "étude café");
    }
}
