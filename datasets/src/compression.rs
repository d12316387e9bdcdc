//! Opening a file so that what comes out is uncompressed bytes.
//!
//! Streaming: memory is a buffer and the window of the compression (gzip 32 KiB, Zstandard up to 128 MiB).

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result};
use crate::format::Compression;

/// The largest Zstandard window that is accepted, as a power of two: what `zstd --long=27` writes. A larger
/// window would let a small file ask for gigabytes of memory.
pub(crate) const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// A byte stream that can be handed to another thread.
pub(crate) type Input = Box<dyn BufRead + Send>;

/// Opens the file at `path`; every member (gzip) or frame (Zstandard) is read, one after the other.
pub(crate) fn open(path: &Path, compression: Compression) -> Result<Input> {
    let open_error = |source| Error::open(path, source);
    let file = BufReader::new(File::open(path).map_err(open_error)?);
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(file).map_err(open_error)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(open_error)?;
            Box::new(BufReader::new(decoder))
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// A Zstandard frame by hand (RFC 8878, 3.1.1): magic, descriptor, window, one raw last block "hello".
    fn zstd_frame(window_log: u8) -> Vec<u8> {
        let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, (window_log - 10) << 3];
        frame.extend([1 | 5 << 3, 0, 0]);
        frame.extend(b"hello");
        frame
    }

    fn read_zstd(bytes: &[u8]) -> std::io::Result<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut text = String::new();
        open(file.path(), Compression::Zstd).unwrap().read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn the_zstd_window_is_bounded() {
        assert_eq!(read_zstd(&zstd_frame(27)).unwrap(), "hello");
        let error = read_zstd(&zstd_frame(28)).unwrap_err();
        assert!(error.to_string().contains("too much memory"), "{error}");
    }

    #[test]
    fn all_zstd_frames_are_read() {
        let frames = [zstd_frame(20), zstd_frame(20)].concat();
        assert_eq!(read_zstd(&frames).unwrap(), "hellohello");
    }
}
