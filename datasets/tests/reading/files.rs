//! A folder of files that is gone after the test, and documents in a form that is short to compare.

use std::fs;
use std::path::PathBuf;

use datasets::{Document, Documents, Result};
use tempfile::TempDir;

/// A temporary folder. Messages name it; [`Files::message`] takes it out again.
pub(crate) struct Files {
    folder: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The path of `name` in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders it lies in.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The message of an error with its cause, the folder taken out.
    pub(crate) fn message(&self, error: &datasets::Error) -> String {
        let mut message = error.to_string();
        if let Some(cause) = std::error::Error::source(error) {
            message += &format!(": {cause}");
        }
        message.replace(&format!("{}/", self.folder.path().display()), "")
    }

    /// Writes a file, opens it, and shows each item as `id text` or as its message.
    pub(crate) fn read(&self, name: &str, content: impl AsRef<[u8]>) -> Vec<String> {
        let path = self.write(name, content);
        self.show(datasets::open(&path).unwrap())
    }

    /// Shows each item as `id text` or as its message.
    pub(crate) fn show(&self, documents: Documents) -> Vec<String> {
        let show = |item: Result<Document>| match item {
            Ok(document) => format!("{} {}", document.id, document.text),
            Err(error) => self.message(&error),
        };
        documents.map(show).collect()
    }
}

/// The hint of the first error.
pub(crate) fn hint(mut documents: Documents) -> Option<String> {
    documents.find_map(Result::err).unwrap().hint()
}
