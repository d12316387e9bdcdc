//! A text as its reader sees it: one form for what looks the same, with the way back to the bytes of the original.
//!
//! Undoes what copying and hiding do to a text: invisible characters, look-alike letters of other scripts,
//! typographic quotes, exotic spaces, hard line wraps. It keeps what an author chose: case, dashes, paragraphs.
//! It is not the form that overlap is looked up in (`datasets`), which keeps only lower-cased words.
//! Sources: UAX #15 (NFC), DerivedCoreProperties `Default_Ignorable_Code_Point`, UTS #39 (confusables, the subset that
//! a reader takes for a Latin letter).

use std::ops::{Range, RangeInclusive};
use std::sync::LazyLock;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Share of Latin letters above which a word made of nothing but look-alikes is taken for a Latin one.
const MOSTLY_LATIN: f64 = 0.8;
/// Median line lengths, in characters, at which a paragraph looks hard-wrapped.
const WRAPPED: RangeInclusive<usize> = 40..=100;
/// The first letter beyond the Latin, Greek and Cyrillic scripts, which need no invisible characters.
const JOINING_SCRIPTS: char = '\u{530}';

/// A normalised text, what was found on the way, and where each piece came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    /// The normalised text.
    pub text: String,
    /// Invisible characters removed, apart from those that belong where they stood (a byte order mark in front,
    /// selectors and joiners of emoji, joiners and direction marks of the scripts that use them).
    pub invisible: usize,
    /// Letters and digits of other scripts that stood for a Latin one.
    pub homoglyphs: usize,
    /// One list of segments for each step, in the order of the steps.
    steps: Vec<Vec<Segment>>,
}

impl Normalized {
    /// The bytes of the original that a range of bytes of [`Normalized::text`] came from, in O(log n).
    ///
    /// The result always falls on character boundaries and grows with both ends. A range that cuts a character is
    /// widened to hold it, one beyond the text is cut at its end; an empty range gives an empty one.
    #[must_use]
    pub fn original_range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(range.start.min(range.end));
        let end = self.text.ceil_char_boundary(range.end);
        self.steps.iter().rev().fold(start..end, |range, segments| input_range(segments, range))
    }
}

/// Normalises a text. Doing it twice is doing it once.
///
/// - The result is in NFC; default-ignorable characters are dropped.
/// - Cyrillic, Greek, fullwidth, mathematical and a few other letters become the Latin letters they look like: in
///   words that also hold ASCII letters, and, where at least 80 % of the letters are Latin, in words made of such
///   letters alone. A single small Greek letter is a symbol and stays; Russian in an English text stays.
/// - Typographic quotes become `"` and `'`, `…` becomes `...`, U+2010 and U+2011 become `-`; the dashes stay.
/// - White space is spaces and `\n`: no runs of spaces, none at line ends, one empty line at most, none around the
///   text.
/// - In paragraphs that look hard-wrapped (median line of 40 to 100 characters, the last not counted), line breaks
///   become spaces, except before list items, headings, quotes and tables, and after headings.
#[must_use]
pub fn normalize(original: &str) -> Normalized {
    let (mut invisible, mut homoglyphs) = (0, 0);
    let mut steps = Vec::with_capacity(4);
    let mut text = None;
    if !original.is_ascii() {
        let folded = fold_characters(original, &mut invisible);
        text = Some(folded.finish(&mut steps));
        if let Some(revealed) = text.as_deref().and_then(|text| reveal_letters(text, &mut homoglyphs)) {
            text = Some(revealed.finish(&mut steps));
        }
    }
    let spaced = fold_spaces(text.as_deref().unwrap_or(original)).finish(&mut steps);
    let text = unwrap_lines(&spaced).finish(&mut steps);
    Normalized { text, invisible, homoglyphs, steps }
}

// ---- Offsets ------------------------------------------------------------------------------------------------------

/// A stretch of output and the input it came from: byte for byte when copied, as a whole when not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    output: usize,
    input: Range<usize>,
    copied: bool,
}

/// One step: reads its input from left to right, and writes output and segments.
struct Rewriter<'a> {
    input: &'a str,
    read: usize,
    output: String,
    segments: Vec<Segment>,
}

impl<'a> Rewriter<'a> {
    fn new(input: &'a str) -> Self {
        Self { input, read: 0, output: String::with_capacity(input.len()), segments: Vec::new() }
    }

    /// Copies the input up to `end`.
    fn copy(&mut self, end: usize) {
        if end == self.read {
            return;
        }
        match self.segments.last_mut() {
            Some(last) if last.copied && last.input.end == self.read => last.input.end = end,
            _ => self.push(end, true),
        }
        self.output.push_str(&self.input[self.read..end]);
        self.read = end;
    }

    /// Writes `with` in place of the input up to `end`.
    fn replace(&mut self, with: &str, end: usize) {
        if &self.input[self.read..end] == with {
            return self.copy(end);
        }
        if !with.is_empty() {
            self.push(end, false);
            self.output.push_str(with);
        }
        self.read = end;
    }

    fn push(&mut self, end: usize, copied: bool) {
        self.segments.push(Segment { output: self.output.len(), input: self.read..end, copied });
    }

    fn finish(self, steps: &mut Vec<Vec<Segment>>) -> String {
        steps.push(self.segments);
        self.output
    }
}

/// The range of a step's input that a range of its output came from.
fn input_range(segments: &[Segment], range: Range<usize>) -> Range<usize> {
    // The segment that holds the output byte at `position`, or the last one when there is none.
    let segment = |position: usize| {
        let after = segments.partition_point(|segment| segment.output <= position);
        segments.get(after.saturating_sub(1))
    };
    let Some(first) = segment(range.start) else { return 0..0 };
    let inside = range.start - first.output;
    let start = if first.copied { (first.input.start + inside).min(first.input.end) } else { first.input.start };
    if range.is_empty() {
        return start..start;
    }
    let Some(last) = segment(range.end - 1) else {
        return start..start;
    };
    let end = if last.copied { last.input.start + range.end - last.output } else { last.input.end };
    start..end.min(last.input.end)
}

// ---- Step 1: characters -------------------------------------------------------------------------------------------

/// Drops invisible characters, replaces punctuation and spaces, and composes each combining sequence.
fn fold_characters<'a>(input: &'a str, invisible: &mut usize) -> Rewriter<'a> {
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

/// The first character of the canonical decomposition.
fn base(character: char) -> char {
    traits(character).base
}

/// What the steps ask about a character.
#[derive(Clone, Copy)]
struct Traits {
    base: char,
    alphabetic: bool,
    alphanumeric: bool,
}

/// The traits of the first code points, where most text is: looking them up is slow.
static COMMON_TRAITS: LazyLock<Vec<Traits>> = LazyLock::new(|| ('\0'..'\u{590}').map(look_up_traits).collect());

fn traits(character: char) -> Traits {
    COMMON_TRAITS.get(character as usize).copied().unwrap_or_else(|| look_up_traits(character))
}

fn look_up_traits(character: char) -> Traits {
    let mut base = None;
    decompose_canonical(character, |part| {
        base.get_or_insert(part);
    });
    Traits {
        base: base.unwrap_or(character),
        alphabetic: character.is_alphabetic(),
        alphanumeric: character.is_alphanumeric(),
    }
}

fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Characters without a shape of their own: `Default_Ignorable_Code_Point` and the Unicode interlinear anchors.
fn is_invisible(character: char) -> bool {
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

// ---- Step 2: letters ----------------------------------------------------------------------------------------------

/// What decides whether a word's look-alikes are Latin letters in disguise.
#[derive(Default)]
struct Word {
    letters: usize,
    latin: usize,
    /// Letters that are Latin or look it.
    latin_revealed: usize,
    ascii_letters: usize,
    lookalikes: usize,
    /// Letters and digits that are neither ASCII nor look like it.
    strangers: usize,
    small_greek: usize,
}

impl Word {
    fn of(word: &str) -> Self {
        let mut counts = Self::default();
        for Traits { base, alphabetic, .. } in word.chars().map(traits).filter(|traits| traits.alphanumeric) {
            let disguised = lookalike(base).is_some();
            counts.letters += usize::from(alphabetic);
            counts.latin += usize::from(alphabetic && is_latin(base));
            counts.latin_revealed += usize::from(alphabetic && (disguised || is_latin(base)));
            counts.ascii_letters += usize::from(base.is_ascii_alphabetic());
            counts.lookalikes += usize::from(disguised);
            counts.strangers += usize::from(!disguised && !base.is_ascii_alphanumeric());
            counts.small_greek += usize::from(matches!(base, 'α'..='ω'));
        }
        counts
    }

    fn is_mixed(&self) -> bool {
        self.ascii_letters > 0 && self.lookalikes > 0
    }

    fn is_disguised(&self) -> bool {
        self.lookalikes > 0 && self.strangers == 0 && (self.letters, self.small_greek) != (1, 1)
    }
}

/// Replaces look-alike letters, counting them; `None` when the text has none. The input is in NFC.
fn reveal_letters<'a>(input: &'a str, homoglyphs: &mut usize) -> Option<Rewriter<'a>> {
    if !input.chars().any(|character| character >= '\u{250}' && lookalike(base(character)).is_some()) {
        return None;
    }
    let (mut latin, mut letters) = (0, 0);
    for word in words(input).map(|range| Word::of(&input[range])) {
        latin += if word.is_mixed() { word.latin_revealed } else { word.latin };
        letters += word.letters;
    }
    let mostly_latin = latin as f64 >= MOSTLY_LATIN * letters as f64;

    let mut out = Rewriter::new(input);
    for range in words(input) {
        let word = Word::of(&input[range.clone()]);
        if !(word.is_mixed() || mostly_latin && word.is_disguised()) {
            continue;
        }
        let mut characters = input[range.clone()].char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let Some(letter) = lookalike(base(character)) else { continue };
            out.copy(range.start + at);
            let mut sequence: String =
                std::iter::once(letter).chain(std::iter::once(character).nfd().skip(1)).collect();
            let mut end = range.start + at + character.len_utf8();
            while let Some((_, mark)) = characters.next_if(|(_, mark)| canonical_combining_class(*mark) != 0) {
                sequence.push(mark);
                end += mark.len_utf8();
            }
            out.replace(&sequence.nfc().collect::<String>(), end);
            *homoglyphs += 1;
        }
    }
    out.copy(input.len());
    Some(out)
}

/// The byte ranges of maximal runs of letters, digits and their marks.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_mark = |character: char| !character.is_ascii() && canonical_combining_class(character) != 0;
    let in_word = move |character: char| traits(character).alphanumeric || is_mark(character);
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(in_word)?;
        at = text[start..].find(|character| !in_word(character)).map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

/// Letters of the Latin script, styled ones included.
fn is_latin(character: char) -> bool {
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
fn lookalike(character: char) -> Option<char> {
    if character < '\u{180}' {
        return None;
    }
    match LOOKALIKE_TABLE.get(character as usize) {
        Some(letter) => Some(*letter).filter(|letter| *letter != '\0'),
        None => styled(character),
    }
}

// ---- Step 3: white space ------------------------------------------------------------------------------------------

/// Reduces each run of white space to a space, a line break or a paragraph break, and trims the text.
fn fold_spaces(input: &str) -> Rewriter<'_> {
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

// ---- Step 4: lines ------------------------------------------------------------------------------------------------

/// Joins the lines of paragraphs that look hard-wrapped. The input's white space is folded.
fn unwrap_lines(input: &str) -> Rewriter<'_> {
    let mut out = Rewriter::new(input);
    let mut start = 0;
    let mut lengths = Vec::new();
    for paragraph in input.split("\n\n") {
        lengths.clear();
        lengths.extend(paragraph.split('\n').map(|line| line.chars().count()));
        lengths.pop();
        let middle = lengths.len() / 2;
        if !lengths.is_empty() && WRAPPED.contains(lengths.select_nth_unstable(middle).1) {
            join_lines(paragraph, start, &mut out);
        }
        start += paragraph.len() + 2;
    }
    out.copy(input.len());
    out
}

/// Replaces the line breaks of the paragraph at byte `start` by spaces, apart from those that structure it.
fn join_lines(paragraph: &str, start: usize, out: &mut Rewriter<'_>) {
    let mut at = start;
    let mut lines = paragraph.split('\n').peekable();
    while let (Some(line), Some(next)) = (lines.next(), lines.peek()) {
        at += line.len() + 1;
        if !begins_block(next) && !line.trim_start().starts_with('#') {
            out.copy(at - 1);
            out.replace(" ", at + usize::from(next.starts_with(' ')));
        }
    }
}

/// Whether a line begins with the mark of a list item, heading, quote or table row.
fn begins_block(line: &str) -> bool {
    let line = line.trim_start();
    let marker = line.split(' ').next().unwrap_or_default();
    let number = marker.strip_suffix(['.', ')']).unwrap_or_default();
    line.starts_with(['#', '>', '|', '•', '◦', '▪', '‣', '·'])
        || matches!(marker, "-" | "*" | "+" | "–" | "—")
        || (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
        || number.len() == 1 && marker.ends_with(')') && number.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, seq::IndexedRandom};
    use rand_chacha::ChaCha8Rng;
    use unicode_normalization::is_nfc;

    const ENGLISH: &str = "Once a copy editor, I see each comma twice; \"no excess\", he'd say. A pox on it!\n\n\
        Several people disagreed - politely, of course - and I said so: 3 of 7 would rather have kept it.";

    fn text(original: &str) -> String {
        normalize(original).text
    }

    /// A hostile text: pieces of every kind that a step acts on, and characters of all planes.
    fn hostile(random: &mut ChaCha8Rng) -> String {
        const PIECES: [&str; 48] = [
            "a",
            "e",
            "word",
            "Paypal",
            "the ",
            " ",
            "  ",
            "\t",
            "\n",
            "\r\n",
            "\r",
            "\n\n\n",
            "\u{A0}",
            "\u{200B}",
            "\u{200D}",
            "\u{FE0F}",
            "\u{FEFF}",
            "\u{AD}",
            "а",
            "е",
            "ё",
            "Привет",
            "α",
            "ά",
            "Ａ",
            "𝐚",
            "𝟏",
            "ℎ",
            "\u{301}",
            "\u{308}",
            "\u{323}",
            "\u{1100}",
            "\u{1161}",
            "\u{11A8}",
            "가",
            "…",
            "’",
            "“",
            "—",
            "- ",
            "# ",
            "1. ",
            "> ",
            "1",
            ".",
            "\u{2029}",
            "\u{9C7}\u{9BE}",
            "a line that is long enough to count as a wrapped one",
        ];
        let mut text = String::new();
        for _ in 0..random.random_range(0..40) {
            if random.random_bool(0.8) {
                text.push_str(PIECES.choose(random).copied().unwrap_or_default());
            } else {
                let plane = random.random_range(0..17_u32);
                text.extend(char::from_u32(plane << 16 | random.random_range(0..1_u32 << 16)));
            }
        }
        text
    }

    #[test]
    fn twice_is_once_and_offsets_hold_on_hostile_texts() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..10_000 {
            let original = hostile(&mut random);
            let once = normalize(&original);
            assert_eq!(once.text, text(&once.text), "{original:?}");
            assert!(is_nfc(&once.text), "{original:?}");
            assert!(!once.text.contains(is_invisible));
            let (mut start, mut end) = (0, 0);
            for (at, character) in once.text.char_indices() {
                let range = once.original_range(at..at + character.len_utf8());
                assert!(!original[range.clone()].is_empty(), "{original:?} {at}");
                assert!(range.start >= start && range.end >= end, "{original:?} {at}");
                assert_eq!(once.original_range(at..at), range.start..range.start);
                (start, end) = (range.start, range.end);
                let until = once.original_range(0..at);
                assert!(until.end <= range.end);
            }
            // Any range at all, not only on boundaries and inside.
            let (first, last) = (random.random_range(0..90), random.random_range(0..90));
            assert!(original.get(once.original_range(first..last)).is_some());
        }
    }

    #[test]
    fn every_character_alone_is_stable() {
        for character in '\0'..=char::MAX {
            for context in [format!("{character}"), format!("e{character}\u{301}o"), format!("ab {character}")] {
                let once = text(&context);
                assert_eq!(once, text(&once), "{context:?}");
                assert!(is_nfc(&once), "{context:?}");
            }
        }
    }

    #[test]
    fn attacked_texts_are_as_the_clean_one() {
        let clean = text(ENGLISH);
        assert_eq!(clean, ENGLISH);
        let spread: String = ENGLISH.chars().flat_map(|character| [character, '\u{200B}']).collect();
        let attacked = normalize(&spread);
        assert_eq!((attacked.text.as_str(), attacked.invisible), (ENGLISH, ENGLISH.len()));
        assert_eq!(text(&ENGLISH.replace(' ', "\u{A0}")), clean);
        assert_eq!(text(&ENGLISH.replace('\n', "\r\n")), clean);
        assert_eq!(text(&ENGLISH.replace('e', "e\u{AD}")), clean);
        let letters = [
            ("a", "а"),
            ("c", "с"),
            ("e", "е"),
            ("o", "о"),
            ("p", "р"),
            ("x", "х"),
            ("y", "у"),
            ("I", "І"),
            ("A", "Α"),
        ];
        let disguised = letters.iter().fold(ENGLISH.to_owned(), |text, (from, to)| text.replace(from, to));
        let revealed = normalize(&disguised);
        assert_eq!(revealed.text, clean);
        assert!(revealed.homoglyphs > 50);
        let bold: String = ENGLISH
            .chars()
            .map(|c| if c.is_ascii_lowercase() { char::from_u32(0x1D41A + u32::from(c) - 97).unwrap_or(c) } else { c })
            .collect();
        assert_eq!(text(&bold), clean);
    }

    #[test]
    fn other_scripts_stay_as_they_are() {
        for original in [
            "Она сказала: ему это не надо, и он ушёл.",
            "Το ποτάμι είναι βαθύ.",
            "He wrote Привет on the wall and left",
            "where α is the level and ν the degrees of freedom",
            "日本語のＡＢＣ",
        ] {
            let normalized = normalize(original);
            assert_eq!(normalized.text, original);
            assert_eq!(normalized.homoglyphs, 0);
        }
        // Characters that belong where they stand are dropped but not held against the text.
        for (original, wanted) in [("\u{FEFF}I ❤️ it", "I ❤ it"), ("می‌خواهم", "میخواهم"), ("👩‍💻 works", "👩💻 works")]
        {
            let normalized = normalize(original);
            assert_eq!((normalized.text.as_str(), normalized.invisible), (wanted, 0));
        }
    }

    #[test]
    fn punctuation_and_spaces_fold() {
        assert_eq!(
            text("  “It’s” … «so»\u{2011}so — or\tnot  \r\n\r\n \r\n\r\nNext  \n"),
            "\"It's\" ... \"so\"-so — or not\n\nNext"
        );
        assert_eq!(text("e\u{301}tude caf\u{200B}e\u{200D}\u{301}"), "étude café");
        assert_eq!(text(" \n\t "), "");
        let normalized = normalize("“caf\u{200B}e\u{301}”…");
        assert_eq!(normalized.text, "\"café\"...");
        assert_eq!(normalized.original_range(1..6), 3..12);
        assert_eq!(normalized.original_range(8..9), 15..18);
        assert_eq!(normalized.original_range(0..99), 0..18);
    }

    #[test]
    fn hard_wraps_are_undone_and_structure_is_kept() {
        let line = "This line has some fifty characters, as mails do.";
        assert_eq!(text(&format!("{line}\n  {line}\nEnd.")), format!("{line} {line} End."));
        let kept = format!("# Heading\n{line}\n- {line}\n* {line}\n12. {line}\n> {line}");
        assert_eq!(text(&kept), kept);
        assert_eq!(text(&format!("{line}\n{line}\n- {line}\n{line}")), format!("{line} {line}\n- {line} {line}"));
        let verse = "Short lines\nare for poems\nand addresses";
        assert_eq!(text(verse), verse);
    }

    #[test]
    #[ignore = "measures speed"]
    fn speed() {
        let paragraph = "Plain ASCII prose with a few words a line,\nas most texts are; it is read many times.\n\n";
        for (name, text) in [
            ("ascii", paragraph.to_owned()),
            ("quotes", paragraph.replace("few", "“few”")),
            ("russian", "Она сказала: ему это не надо, и он ушёл. ".to_owned()),
        ] {
            let text = text.repeat(20_000_000 / text.len());
            let start = std::time::Instant::now();
            let length = normalize(&text).text.len();
            let rate = text.len() as f64 / start.elapsed().as_secs_f64() / 1e6;
            assert!(length > 0 && rate > if name == "ascii" { 30.0 } else { 3.0 }, "{name}: {rate:.0} MB/s");
        }
    }
}
