//! How fast the overlap engines are, beside what memory allows and beside `fastbloom`; and how often the filter is wrong.
//!
//! `cargo bench -p datasets --bench overlap [CORPUS...]`: without a corpus, generated words take its place. Everything is in
//! memory before a clock starts, but for the index, which is mapped. Options: `--only=build`, `query`, `join` or `wrong`;
//! `--query-mb=60` for ten million n-grams that the join is asked for; `--absent=5e9` n-grams to count false positives of.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use datasets::overlap::{
    BuildOptions, Corpus, Counting, FilterEngine, Index, JoinEngine, NgramOptions, Observer, OverlapEngine, Verify,
    Words, build, plan,
};
use fastbloom::BloomFilter;

/// Bytes of the corpus that are used at most.
const CORPUS_BYTES: usize = 200 << 20;
/// MiB of the texts that are asked for.
const QUERY_MB: usize = 20;
/// Absent n-grams asked for: 20 false positives are expected at the 8e-9 of a full filter.
const ABSENT: f64 = 2.5e9;
const RATE: f64 = 1e-8;

struct Silent;

impl Observer for Silent {
    fn read(&self, _bytes: u64) {}

    fn skipped(&self, error: &datasets::Error) {
        panic!("{error}");
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let hash = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    }

    /// A document of words of 1 to 9 letters, 5.5 bytes each with their space, as in English.
    fn document(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes);
        while text.len() < bytes {
            let mut bits = self.next();
            for _ in 0..1 + bits % 8 {
                bits /= 8;
                text.push((b'a' + (bits % 26) as u8) as char);
            }
            text.push(if bits.is_multiple_of(8) { '\n' } else { ' ' });
        }
        text
    }
}

/// What follows `--name=` on the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().find_map(|argument| Some(argument.strip_prefix(&format!("--{name}="))?.to_owned()))
}

fn main() {
    let only = option("only");
    let runs = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let folder = tempfile::tempdir().unwrap();
    let (documents, queries) = texts();
    let bytes = total(&documents);
    let path = folder.path().join("corpus.jsonl");
    let lines = documents.iter().map(|text| serde_json::json!({ "text": text }).to_string() + "\n");
    std::fs::write(&path, lines.collect::<String>()).unwrap();
    let file = Corpus::open(&[path]).unwrap();
    let memory = Corpus::of_texts(documents.clone());
    println!(
        "corpus {} MB in {} documents, texts asked for {} MB",
        bytes / 1e6,
        documents.len(),
        total(&queries) / 1e6
    );

    let index_path = folder.path().join("corpus.overlap");
    let ngrams = ngrams_of(&documents);
    let lines = probe(ngrams.len());
    normalising(&documents);
    for threads in if runs("build") { &[1, 2][..] } else { &[2] } {
        let corpora = [("texts in memory", &memory), ("a JSONL file", &file)];
        for (what, corpus) in &corpora[..if runs("build") { 2 } else { 1 }] {
            building(what, corpus, bytes, ngrams.len(), *threads, &index_path, lines);
        }
    }
    let index = Index::open(&index_path, Verify::All, 2).unwrap();
    let mut engine = FilterEngine { index, threads: 1 };
    for threads in if runs("query") { &[1, 2][..] } else { &[] } {
        engine.threads = *threads;
        querying("index, texts of other documents", &engine, &queries);
        querying("index, texts of the corpus", &engine, &documents[..documents.len() / 4]);
    }
    if runs("join") {
        joining("texts in memory", &memory, bytes, &queries);
        joining("a JSONL file", &file, bytes, &queries);
    }
    if only.is_none() {
        fastbloom_beside(&ngrams, &ngrams_of(&queries));
    }
    if runs("wrong") {
        let absent = option("absent").map_or(ABSENT, |absent| absent.parse().unwrap());
        false_positives(&engine.index, absent as u64);
    }
}

/// The corpus, and every tenth document kept away from it, more where more is asked for.
fn texts() -> (Vec<String>, Vec<String>) {
    let query_bytes = option("query-mb").map_or(QUERY_MB, |size| size.parse().unwrap()) << 20;
    let every = (CORPUS_BYTES / query_bytes).max(2);
    let paths: Vec<PathBuf> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).map(Into::into).collect();
    let mut random = Random(1);
    let mut generated = (0..).map(|_| random.document(14_000));
    let sources = (!paths.is_empty()).then(|| Corpus::open(&paths).unwrap());
    let mut read = sources.iter().flat_map(|corpus| corpus.sources()).map(|source| source.unwrap().text);
    let (mut documents, mut queries) = (Vec::new(), Vec::new());
    let (mut size, mut asked, mut number) = (0, 0, 0);
    while size < CORPUS_BYTES {
        let next = if paths.is_empty() { generated.next() } else { read.next() };
        let Some(text) = next else { break };
        number += 1;
        if number % every == 0 && asked < query_bytes {
            asked += text.len();
            queries.push(text);
        } else {
            size += text.len();
            documents.push(text);
        }
    }
    (documents, queries)
}

fn total(texts: &[String]) -> f64 {
    texts.iter().map(String::len).sum::<usize>() as f64
}

fn ngrams_of(texts: &[String]) -> Vec<u64> {
    let mut words = Words::new(NgramOptions::default());
    let mut all = Vec::new();
    for text in texts {
        words.read(text);
        words.ngrams(&mut all);
    }
    all
}

/// Seconds by the clock, and of all threads on the processor where that is known.
#[derive(Clone, Copy)]
struct Elapsed {
    clock: f64,
    processor: Option<f64>,
}

fn seconds(work: impl FnOnce()) -> Elapsed {
    let (start, before) = (Instant::now(), processor_seconds());
    work();
    let processor = before.and_then(|before| Some(processor_seconds()? - before));
    Elapsed { clock: start.elapsed().as_secs_f64(), processor }
}

/// Linux counts them in hundredths: fields 14 and 15 of `/proc/self/stat`.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
}

/// What memory allows: two threads read, change and write random lines of as much memory as the filter has, each line asked
/// for 16 before. Lines a second.
fn probe(ngrams: usize) -> f64 {
    let count = (ngrams * 48).div_ceil(512);
    let mut memory = memmap2::MmapMut::map_anon(count * 64).unwrap();
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    memory.fill(1);
    let (left, right) = memory.as_chunks_mut::<64>().0.split_at_mut(count / 2);
    let per_thread = 20_000_000;
    let run = |lines: &mut [[u8; 64]], seed| {
        let mut random = Random(seed);
        let count = lines.len() as u128;
        let mut next = || ((u128::from(random.next()) * count) >> 64) as usize;
        let mut ahead: [usize; 16] = std::array::from_fn(|_| next());
        for at in 0..per_thread {
            let line = std::mem::replace(&mut ahead[at % 16], next());
            datasets::overlap::prefetch(lines, ahead[at % 16]);
            for word in lines[line].as_chunks_mut::<8>().0 {
                *word = (u64::from_le_bytes(*word) ^ at as u64).to_le_bytes();
            }
        }
    };
    let elapsed = seconds(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| run(left, 2));
            run(right, 3);
        });
    });
    let lines = 2.0 * per_thread as f64 / elapsed.clock;
    println!(
        "memory: {:.1} M random lines of 64 bytes a second changed by two threads in {} MB",
        lines / 1e6,
        count * 64 / 1_000_000
    );
    lines
}

fn normalising(documents: &[String]) {
    let mut words = Words::new(NgramOptions::default());
    let mut ngrams = Vec::new();
    let mut count = 0;
    let elapsed = seconds(|| {
        for text in documents {
            words.read(text);
            ngrams.clear();
            words.ngrams(&mut ngrams);
            count += ngrams.len();
        }
    });
    report("normalise and hash, 1 thread", total(documents), count, elapsed);
    let some = &documents[..documents.len() / 20];
    let elapsed = seconds(|| {
        for text in some {
            std::hint::black_box(datasets::overlap::naive::words(text, &NgramOptions::default()));
        }
    });
    report("normalise, naive twin, 1 thread", total(some), 0, elapsed);
}

fn building(what: &str, corpus: &Corpus, bytes: f64, ngrams: usize, threads: usize, path: &Path, lines: f64) {
    let options = BuildOptions { threads, rate: RATE, expect: Some(ngrams as u64), ..BuildOptions::default() };
    let planned = plan(corpus, &options, &Silent).unwrap();
    let elapsed = seconds(|| {
        build(corpus, &planned, &options, path, &Silent).unwrap();
    });
    report(&format!("build from {what}, {threads} threads and one that reads"), bytes, ngrams, elapsed);
    let share = 100.0 * 2.0 * ngrams as f64 / elapsed.clock / lines;
    let bits = 8.0 * planned.file_bytes as f64 / ngrams as f64;
    println!("    {bits:.2} bits an n-gram; {share:.0} % of the lines a second that the probe changed");
}

fn querying(what: &str, engine: &FilterEngine, texts: &[String]) {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    let elapsed = seconds(|| found = engine.overlaps(&texts, Counting::Occurrences).unwrap());
    let bytes = texts.iter().map(|text| text.len()).sum::<usize>() as f64;
    let (found, all) = found.iter().fold((0, 0), |sum, overlap| (sum.0 + overlap.found, sum.1 + overlap.total));
    report(&format!("query {what}, {} threads", engine.threads), bytes, all as usize, elapsed);
    println!("    {found} of {all} n-grams found");
}

fn joining(what: &str, corpus: &Corpus, bytes: f64, queries: &[String]) {
    let texts: Vec<&str> = queries.iter().map(String::as_str).collect();
    for threads in [1, 2] {
        let engine = JoinEngine { corpus: corpus.clone(), ngrams: NgramOptions::default(), threads, observer: &Silent };
        // The fastest of three: what is left is the least that other programs took.
        let elapsed = |engine: &JoinEngine<'_>| {
            let mut all = 0;
            let tries = [(); 3].map(|()| {
                seconds(|| {
                    let overlaps = engine.overlaps(&texts, Counting::Occurrences).unwrap();
                    all = overlaps.iter().map(|overlap| overlap.total).sum();
                })
            });
            let clock = tries.iter().map(|elapsed| elapsed.clock).fold(f64::INFINITY, f64::min);
            let processor = tries.iter().filter_map(|elapsed| elapsed.processor).reduce(f64::min);
            (Elapsed { clock, processor }, all)
        };
        // Indexing the texts is not streaming the corpus: it is what remains of an empty one.
        let (indexing, _) = elapsed(&JoinEngine { corpus: Corpus::of_texts(Vec::new()), ..engine });
        let engine = JoinEngine { corpus: corpus.clone(), ngrams: NgramOptions::default(), threads, observer: &Silent };
        let (elapsed, all) = elapsed(&engine);
        let what = format!("join with {what} against {all} n-grams, {threads} threads and one that reads");
        let streaming = Elapsed {
            clock: elapsed.clock - indexing.clock,
            processor: elapsed.processor.zip(indexing.processor).map(|(all, indexing)| all - indexing),
        };
        report(&what, bytes, 0, streaming);
        println!("    after {:.2} s for indexing the texts", indexing.clock);
    }
}

fn fastbloom_beside(ngrams: &[u64], queries: &[u64]) {
    let some = &ngrams[..ngrams.len().min(10_000_000)];
    let bits = (some.len() as f64 * 38.34) as usize;
    let mut filter = BloomFilter::with_num_bits(bits).seed(&1).hashes(26);
    let elapsed = seconds(|| {
        some.iter().for_each(|ngram| {
            filter.insert(ngram);
        })
    });
    println!(
        "fastbloom, 38.3 bits: {:.1} M n-grams a second put in, 1 thread",
        some.len() as f64 / elapsed.clock / 1e6
    );
    let mut found = 0;
    let elapsed = seconds(|| found = queries.iter().filter(|ngram| filter.contains(*ngram)).count());
    println!("fastbloom: {:.1} M absent n-grams a second, {found} found", queries.len() as f64 / elapsed.clock / 1e6);
}

/// Asks for random hashes, none of which is in the corpus but by a chance of 1e-3 for all of them together.
fn false_positives(index: &Index, absent: u64) {
    let start = Instant::now();
    let found: u64 = std::thread::scope(|scope| {
        let run = |seed| {
            let mut random = Random(seed);
            let (mut hits, mut found) = (Vec::new(), 0);
            for _ in 0..absent / 2 / 10_000 {
                let ngrams: Vec<u64> = (0..10_000).map(|_| random.next()).collect();
                index.contains(&ngrams, &mut hits);
                found += hits.iter().filter(|hit| **hit).count() as u64;
            }
            found
        };
        let other = scope.spawn(move || run(4 << 32));
        run(5 << 32) + other.join().unwrap()
    });
    let upper = upper_bound(found) / absent as f64;
    println!(
        "false positives: {found} of {absent} absent n-grams, {:.1e}, at most {upper:.1e} at 95 %, promised {RATE:.0e}, {:.0e} by the bits set",
        found as f64 / absent as f64,
        index.condition(2).false_positive_rate,
    );
    println!("    {:.1} M a second, 2 threads", absent as f64 / start.elapsed().as_secs_f64() / 1e6);
}

/// The mean of a Poisson distribution that gives so few with a probability of 5 % (Clopper and Pearson 1934).
fn upper_bound(found: u64) -> f64 {
    let at_most = |mean: f64| {
        let (mut term, mut sum) = ((-mean).exp(), 0.0);
        for count in 0..=found {
            sum += term;
            term *= mean / (count + 1) as f64;
        }
        sum
    };
    let (mut low, mut high) = (0.0, 10.0 + 3.0 * found as f64);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if at_most(middle) > 0.05 { low = middle } else { high = middle }
    }
    high
}

fn report(what: &str, bytes: f64, ngrams: usize, elapsed: Elapsed) {
    print!("{what}: {:.0} MB a second", bytes / elapsed.clock / 1e6);
    if ngrams > 0 {
        print!(", {:.1} M n-grams", ngrams as f64 / elapsed.clock / 1e6);
    }
    match elapsed.processor {
        Some(processor) if processor > 0.0 => println!("; {:.0} MB a second of one core", bytes / processor / 1e6),
        _ => println!(),
    }
}
