//! Letters that a reader takes for Latin ones, and the styles that Unicode gives Latin letters.
//!
//! A subset of the confusables of UTS #39: single letters and digits alone. Says nothing about when they deceive.

use std::sync::LazyLock;
use unicode_normalization::char::decompose_compatible;

/// Letters of the Latin script, styled ones included.
pub(super) fn is_latin(character: char) -> bool {
    matches!(character,
        'a'..='z' | 'A'..='Z' | 'ª' | 'º' | '\u{C0}'..='\u{2AF}' | '\u{1E00}'..='\u{1EFF}' | '\u{2C60}'..='\u{2C7F}'
        | '\u{A720}'..='\u{A7FF}' | '\u{AB30}'..='\u{AB64}')
        || styled(character).is_some()
}

/// The ASCII letter or digit that a fullwidth, mathematical, letterlike or Roman-numeral character is a style of.
fn styled(character: char) -> Option<char> {
    if !matches!(character,
        '\u{2100}'..='\u{2138}' | '\u{2160}'..='\u{217F}' | '\u{FF10}'..='\u{FF5A}' | '\u{1D400}'..='\u{1D7FF}')
    {
        return None;
    }
    let (mut first, mut parts) = (None, 0);
    decompose_compatible(character, |part| {
        first.get_or_insert(part);
        parts += 1;
    });
    first.filter(|letter| parts == 1 && letter.is_ascii_alphanumeric())
}

/// Letters of other scripts, and in [`LATIN`] at the same place the ASCII letters they look like.
const LOOKALIKES: &str = "АВЕЅІЈКМНОРСТУХԌԚԜӀҮаеѕіјорсухһԁԛԝӏгѵԍүҽΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿαινορυχγϲϳօհոսցզƽɑɡɩʏ";
const LATIN: &str = "ABESIJKMHOPCTYXGQWIYaesijopcyxhdqwlrvgyeABEZHIKMNOPTYXCJaivopuxycjohnugqsagiy";

/// [`LATIN`] by code point of [`LOOKALIKES`]; `\0` elsewhere.
static LOOKALIKE_TABLE: LazyLock<[char; 0x590]> = LazyLock::new(|| {
    let mut table = ['\0'; 0x590];
    for (lookalike, letter) in LOOKALIKES.chars().zip(LATIN.chars()) {
        table[lookalike as usize] = letter;
    }
    table
});

/// The ASCII letter or digit that a character of another script or style looks like.
pub(super) fn lookalike(character: char) -> Option<char> {
    if character < '\u{180}' {
        return None;
    }
    match LOOKALIKE_TABLE.get(character as usize) {
        Some(letter) => Some(*letter).filter(|letter| *letter != '\0'),
        None => styled(character),
    }
}
