//! Text that is not ours, made harmless for HTML and SVG.

/// Escapes text for elements and quoted attributes. Control characters, which XML forbids, become U+FFFD; characters that are
/// invisible or turn the direction of what follows are shown by number, so that a hostile text cannot rearrange the page.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            _ if character.is_control() => escaped.push('\u{FFFD}'),
            _ if is_hidden(character) => escaped.push_str(&format!("\u{27E8}U+{:04X}\u{27E9}", character as u32)),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A sentence of ours, escaped, with what stands between backticks as code.
pub(crate) fn prose(text: &str) -> String {
    let mut html = String::new();
    for (number, part) in escape(text).split('`').enumerate() {
        let tag = ["", "<code>", "</code>"][if number == 0 { 0 } else { 2 - number % 2 }];
        html.push_str(tag);
        html.push_str(part);
    }
    html
}

/// Embeddings, overrides, isolates and marks of UAX #9.
pub(crate) fn turns_direction(character: char) -> bool {
    matches!(character, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Invisible characters that a reader should know of.
pub(crate) fn is_hidden(character: char) -> bool {
    turns_direction(character)
        || matches!(character, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(
            escape("<script>alert('x' & \"y\")</script>"),
            "&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;"
        );
        assert_eq!(escape("a\u{202E}b\u{0}c\nd"), "a\u{27E8}U+202E\u{27E9}b\u{FFFD}c\nd");
    }
}
