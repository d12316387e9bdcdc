//! One thread reads documents, the others work on them in batches; and the same for texts that are all there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::corpus::{Corpus, Source};
use crate::error::{Error, Result};

/// Bytes of text in a batch.
const BATCH_BYTES: usize = 1 << 20;
/// Documents in a batch at most: short ones cost more than their bytes.
const BATCH_DOCUMENTS: usize = 4096;

/// What is told while a corpus is read; called from one thread.
pub trait Observer {
    /// So many more bytes of text were read.
    fn read(&self, bytes: u64);
    /// A record is wrong and was left out.
    fn skipped(&self, error: &Error);
}

/// Documents that follow one another.
pub(crate) struct Batch {
    /// The place of the first in the corpus, counted from 0.
    pub(crate) first: u64,
    pub(crate) sources: Vec<Source>,
}

/// Reads a corpus once and works on it on `threads` threads; gives the states they end with, in no particular order.
///
/// A record that is wrong is told to the observer and left out; any other error ends the reading.
pub(crate) fn for_each_batch<State: Send>(
    corpus: &Corpus,
    threads: usize,
    observer: &dyn Observer,
    start: impl Fn() -> State + Sync,
    work: impl Fn(&mut State, Batch) + Sync,
) -> Result<Vec<State>> {
    let threads = threads.max(1);
    let (sender, receiver) = sync_channel::<Batch>(2 * threads);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let (start, work, receiver) = (&start, &work, &receiver);
        let run = move || {
            let mut state = start();
            loop {
                let batch = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                match batch {
                    Ok(batch) => work(&mut state, batch),
                    Err(_) => return state,
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let read = read_batches(corpus, observer, |batch| sender.send(batch).is_ok());
        drop(sender);
        let states = workers.into_iter().map(|worker| match worker.join() {
            Ok(state) => state,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        let states = states.collect();
        read.map(|()| states)
    })
}

fn read_batches(corpus: &Corpus, observer: &dyn Observer, send: impl Fn(Batch) -> bool) -> Result<()> {
    let mut batch = Batch { first: 0, sources: Vec::new() };
    let mut bytes = 0;
    for source in corpus.sources() {
        match source {
            Ok(source) => {
                bytes += source.text.len();
                batch.sources.push(source);
            }
            Err(error) if error.is_of_record() => observer.skipped(&error),
            Err(error) => return Err(error),
        }
        if bytes >= BATCH_BYTES || batch.sources.len() >= BATCH_DOCUMENTS {
            observer.read(bytes as u64);
            bytes = 0;
            let first = batch.first + batch.sources.len() as u64;
            if !send(std::mem::replace(&mut batch, Batch { first, sources: Vec::new() })) {
                return Ok(());
            }
        }
    }
    observer.read(bytes as u64);
    send(batch);
    Ok(())
}

/// `work` on each item, on `threads` threads, in order.
pub(crate) fn map_all<Item: Sync, State, Output: Send>(
    items: &[Item],
    threads: usize,
    start: impl Fn() -> State + Sync,
    work: impl Fn(&mut State, &Item) -> Output + Sync,
) -> Vec<Output> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut state = start();
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(&mut state, item)));
        }
    };
    let mut all: Vec<(usize, Output)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, items.len().max(1))).map(|_| scope.spawn(run)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, Vec<(usize, Output)>>| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().flat_map(join).collect()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, output)| output).collect()
}
