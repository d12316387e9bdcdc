//! `detect overlap FILE... --index` and `detect overlap join`: what of the texts is found.

use super::answer::{Asked, print};
use super::tokens::open;
use super::watch::{Watch, threads};
use crate::args::{AnswerArgs, AskArgs, JoinArgs};
use crate::output::{Exit, note, report};
use anyhow::{Result, bail};
use datasets::overlap::{Corpus, FilterEngine, JoinEngine, OverlapEngine, Source, Verify};
use datasets::{Error, MAX_RECORD_BYTES};
use std::io::stdin;
use std::path::{Path, PathBuf};

/// Bytes of texts that are looked up in an index at a time.
const BATCH_BYTES: usize = 64 << 20;

pub(crate) fn run(args: &AskArgs) -> Result<Exit> {
    let Some(index) = &args.index else {
        bail!("no index: name one with `--index`, or a command: build, join, merge, info, study");
    };
    if args.files.is_empty() {
        bail!("no text to look up: name a file, `-` for standard input, or `--help`");
    }
    let threads = threads(args.output.threads);
    let verify = if args.no_verify { Verify::Header } else { Verify::All };
    let engine = FilterEngine { index: open(index, verify, threads, args.tokenizer.as_deref())?, threads };
    let mut answered = Answered { engine: &engine, args: &args.output, pending: Vec::new(), bytes: 0 };
    let failed = read_texts(&args.files, &args.output, &mut |asked| answered.take(asked))?;
    answered.flush()?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

pub(crate) fn join(args: &JoinArgs) -> Result<Exit> {
    let mut texts = Vec::new();
    let mut failed = read_texts(&args.queries, &args.output, &mut |asked| {
        texts.push(asked);
        Ok(())
    })?;
    let watch = Watch::new(0, "MB of the corpus read");
    let engine = JoinEngine {
        corpus: Corpus::open(&args.corpus)?,
        ngrams: args.ngrams.options()?,
        threads: threads(args.output.threads),
        observer: &watch,
    };
    answer(&engine, &texts, &args.output)?;
    let seconds = watch.finish();
    let megabytes = watch.bytes() as f64 / 1e6;
    note(&format!("{megabytes:.1} MB of the corpus read in {seconds:.1} s, {:.0} MB a second", megabytes / seconds));
    failed |= watch.tell_skipped() && !args.output.skip_bad;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn answer(engine: &dyn OverlapEngine, texts: &[Asked], args: &AnswerArgs) -> Result<()> {
    let only: Vec<&str> = texts.iter().map(|asked| asked.text.as_str()).collect();
    let overlaps = engine.overlaps(&only, args.counting())?;
    texts.iter().zip(&overlaps).try_for_each(|(asked, overlap)| print(asked, overlap, engine.ngrams(), args))
}

/// Texts are looked up together, so that threads share them, but not all of a large file at once.
struct Answered<'a> {
    engine: &'a FilterEngine,
    args: &'a AnswerArgs,
    pending: Vec<Asked>,
    bytes: usize,
}

impl Answered<'_> {
    fn take(&mut self, asked: Asked) -> Result<()> {
        self.bytes += asked.text.len();
        self.pending.push(asked);
        if self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.bytes = 0;
        answer(self.engine, &std::mem::take(&mut self.pending), self.args)
    }
}

/// Reads texts from files of any name; whether some could not be read, which was said.
fn read_texts(files: &[PathBuf], args: &AnswerArgs, take: &mut dyn FnMut(Asked) -> Result<()>) -> Result<bool> {
    let mut failed = false;
    for path in files {
        let mut skipped = 0;
        texts_of(path, &mut |asked| match asked {
            Ok(asked) => take(asked),
            Err(error) => {
                let is_of_record = error.is_of_record();
                skipped += u64::from(is_of_record);
                failed |= !(is_of_record && args.skip_bad);
                report(&error.into());
                Ok(())
            }
        })?;
        if skipped > 0 {
            let records = if skipped == 1 { "record" } else { "records" };
            note(&format!("`{}`: {skipped} broken {records} left out", path.display()));
        }
    }
    Ok(failed)
}

/// The documents of a corpus file; of a file with another extension, or of standard input, all of it as one text.
fn texts_of(path: &Path, each: &mut dyn FnMut(Result<Asked, Error>) -> Result<()>) -> Result<()> {
    let limit = MAX_RECORD_BYTES as u64;
    let name = path.display().to_string();
    let whole = |file: datasets::TextFile| match file.is_whole() {
        true => Ok(Asked { path: name.clone(), id: None, text: file.text, start: file.start }),
        false => Err(Error::DocumentTooLong { path: path.to_owned(), limit }),
    };
    if path == Path::new("-") {
        let file = datasets::read_text_from("<stdin>", stdin().lock(), limit);
        return each(file.and_then(whole).map(|asked| Asked { path: "<stdin>".to_owned(), ..asked }));
    }
    match Corpus::open(&[path.to_owned()]) {
        Err(Error::UnknownExtension { .. }) => each(datasets::read_text(path, limit).and_then(whole)),
        Err(error) => each(Err(error)),
        Ok(corpus) => corpus.sources().try_for_each(|source| each(source.map(asked))),
    }
}

fn asked(source: Source) -> Asked {
    let is_whole_file = source.path.file_name().is_some_and(|name| name.to_string_lossy() == source.id);
    let path = source.path.display().to_string();
    let id = (!is_whole_file).then_some(source.id);
    Asked { path, id, text: source.text, start: source.start }
}
