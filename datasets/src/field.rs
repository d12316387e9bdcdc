//! The fields of a record and how they become a [`Document`]; shared by JSONL and CSV.
//!
//! Values of a type that no field has are recognised and thrown away while parsing, so that a hostile line
//! cannot cost many times its size in memory.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, IgnoredAny};

use crate::document::{Document, Label};
use crate::error::{Error, Result};

/// Integers up to here are exact in a 64-bit float; a JSON number beyond 64 bits is parsed as one.
const EXACT_FLOAT_MAX: f64 = 9_007_199_254_740_992.0;

/// The longest wrong label that a message repeats, in chars.
const LABEL_SHOWN: usize = 40;

/// A record as it stands in the file. Other fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    pub(crate) text: Field,
    pub(crate) label: Field,
    pub(crate) generator: Field,
    pub(crate) domain: Field,
    pub(crate) source: Field,
    pub(crate) attack: Field,
}

/// The value of one field.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Field {
    /// Absent or null.
    #[default]
    Null,
    String(String),
    /// A number as text.
    Number(String),
    /// Anything else, in words.
    Other(&'static str),
}

impl Fields {
    /// The names of the fields, as JSON keys and CSV columns.
    pub(crate) const NAMES: [&'static str; 7] = ["id", "text", "label", "generator", "domain", "source", "attack"];

    /// The field with this name; the inverse of [`Fields::NAMES`].
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Field> {
        Some(match name {
            "id" => &mut self.id,
            "text" => &mut self.text,
            "label" => &mut self.label,
            "generator" => &mut self.generator,
            "domain" => &mut self.domain,
            "source" => &mut self.source,
            "attack" => &mut self.attack,
            _ => return None,
        })
    }

    /// Checks the types. Without an `id`, the line number is the id.
    pub(crate) fn into_document(self, path: &Path, line: u64) -> Result<Document> {
        let string = |name, field| optional_string(path, line, name, field);
        Ok(Document {
            id: match self.id {
                Field::Null => line.to_string(),
                Field::String(id) | Field::Number(id) => id,
                Field::Other(found) => {
                    return Err(wrong_type(path, line, "id", "a string or a number", found));
                }
            },
            text: string("text", self.text)?.ok_or_else(|| Error::MissingField {
                path: path.to_owned(),
                line,
                field: "text",
            })?,
            label: match string("label", self.label)? {
                None => None,
                Some(name) => Some(label(path, line, &name)?),
            },
            generator: string("generator", self.generator)?,
            domain: string("domain", self.domain)?,
            source: string("source", self.source)?,
            attack: string("attack", self.attack)?,
        })
    }
}

impl Field {
    /// What the value is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Field::Null => "null",
            Field::String(_) => "a string",
            Field::Number(_) => "a number",
            Field::Other(kind) => kind,
        }
    }
}

fn optional_string(path: &Path, line: u64, name: &'static str, field: Field) -> Result<Option<String>> {
    match field {
        Field::Null => Ok(None),
        Field::String(string) => Ok(Some(string)),
        other => Err(wrong_type(path, line, name, "a string", other.kind())),
    }
}

fn wrong_type(path: &Path, line: u64, field: &'static str, expected: &'static str, found: &'static str) -> Error {
    Error::WrongType { path: path.to_owned(), line, field, expected, found }
}

fn label(path: &Path, line: u64, name: &str) -> Result<Label> {
    Label::from_name(name).ok_or_else(|| Error::UnknownLabel {
        path: path.to_owned(),
        line,
        found: name.chars().take(LABEL_SHOWN).collect(),
    })
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> de::Visitor<'de> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Field, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field, E> {
        Ok(Field::Other("a boolean"))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field, E> {
        Ok(Field::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Field, E> {
        Ok(Field::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Field, E> {
        Ok(if number.abs() < EXACT_FLOAT_MAX {
            Field::Number(number.to_string())
        } else {
            Field::Other("a number too large to be kept exactly")
        })
    }

    fn visit_str<E>(self, string: &str) -> Result<Field, E> {
        Ok(Field::String(string.to_owned()))
    }

    fn visit_string<E>(self, string: String) -> Result<Field, E> {
        Ok(Field::String(string))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Field, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other("an array"))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Field, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other("an object"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_field_of_the_struct() {
        for name in Fields::NAMES {
            let mut fields: Fields = serde_json::from_str(&format!(r#"{{"{name}": "x"}}"#)).unwrap();
            assert_eq!(fields.get_mut(name), Some(&mut Field::String("x".into())));
        }
        assert_eq!(Fields::default().get_mut("title"), None);
    }

    #[test]
    fn the_kinds_of_values() {
        let kind = |json| serde_json::from_str::<Field>(json).unwrap().kind();
        assert_eq!(kind("null"), "null");
        assert_eq!(kind("true"), "a boolean");
        assert_eq!(kind("-1"), "a number");
        assert_eq!(kind(r#""\u00e9""#), "a string");
        assert_eq!(kind("[1, [2]]"), "an array");
        assert_eq!(kind(r#"{"a": {"b": 1}}"#), "an object");
        assert_eq!(kind("123456789012345678901"), "a number too large to be kept exactly");
    }

    #[test]
    fn numbers_keep_their_digits() {
        let number = |json| serde_json::from_str::<Field>(json).unwrap();
        assert_eq!(number("18446744073709551615"), Field::Number("18446744073709551615".into()));
        assert_eq!(number("-7"), Field::Number("-7".into()));
        assert_eq!(number("7.0"), Field::Number("7".into()));
        assert_eq!(number("1.5"), Field::Number("1.5".into()));
    }
}
