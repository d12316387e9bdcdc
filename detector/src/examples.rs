//! Labelled texts for training and calibration: which texts, cut how, of which kind.

use crate::language::{is_english, words};
use datasets::{Document, Label};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::Hasher;
use xxhash_rust::xxh3::Xxh3;

/// The two kinds of machine text; each has a head of its own, for one detector of both is bad at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Written by a model trained to answer.
    Assistant,
    /// Drawn from a plain language model.
    Sampled,
}

/// Sources whose machine texts are samples of plain language models; the other sources' are an assistant's.
const SAMPLED_SOURCES: [&str; 4] = ["gpt-2-output", "gpt-2-samples", "seqxgpt", "own-samples"];

/// Sources that share texts or prompts and are therefore left out together.
const SOURCE_GROUPS: [(&str, &str); 1] = [("biscope-paraphrased", "biscope")];

/// A text to learn from or to be judged on.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Id of the document.
    pub id: String,
    /// The text, cut to a random length.
    pub text: String,
    /// `None`: human.
    pub kind: Option<Kind>,
    /// Where it came from: what is left out as one.
    pub source: String,
    /// Source and domain: what is weighed as one.
    pub domain: String,
    /// The model, of machine text.
    pub generator: Option<String>,
    /// Equal for texts cut from the same document, whatever source it stands in.
    pub origin: u64,
}

/// How many texts to take and how to cut them.
#[derive(Debug, Clone, Copy)]
pub struct Selection {
    /// At most this many human texts of one source and domain.
    pub most_human: usize,
    /// At most this many human texts of one source.
    pub most_human_of_source: usize,
    /// At most this many texts of one source, domain and assistant.
    pub most_assistant: usize,
    /// At most this many texts of one source, domain and plain language model.
    pub most_sampled: usize,
    /// Fewest words of a cut.
    pub least_words: usize,
    /// Most words of a cut; the length is drawn log-uniformly between the two.
    pub most_words: usize,
    /// Seed of the choice.
    pub seed: u64,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            most_human: 400,
            most_human_of_source: 2_000,
            most_assistant: 30,
            most_sampled: 400,
            least_words: 40,
            most_words: 320,
            seed: 1,
        }
    }
}

/// Chooses and cuts texts. The choice depends on ids and the seed, not on the order of the documents.
#[derive(Debug)]
pub struct Selector {
    selection: Selection,
    cells: BTreeMap<(String, String, String), BTreeMap<u64, Example>>,
}

impl Selector {
    /// An empty selection.
    #[must_use]
    pub fn new(selection: Selection) -> Self {
        Self { selection, cells: BTreeMap::new() }
    }

    /// Considers a document, or a piece of the document of this [`origin`]. Without a label it is human: a corpus older than
    /// language models. Texts that are too short or no English prose are passed over.
    pub fn offer(&mut self, document: Document, origin: u64) {
        let source = document.source.clone().unwrap_or_else(|| "corpus".to_owned());
        let label = document.label.unwrap_or(Label::Human);
        let domain = document.domain.clone().unwrap_or_default();
        let writer = document.generator.clone().unwrap_or_default();
        let order = stable_hash(&[&source, &document.id, &domain, &writer], self.selection.seed);
        let cell = self.cells.entry((source.clone(), format!("{label}/{domain}"), writer)).or_default();
        let kind = match label {
            Label::Human => None,
            Label::Machine if SAMPLED_SOURCES.contains(&source.as_str()) => Some(Kind::Sampled),
            Label::Machine => Some(Kind::Assistant),
        };
        let most = match kind {
            None => self.selection.most_human,
            Some(Kind::Assistant) => self.selection.most_assistant,
            Some(Kind::Sampled) => self.selection.most_sampled,
        };
        if cell.len() >= most && cell.last_key_value().is_some_and(|(last, _)| *last < order) {
            return;
        }
        let Some(text) = cut(&document.text, &self.selection, order) else { return };
        if !is_english(&text) {
            return; // the detector gives no verdict on it either
        }
        let group =
            SOURCE_GROUPS.iter().find(|(member, _)| *member == source).map_or(source.as_str(), |(_, group)| group);
        let example = Example {
            id: document.id,
            text,
            kind,
            source: group.to_owned(),
            domain: format!("{source}/{domain}"),
            generator: document.generator,
            origin,
        };
        cell.insert(order, example);
        if cell.len() > most {
            cell.pop_last();
        }
    }

    /// The chosen texts in a stable order, each text once. Of texts of one source that are made by one form (an article on each year, a
    /// letter with a name put in) the first is kept: a text more than three tenths of whose 8-grams stand in those kept before it
    /// is left.
    #[must_use]
    pub fn finish(self) -> Vec<Example> {
        let mut human: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for (order, example) in self.cells.values().flatten().filter(|(_, example)| example.kind.is_none()) {
            human.entry(example.source.clone()).or_default().insert(*order);
        }
        let last = |source: &str| {
            human.get(source).and_then(|orders| orders.iter().nth(self.selection.most_human_of_source)).copied()
        };
        let last: BTreeMap<&String, Option<u64>> = human.keys().map(|source| (source, last(source))).collect();
        let wanted = |order: u64, example: &Example| {
            example.kind.is_some() || last[&example.source].is_none_or(|last| order < last)
        };
        let mut seen = BTreeSet::new();
        let mut ngrams: BTreeMap<String, HashSet<u64>> = BTreeMap::new();
        let all = self.cells.into_values().flatten();
        all.filter(|(order, example)| wanted(*order, example) && seen.insert(stable_hash(&[&example.text], 0)))
            .map(|(_, example)| example)
            .filter(|example| is_new(&example.text, ngrams.entry(example.source.clone()).or_default()))
            .collect()
    }
}

/// Words of an n-gram by which texts of one form are known.
const N: usize = 8;

/// The share of its n-grams that a text may have in common with those kept before it.
const MOST_REPEATED: f64 = 0.3;

/// Whether few enough of the text's n-grams were seen; if so they are now.
fn is_new(text: &str, seen: &mut HashSet<u64>) -> bool {
    let words: Vec<&str> = words(text).collect();
    let ngrams: Vec<u64> = words.windows(N).map(|ngram| stable_hash(ngram, 0)).collect();
    let repeated = ngrams.iter().filter(|ngram| seen.contains(*ngram)).count();
    let is_new = repeated as f64 <= MOST_REPEATED * ngrams.len() as f64;
    if is_new {
        seen.extend(ngrams);
    }
    is_new
}

/// A stretch of whole words of random length and place, or `None` where the text is too short.
fn cut(text: &str, selection: &Selection, random: u64) -> Option<String> {
    let starts: Vec<usize> = words(text).map(|word| word.as_ptr() as usize - text.as_ptr() as usize).collect();
    if starts.len() < selection.least_words {
        return None;
    }
    let unit = |shift: u32| f64::from((random >> shift) as u16) / f64::from(u16::MAX);
    let most = selection.most_words.min(starts.len()) as f64;
    let least = selection.least_words as f64;
    let wanted = (least * (most / least).powf(unit(0))).round() as usize;
    let first = (unit(16) * (starts.len() - wanted) as f64) as usize;
    // from the beginning of a line or sentence where one is near, as a person would quote
    let begin = sentence_start(text, starts[first]);
    let first = starts.partition_point(|&start| start < begin);
    let end = starts.get(first + wanted).copied().unwrap_or(text.len());
    Some(text[begin..end].trim().to_owned())
}

fn sentence_start(text: &str, at: usize) -> usize {
    let before = &text[..at];
    let boundary = before.rfind(['\n', '.', '!', '?']).map_or(0, |found| found + 1);
    if at - boundary < 300 { boundary } else { at }
}

/// What a document is known by wherever it stands: a hash of its first words. Of pieces, that of the whole document.
#[must_use]
pub fn origin(text: &str) -> u64 {
    stable_hash(&words(text).take(24).collect::<Vec<&str>>(), 0)
}

/// A hash with a stable definition (XXH3-64).
#[must_use]
pub fn stable_hash(parts: &[&str], seed: u64) -> u64 {
    let mut hasher = Xxh3::with_seed(seed);
    for part in parts {
        hasher.write(part.as_bytes());
        hasher.write(&[0xFF]);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(id: usize, source: &str) -> Document {
        let text = (0..200).map(|word| format!("the word{word}of{id}")).collect::<Vec<_>>().join(" ");
        Document { id: id.to_string(), text, source: Some(source.to_owned()), ..Document::default() }
    }

    #[test]
    fn the_choice_does_not_depend_on_the_order() {
        let choose = |documents: Vec<Document>| {
            let mut selector = Selector::new(Selection { most_human: 5, ..Selection::default() });
            documents.into_iter().for_each(|document| selector.offer(document, 0));
            selector.finish()
        };
        let forward: Vec<Document> = (0..30).map(|id| document(id, "a")).collect();
        let backward = forward.iter().rev().cloned().collect();
        let chosen = choose(forward);
        assert_eq!(chosen.len(), 5);
        assert_eq!(chosen, choose(backward));
    }

    #[test]
    fn no_source_has_more_human_texts_than_asked_for() {
        let mut selector = Selector::new(Selection { most_human: 5, most_human_of_source: 8, ..Selection::default() });
        for id in 0..60 {
            let domain = (id % 3).to_string();
            selector.offer(Document { domain: Some(domain), ..document(id, if id < 45 { "a" } else { "b" }) }, 0);
        }
        let of_source = |chosen: &[Example], source| chosen.iter().filter(|example| example.source == source).count();
        let chosen = selector.finish();
        assert_eq!((of_source(&chosen, "a"), of_source(&chosen, "b")), (8, 8));
    }

    #[test]
    fn texts_of_one_form_are_kept_once() {
        let mut selector = Selector::new(Selection { most_words: 400, least_words: 100, ..Selection::default() });
        let form = |id: usize, source: &str| {
            let text = (0..120)
                .map(|word| if word % 20 == 0 { format!("the name{id}x{word}") } else { format!("the word{word}") });
            let text = text.collect::<Vec<_>>().join(" ");
            Document { id: id.to_string(), text, source: Some(source.to_owned()), ..Document::default() }
        };
        (0..10).for_each(|id| selector.offer(form(id, "a"), 0));
        (10..15).for_each(|id| selector.offer(document(id, "a"), 0));
        selector.offer(form(20, "b"), 0);
        let sources: Vec<String> = selector.finish().into_iter().map(|example| example.source).collect();
        assert_eq!(sources, ["a"; 6].into_iter().chain(["b"]).map(str::to_owned).collect::<Vec<_>>());
    }

    #[test]
    fn cuts_have_the_asked_length_and_short_texts_are_left() {
        let text = (0..1000).map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ");
        for random in (0..50).map(|index| stable_hash(&[&index.to_string()], 7)) {
            let cut = cut(&text, &Selection::default(), random).expect("long enough");
            assert!((40..=321).contains(&words(&cut).count()), "{} words", words(&cut).count());
        }
        assert_eq!(cut("too short a text", &Selection::default(), 9), None);
    }

    #[test]
    fn kinds_follow_the_source() {
        let mut selector = Selector::new(Selection::default());
        for (id, (source, label)) in
            [("seqxgpt", Label::Machine), ("seqxgpt", Label::Human), ("l2r", Label::Machine)].into_iter().enumerate()
        {
            let document = Document { label: Some(label), domain: Some(id.to_string()), ..document(id, source) };
            selector.offer(document, 0);
        }
        let kinds: Vec<_> = selector.finish().into_iter().map(|example| (example.source, example.kind)).collect();
        let expected = [("l2r", Some(Kind::Assistant)), ("seqxgpt", None), ("seqxgpt", Some(Kind::Sampled))];
        assert_eq!(kinds, expected.map(|(source, kind)| (source.to_owned(), kind)));
    }
}
