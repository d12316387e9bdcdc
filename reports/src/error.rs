//! What can go wrong in writing a report.

use std::path::{Path, PathBuf};

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A figure cannot be drawn.
    #[error("cannot draw `{name}`: {reason}")]
    Draw {
        /// The figure.
        name: &'static str,
        /// What plotters said.
        reason: String,
    },
}

impl Error {
    /// What the user can do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Write { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                Some("check the permissions of the folder".to_owned())
            }
            Self::Write { .. } | Self::Draw { .. } => None,
        }
    }
}

/// Writes a file under a temporary name first, so that it is whole or not there.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let written = std::fs::write(&temporary, content).and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|source| Error::Write { path: path.to_owned(), source })
}
