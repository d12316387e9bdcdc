//! What the steps ask about a character, from a table where most text is.
//!
//! Classes that one step alone asks for are with that step.

use std::sync::LazyLock;
use unicode_normalization::char::decompose_canonical;

/// What the steps ask about a character.
#[derive(Clone, Copy)]
pub(super) struct Traits {
    pub(super) base: char,
    pub(super) alphabetic: bool,
    pub(super) alphanumeric: bool,
}

/// The traits of the first code points, where most text is: looking them up is slow.
static COMMON_TRAITS: LazyLock<Vec<Traits>> = LazyLock::new(|| ('\0'..'\u{590}').map(look_up_traits).collect());

pub(super) fn traits(character: char) -> Traits {
    COMMON_TRAITS.get(character as usize).copied().unwrap_or_else(|| look_up_traits(character))
}

/// The first character of the canonical decomposition.
pub(super) fn base(character: char) -> char {
    traits(character).base
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
