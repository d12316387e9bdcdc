//! The files under a folder, in an order that does not depend on the file system.
//!
//! Links to files are followed, links to folders are not, so that the walk ends.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// All regular files under `folder`, at any depth, sorted by path component.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let open_error = |source| Error::open(&folder, source);
        for entry in fs::read_dir(&folder).map_err(open_error)? {
            let entry = entry.map_err(open_error)?;
            let path = entry.path();
            if entry.file_type().map_err(open_error)?.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
