//! A text and what is known about its author.
//!
//! Plain data: how it is read from a line or a record is in `field.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who wrote a text. *Machine* is the positive class everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Written by a person.
    Human,
    /// Written by a language model.
    Machine,
}

impl Label {
    /// The label as it stands in data files: `human` or `machine`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Label::Human => "human",
            Label::Machine => "machine",
        }
    }

    /// The label with this name; exact, in lower case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Label::Human, Label::Machine].into_iter().find(|label| label.as_str() == name)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One text of a corpus. The field names are those of the JSON keys and the CSV columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Names the document; given in the file, or else its line number, or the file name of a plain text.
    pub id: String,
    /// The text itself.
    pub text: String,
    /// Who wrote it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// The language model that wrote it, such as `gpt2-xl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<String>,
    /// What kind of text it is, such as `news` or `poetry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The collection it comes from, such as `seqxgpt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What was done to the text to mislead a detector, such as `paraphrase`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attack: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_written_in_lower_case() {
        assert_eq!(serde_json::to_string(&Label::Machine).unwrap(), r#""machine""#);
        assert_eq!(serde_json::from_str::<Label>(r#""human""#).unwrap(), Label::Human);
        for label in [Label::Human, Label::Machine] {
            assert_eq!(serde_json::to_string(&label).unwrap(), format!("\"{label}\""));
            assert_eq!(Label::from_name(label.as_str()), Some(label));
        }
        assert_eq!(Label::from_name("Human"), None);
    }

    #[test]
    fn absent_fields_are_not_written() {
        let document = Document { id: "a".into(), text: "x".into(), label: Some(Label::Human), ..Document::default() };
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(json, r#"{"id":"a","text":"x","label":"human"}"#);
        assert_eq!(serde_json::from_str::<Document>(&json).unwrap(), document);
    }
}
