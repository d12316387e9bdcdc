//! Files that are whole or not there: written under a temporary name, synced and renamed. And what several are known by.

use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;

/// One SHA-256 for several files, in hexadecimal digits: that of theirs, one after another.
#[must_use]
pub fn digest_of(files: &[[u8; 32]]) -> String {
    Sha256::digest(files.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes `bytes` to `path`; a reader, or a run that is cut off, never sees half of them.
///
/// # Errors
/// When the folder cannot be made or written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let fail = |action| move |source| Error::Io { action, path: path.into(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(fail("create the folder of"))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let write = || {
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    let written = write().map_err(fail("write"));
    let done = written.and_then(|()| std::fs::rename(&temporary, path).map_err(fail("rename into place")));
    if done.is_err() {
        let _ = std::fs::remove_file(&temporary); // the first error is the one to report
    }
    done
}
