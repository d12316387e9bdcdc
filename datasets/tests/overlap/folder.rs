//! A folder of corpora and indexes that is gone after the test.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use datasets::overlap::{
    BuildOptions, Corpus, Counting, FilterEngine, Header, Index, JoinEngine, NgramOptions, Observer, Overlap,
    OverlapEngine, Unit, Verify, build, plan,
};
use datasets::{Error, Result};
use tempfile::TempDir;

pub(crate) struct Folder(TempDir);

/// Keeps the messages about records that were left out.
#[derive(Default)]
pub(crate) struct Skipped(pub(crate) RefCell<Vec<String>>);

impl Observer for Skipped {
    fn read(&self, _bytes: u64) {}

    fn skipped(&self, error: &Error) {
        self.0.borrow_mut().push(error.to_string());
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    pub(crate) fn corpus(&self, names: &[&str]) -> Corpus {
        Corpus::open(&names.iter().map(|name| self.path(name)).collect::<Vec<_>>()).unwrap()
    }

    /// Builds an index of some files; its bytes are those of the file.
    pub(crate) fn build(&self, names: &[&str], options: &BuildOptions, output: &str) -> Result<Header> {
        let corpus = self.corpus(names);
        let observer = Skipped::default();
        let plan = plan(&corpus, options, &observer)?;
        let header = build(&corpus, &plan, options, &self.path(output), &observer)?;
        assert_eq!(fs::metadata(self.path(output)).unwrap().len(), plan.file_bytes);
        Ok(header)
    }

    pub(crate) fn open(&self, name: &str) -> Result<Index> {
        Index::open(&self.path(name), Verify::All, 2)
    }

    /// What an index of the files says about a text.
    pub(crate) fn filter(&self, names: &[&str], ngrams: NgramOptions, text: &str, counting: Counting) -> Overlap {
        let options = BuildOptions { ngrams, ..BuildOptions::default() };
        self.build(names, &options, "some.overlap").unwrap();
        let index = self.open("some.overlap").unwrap();
        let index = match ngrams.unit {
            Unit::Words => index,
            Unit::Tokens(vocabulary) => index.with_tokenizer(vocabulary).unwrap(),
        };
        let engine = FilterEngine { index, threads: 2 };
        engine.overlaps(&[text], counting).unwrap().remove(0)
    }

    /// What the join with the files says about a text.
    pub(crate) fn join(&self, names: &[&str], ngrams: NgramOptions, text: &str, counting: Counting) -> Overlap {
        let engine = JoinEngine { corpus: self.corpus(names), ngrams, threads: 2, observer: &Skipped::default() };
        engine.overlaps(&[text], counting).unwrap().remove(0)
    }

    /// The message of an error with its cause, the folder taken out.
    pub(crate) fn message(&self, error: &Error) -> String {
        let mut message = error.to_string();
        if let Some(cause) = std::error::Error::source(error) {
            message += &format!(": {cause}");
        }
        message.replace(&format!("{}/", self.0.path().display()), "")
    }

    /// The names of all files, hidden ones too.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn n(n: usize) -> NgramOptions {
    NgramOptions { n, ..NgramOptions::default() }
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let hash = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((hash ^ (hash >> 31)) % end as u64) as usize
    }

    /// So many words of a vocabulary of `size`, some of them not ASCII, with signs between them.
    pub(crate) fn text(&mut self, words: usize, size: usize) -> String {
        let mut text = String::new();
        for _ in 0..words {
            let word = self.below(size);
            let stem = ["stone", "Café", "naïve", "it's", "river", "ÜBER", "seventeen", "Москва"][word % 8];
            text += stem;
            text += &(word / 8).to_string();
            text += [" ", ", ", " — ", ".\n", "  "][self.below(5)];
        }
        text
    }
}

/// A JSONL file of these texts.
pub(crate) fn jsonl(texts: &[String]) -> String {
    let line = |text: &String| serde_json::json!({ "text": text }).to_string() + "\n";
    texts.iter().map(line).collect()
}

pub(crate) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}
