//! `detect train-detector`: labelled texts to heads, lexical weights, a calibration, and the leave-one-source-out table.

use super::measurements::{measure, measure_attacked};
use crate::args::TrainDetectorArgs;
use crate::output::{Exit, line, note, progress_bar};
use anyhow::{Context, Result, bail, ensure};
use datasets::{Document, Label};
use detector::{
    Cell, EMBEDDED_MODEL, EVIDENCE, Fitted, LEAST_TOKENS, Labelled, LabelledWords, LexicalFeatures, Reader, Scorer,
    Selection, Selector, TASKS, normalize,
};
use generator::{CpuModel, LoadedModel, Sampling, Tokenizer};
use rayon::prelude::*;

use std::sync::Arc;
use std::time::Instant;

/// Longer documents are offered in pieces of about this many bytes, so that a book gives more than one text.
const PIECE_BYTES: usize = 12_000;
/// Pieces of one document that are offered.
const MOST_PIECES: usize = 12;
/// Tokens of human text that a sample continues, and tokens sampled, where the context has room for so many.
const PROMPT_TOKENS: usize = 24;
const SAMPLE_TOKENS: usize = 230;
const SAMPLE_BATCH: usize = 24;

pub(crate) fn run(args: &TrainDetectorArgs) -> Result<Exit> {
    std::fs::create_dir_all(&args.output).with_context(|| format!("cannot create `{}`", args.output.display()))?;
    let (scorer, writer) = load(args)?;
    let reader = Reader::of_shape(scorer.layers, writer.channels());
    let layers = if args.layers.is_empty() { reader.layers(scorer.layers) } else { args.layers.clone() };
    if let Some(layer) = layers.iter().find(|layer| !(1..=scorer.layers).contains(*layer)) {
        bail!("--layers has {layer}, expected 1 to {}", scorer.layers);
    }

    // A smaller choice is read by the model, a larger one only by its words.
    for (name, share) in [("fraction", args.fraction), ("read-fraction", args.read_fraction)] {
        ensure!(share > 0.0 && share <= 1.0, "--{name} is {share}, expected above 0, up to 1");
    }
    let small = Selection { seed: args.seed, most_words: reader.most_words(), ..Selection::default() };
    let large = Selection {
        most_human: 2_500,
        most_human_of_source: usize::MAX,
        most_assistant: 250,
        most_sampled: 1_000,
        most_words: Reader::Small.most_words(), // of all words are counted
        ..small
    };
    let (small, large) = (share_of(small, args.fraction * args.read_fraction), share_of(large, args.fraction));
    let (mut to_measure, mut to_count) = (Selector::new(small), Selector::new(large));
    let mut offer = |document: Document| {
        let mut of_document = None;
        for piece in pieces(document) {
            let piece = Document { text: normalize(&piece.text).text, ..piece };
            let origin = *of_document.get_or_insert_with(|| detector::origin(&piece.text));
            to_measure.offer(piece.clone(), origin);
            to_count.offer(piece, origin);
        }
    };
    let prompts = read_documents(args, &scorer.tokenizer, &mut offer)?;
    for sample in kept_own_samples(args, &writer, &scorer, prompts)? {
        offer(sample);
    }
    let (to_measure, to_count) = (to_measure.finish(), to_count.finish());

    let start = Instant::now();
    let mut texts = measure(to_measure, &scorer, &layers, &args.output)?;
    texts.retain(|text| text.measurement.tokens >= LEAST_TOKENS); // the detector gives no verdict on the others
    let tokens: usize = texts.iter().map(|text| text.measurement.tokens).sum();
    let speed = tokens as f64 / start.elapsed().as_secs_f64();
    note(&format!("{} texts, {tokens} tokens, {speed:.0} a second where they were not read before", texts.len()));
    let words: Vec<LabelledWords> = to_count
        .into_par_iter()
        .map(|example| LabelledWords { lexical: LexicalFeatures::of(&example.text, detector::LEXICAL_BITS), example })
        .collect();
    note(&format!("{} texts counted by their words", words.len()));

    let jobs = (detector::sources(&texts).len() + 1) * TASKS.len() * 2;
    let bar = progress_bar(jobs as u64, "fits");
    let fitted = detector::fit(&words, &texts, reader, args.seed, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let cells = detector::leave_one_source_out(&texts, &fitted);
    let table = args.output.join("leave-one-source-out.csv");
    reports::write_leave_one_source_out(&cells, &table)?;
    print_table(&cells)?;
    let [human, machine] = detector::read_when_fast(&texts, &fitted).map(|share| 100.0 * share);
    line(&format!(
        "words first (`--fast`): {human:.1} % of human and {machine:.1} % of machine texts are read by the model"
    ))?;
    let held_out = args.output.join("held-out-scores.csv");
    reports::write_scores(&detector::held_out(&texts, &fitted), &held_out)?;
    detector::save(&fitted, &scorer.name, &layers, &args.output)?;
    note(&format!("wrote `{}`: `detect evaluate --scores` makes a page of it", held_out.display()));
    note(&format!("wrote `{}` and the heads for {}", table.display(), scorer.name));
    if args.protocol {
        let protocol = args.output.join("protocol.csv");
        reports::write_protocol(&run_protocol(args, &words, &texts, &fitted, &scorer, &layers)?, &protocol)?;
        note(&format!("wrote `{}`", protocol.display()));
    }
    Ok(Exit::Done)
}

/// Groups left out, lengths and attacks.
fn run_protocol(
    args: &TrainDetectorArgs,
    words: &[LabelledWords],
    texts: &[Labelled],
    fitted: &Fitted,
    scorer: &Scorer,
    layers: &[usize],
) -> Result<Vec<Cell>> {
    let bar = progress_bar(detector::trainings(texts) as u64, "groups left out");
    let mut cells = detector::leave_groups_out(words, texts, fitted, args.seed, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let measured = measure_attacked(detector::attacked(texts, args.attacked_texts), scorer, layers)?;
    cells.extend(detector::attack_cells(texts, fitted, measured));
    line(
        "axis      group                                     evidence        humans machines  AUROC  TPR at 1 %, 5 % FPR  realised FPR",
    )?;
    for cell in &cells {
        line(&format!("{:8}  {:40}  {}", cell.axis, cell.group, figures(cell)))?;
    }
    line("")?;
    Ok(cells)
}

/// The model, to score with and to write with.
fn load(args: &TrainDetectorArgs) -> Result<(Scorer, Arc<CpuModel>)> {
    if let Some(model) = &args.model {
        let opened = crate::registry::open(model)?;
        return Ok((opened.scorer, opened.writer));
    }
    let tokenizer = Tokenizer::from_bytes(EMBEDDED_MODEL.tokenizer, "the embedded tokenizer.json")?;
    let model = CpuModel::new(&EMBEDDED_MODEL.gpt2("cpu")?, tokenizer.end_of_text());
    let (name, sha256) = (EMBEDDED_MODEL.name()?, EMBEDDED_MODEL.sha256()?);
    Ok(Scorer::of_loaded(LoadedModel { name, sha256, tokenizer, model }))
}

/// Offers all documents; gives the beginnings of human ones as prompts, in a stable order.
fn read_documents(
    args: &TrainDetectorArgs,
    tokenizer: &Tokenizer,
    offer: &mut dyn FnMut(Document),
) -> Result<Vec<Vec<u32>>> {
    let bar = progress_bar(0, "documents read");
    let mut prompts: Vec<(u64, String)> = Vec::new();
    for document in datasets::open_all(&args.texts)? {
        let document = document?;
        bar.inc(1);
        if document.attack.is_some() && !args.attacked {
            continue;
        }
        if document.label != Some(Label::Machine) && document.text.len() > 400 {
            let source = document.source.as_deref().unwrap_or_default();
            let order = detector::stable_hash(&["prompt", source, &document.id], args.seed);
            if order.is_multiple_of(8) {
                prompts.push((order, document.text.chars().take(400).collect()));
            }
        }
        offer(document);
    }
    bar.finish_and_clear();
    prompts.sort();
    let encode = |(_, text): &(u64, String)| {
        let ids = tokenizer.encode(&normalize(text).text)?.ids;
        Ok((ids.len() >= PROMPT_TOKENS).then(|| ids[..PROMPT_TOKENS].to_vec()))
    };
    prompts.iter().take(args.own_samples).map(encode).filter_map(Result::transpose).collect()
}

fn share_of(selection: Selection, fraction: f64) -> Selection {
    let share = |most: usize| ((most as f64 * fraction).round() as usize).max(1);
    Selection {
        most_human: share(selection.most_human),
        most_human_of_source: share(selection.most_human_of_source),
        most_assistant: share(selection.most_assistant),
        most_sampled: share(selection.most_sampled),
        ..selection
    }
}

/// A document, or the pieces of a long one.
fn pieces(document: Document) -> Vec<Document> {
    if document.text.len() < 2 * PIECE_BYTES {
        return vec![document];
    }
    let text = &document.text;
    let step = (text.len() / MOST_PIECES).max(PIECE_BYTES);
    let piece = |start: usize| {
        let start = text.ceil_char_boundary(start);
        let end = text.floor_char_boundary((start + PIECE_BYTES).min(text.len()));
        let id = format!("{}#{start}", document.id);
        Document { id, text: text[start..end].to_owned(), ..document.clone() }
    };
    (0..text.len()).step_by(step).map(piece).collect()
}

/// The samples of an earlier run with the same model, seed and number, or new ones, which are kept.
fn kept_own_samples(
    args: &TrainDetectorArgs,
    writer: &CpuModel,
    scorer: &Scorer,
    prompts: Vec<Vec<u32>>,
) -> Result<Vec<Document>> {
    let name = format!("own-samples-{}-seed-{}-{}.jsonl", scorer.name, args.seed, args.own_samples);
    let path = args.output.join(name);
    if !path.exists() {
        let start = Instant::now();
        let mut lines = String::new();
        for sample in own_samples(args, writer, &scorer.tokenizer, prompts)? {
            lines += &(serde_json::to_string(&sample)? + "\n");
        }
        generator::write_atomically(&path, lines.as_bytes())?;
        note(&format!("own samples took {:.0} s", start.elapsed().as_secs_f64()));
    }
    Ok(datasets::open(&path)?.collect::<Result<_, _>>()?)
}

/// Continuations of human beginnings by the model itself, under many ways of sampling: machine texts to be
/// calibrated and judged by. The sampled head fits nothing to them.
fn own_samples(
    args: &TrainDetectorArgs,
    writer: &CpuModel,
    tokenizer: &Tokenizer,
    prompts: Vec<Vec<u32>>,
) -> Result<Vec<Document>> {
    let bar = progress_bar(prompts.len() as u64, "samples");
    let ways = ways_of_sampling();
    let tokens = SAMPLE_TOKENS.min(writer.context().saturating_sub(PROMPT_TOKENS));
    let batches: Vec<(usize, &[Vec<u32>])> = prompts.chunks(SAMPLE_BATCH).enumerate().collect();
    let sampled = batches
        .into_par_iter()
        .map(|(number, batch)| {
            let first = number * SAMPLE_BATCH;
            let samplings: Vec<Sampling> = (0..batch.len()).map(|index| ways[(first + index) % ways.len()].1).collect();
            let seed = args.seed.wrapping_add(first as u64);
            let texts = writer.generate_batch(batch, &samplings, tokens, seed)?;
            bar.inc(batch.len() as u64);
            let document = |(index, ids): (usize, Vec<u32>)| {
                let end = ids.iter().position(|&id| id == tokenizer.end_of_text()).unwrap_or(ids.len());
                Document {
                    id: format!("own-sample-{}", first + index),
                    text: tokenizer.decode(&ids[..end]),
                    label: Some(Label::Machine),
                    generator: Some(ways[(first + index) % ways.len()].0.clone()),
                    source: Some("own-samples".to_owned()),
                    ..Document::default()
                }
            };
            Ok(texts.into_iter().enumerate().map(document).collect::<Vec<_>>())
        })
        .collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    Ok(sampled.into_iter().flatten().collect())
}

/// Temperatures, top-k, top-p and repetition penalties as people use them, with their names.
fn ways_of_sampling() -> Vec<(String, Sampling)> {
    let mut ways = Vec::new();
    for repetition_penalty in [1.0, 1.1, 1.2] {
        for (temperature, top_k, top_p) in [
            (1.0, 0, 1.0),
            (0.8, 0, 1.0),
            (1.0, 40, 1.0),
            (0.7, 40, 1.0),
            (1.0, 0, 0.95),
            (1.0, 0, 0.9),
            (0.9, 100, 0.98),
        ] {
            let name = format!("temperature {temperature}, top-k {top_k}, top-p {top_p}, penalty {repetition_penalty}");
            ways.push((name, Sampling { temperature, top_k, top_p, repetition_penalty }));
        }
    }
    ways
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "    -".to_owned(), |value| format!("{:5.1}", 100.0 * value))
}

fn decimal(auroc: Option<f64>) -> String {
    auroc.map_or_else(|| "   -".to_owned(), |value| format!("{value:.3}").replace("0.", "."))
}

/// What the lines of both tables share.
fn figures(cell: &Cell) -> String {
    format!(
        "{:14}  {:6} {:8}  {:>5}  {} % {} %      {} % {} %",
        cell.evidence,
        cell.humans,
        cell.machines,
        decimal(cell.auroc),
        percent(cell.tpr[0]),
        percent(cell.tpr[1]),
        percent(cell.fpr[0]),
        percent(cell.fpr[1]),
    )
}

fn print_table(cells: &[Cell]) -> Result<()> {
    line("left-out source       evidence        humans machines  AUROC  TPR at 1 %, 5 % FPR  realised FPR")?;
    for cell in cells {
        line(&format!("{:20}  {}", cell.group, figures(cell)))?;
    }
    line("")?;
    line("mean over sources     AUROC  TPR at 1 %, 5 % FPR  realised FPR, and the worst source at 1 %")?;
    for evidence in EVIDENCE {
        let worst =
            cells.iter().filter(|cell| cell.evidence == evidence && cell.humans >= 50).filter_map(|cell| cell.fpr[0]);
        line(&format!(
            "{:20}  {:>5}  {} % {} %      {} % {} %   {} %",
            evidence,
            decimal(detector::mean(cells, evidence, |cell| cell.auroc)),
            percent(detector::mean(cells, evidence, |cell| cell.tpr[0])),
            percent(detector::mean(cells, evidence, |cell| cell.tpr[1])),
            percent(detector::mean(cells, evidence, |cell| cell.fpr[0])),
            percent(detector::mean(cells, evidence, |cell| cell.fpr[1])),
            percent(worst.reduce(f64::max)),
        ))?;
    }
    Ok(())
}
