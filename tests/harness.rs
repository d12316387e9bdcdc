use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder that is gone after the test; the program is run in it, so that files can be named as they were written.
pub(crate) struct TestDir {
    folder: TempDir,
}

/// How a run ended and what it printed, the folder's path as `[DIR]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program, without this process's environment and with nothing on stdin.
pub(crate) fn detect() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_detect"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// A file of the repository's `tests` folder.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

impl TestDir {
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

    /// The program, about to run in the folder.
    pub(crate) fn detect(&self, arguments: &[&str]) -> Command {
        let mut command = detect();
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.finish(&mut self.detect(arguments))
    }

    /// Runs a command to its end.
    pub(crate) fn finish(&self, command: &mut Command) -> Run {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("what is printed is UTF-8");
            text.replace(&self.folder.path().display().to_string(), "[DIR]")
        };
        Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Run {
    /// Fails unless the run ended with this code and printed nothing but data.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:#?}");
        self
    }

    /// Fails unless the run ended with 2 and printed exactly these errors.
    #[track_caller]
    pub(crate) fn failed(self, stderr: &str) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(2), stderr), "stdout: {}", self.stdout);
        self
    }

    /// One JSON object for each line of stdout.
    #[track_caller]
    pub(crate) fn objects(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// The only line of stdout as JSON.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        let mut objects = self.objects();
        assert_eq!(objects.len(), 1, "{self:#?}");
        objects.remove(0)
    }
}

/// A text of at least `bytes` bytes, the sentence over and over.
pub(crate) fn repeated(sentence: &str, bytes: usize) -> String {
    sentence.repeat(bytes.div_ceil(sentence.len()))
}
