//! The safetensors files of a folder, whole or in shards with an index, read tensor by tensor so that a model is never in memory
//! twice. (<https://github.com/huggingface/safetensors#format>: length of the header, header as JSON, data.)

use crate::error::{Error, Result};
use crate::model::Weights;
use half::{bf16, f16};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Longest header that the format allows.
const LONGEST_HEADER: u64 = 100_000_000;

/// Bytes that are read at a time.
const PART: usize = 1 << 20;

/// Tensors that were not taken yet.
#[derive(Debug)]
pub(crate) struct Shards {
    folder: String,
    files: Vec<(PathBuf, File)>,
    tensors: BTreeMap<String, Place>,
}

#[derive(Debug)]
struct Place {
    file: usize,
    data_type: String,
    shape: Vec<usize>,
    start: u64,
    bytes: usize,
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Shards {
    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let index = folder.join("model.safetensors.index.json");
        let mut shards = Self { folder: folder.display().to_string(), files: Vec::new(), tensors: BTreeMap::new() };
        if !index.exists() {
            shards.add(folder.join("model.safetensors"))?;
            return Ok(shards);
        }
        let bytes = std::fs::read(&index).map_err(|source| io(&index, source))?;
        let listed: Index = serde_json::from_slice(&bytes).map_err(|source| Error::Json {
            path: index.clone(),
            what: "index of safetensors shards",
            source,
        })?;
        for name in listed.weight_map.values().collect::<BTreeSet<_>>() {
            if Path::new(name).file_name() != Some(name.as_ref()) {
                return Err(lie(&index, "a shard", format!("`{name}`"), "a file of the same folder"));
            }
            shards.add(folder.join(name))?;
        }
        Ok(shards)
    }

    fn add(&mut self, path: PathBuf) -> Result<()> {
        let mut file = File::open(&path).map_err(|source| io(&path, source))?;
        let size = file.metadata().map_err(|source| io(&path, source))?.len();
        let mut length = [0; 8];
        if size < 8 {
            return Err(lie(&path, "the file", format!("{size} bytes"), "8 bytes or more"));
        }
        file.read_exact(&mut length).map_err(|source| io(&path, source))?;
        let length = u64::from_le_bytes(length);
        let most = LONGEST_HEADER.min(size - 8);
        if length > most {
            return Err(lie(&path, "the length of the header", length.to_string(), &format!("at most {most}")));
        }
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(|source| io(&path, source))?;
        let entries: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&header)
            .map_err(|source| Error::Json { path: path.clone(), what: "safetensors header", source })?;
        for (name, entry) in entries.into_iter().filter(|(name, _)| name != "__metadata__") {
            let entry: Entry = serde_json::from_value(entry).map_err(|source| Error::Json {
                path: path.clone(),
                what: "safetensors header",
                source,
            })?;
            let place = place(&path, self.files.len(), &name, entry, 8 + length, size)?;
            let short = name.strip_prefix("transformer.").unwrap_or(&name).to_owned();
            if self.tensors.insert(short, place).is_some() {
                return Err(lie(&path, &format!("tensor `{name}`"), "there twice".to_owned(), "there once"));
            }
        }
        self.files.push((path, file));
        Ok(())
    }

    /// The file, or the folder of several.
    fn origin(&self) -> String {
        match self.files.as_slice() {
            [(path, _)] => path.display().to_string(),
            _ => self.folder.clone(),
        }
    }

    /// Whether a tensor of this name is left.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Leaves a tensor out, where there is one.
    pub(crate) fn pass_over(&mut self, name: &str) {
        self.tensors.remove(name);
    }

    /// Whether two tensors are there, of one type, shape and content.
    pub(crate) fn are_equal(&mut self, left: &str, right: &str) -> Result<bool> {
        let (Some(left), Some(right)) = (self.tensors.get(left), self.tensors.get(right)) else { return Ok(false) };
        if (&left.data_type, &left.shape) != (&right.data_type, &right.shape) {
            return Ok(false);
        }
        let mut parts = [vec![0; PART], vec![0; PART]];
        for from in (0..left.bytes).step_by(PART) {
            let length = PART.min(left.bytes - from);
            for (place, part) in [left, right].into_iter().zip(&mut parts) {
                let (path, file) = &mut self.files[place.file];
                file.seek(SeekFrom::Start(place.start + from as u64)).map_err(|source| io(path, source))?;
                file.read_exact(&mut part[..length]).map_err(|source| io(path, source))?;
            }
            if parts[0][..length] != parts[1][..length] {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The values of a tensor, which is then taken.
    pub(crate) fn take_values(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let place = self.tensors.remove(name).ok_or_else(|| Error::MissingTensor {
            origin: self.origin(),
            tensor: name.to_owned(),
            expected: shape.to_vec(),
        })?;
        let (path, file) = &mut self.files[place.file];
        let origin = path.display().to_string();
        if place.shape != shape {
            let (tensor, expected) = (name.to_owned(), shape.to_vec());
            return Err(Error::Shape { origin, tensor, found: place.shape, expected });
        }
        if !["F32", "F16", "BF16"].contains(&place.data_type.as_str()) {
            return Err(Error::DataType { origin, tensor: name.to_owned(), found: place.data_type });
        }
        file.seek(SeekFrom::Start(place.start)).map_err(|source| io(path, source))?;
        let mut values = Vec::with_capacity(shape.iter().product());
        let mut part = vec![0; PART.min(place.bytes)];
        for from in (0..place.bytes).step_by(PART) {
            let part = &mut part[..PART.min(place.bytes - from)];
            file.read_exact(part).map_err(|source| io(path, source))?;
            let (pairs, fours) = (part.as_chunks::<2>().0, part.as_chunks::<4>().0);
            match place.data_type.as_str() {
                "F32" => values.extend(fours.iter().map(|bytes| f32::from_le_bytes(*bytes))),
                "F16" => values.extend(pairs.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32())),
                _ => values.extend(pairs.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32())),
            }
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::NotFinite { origin, tensor: name.to_owned() });
        }
        Ok(values)
    }

    /// Fails when a tensor is left.
    pub(crate) fn all_taken(&self) -> Result<()> {
        match self.tensors.first_key_value() {
            None => Ok(()),
            Some((first, _)) => {
                Err(Error::UnknownTensors { origin: self.origin(), count: self.tensors.len(), first: first.clone() })
            }
        }
    }

    /// SHA-256 of all files, one after another.
    pub(crate) fn digest(&mut self) -> Result<[u8; 32]> {
        let mut digest = Sha256::new();
        let mut part = vec![0; PART];
        for (path, file) in &mut self.files {
            file.seek(SeekFrom::Start(0)).map_err(|source| io(path, source))?;
            loop {
                let count = file.read(&mut part).map_err(|source| io(path, source))?;
                if count == 0 {
                    break;
                }
                digest.update(&part[..count]);
            }
        }
        Ok(digest.finalize().into())
    }
}

impl Weights for Shards {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.take_values(name, shape)
    }
}

fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io { action: "read", path: path.into(), source }
}

fn lie(path: &Path, place: &str, found: String, expected: &str) -> Error {
    let (origin, place) = (path.display().to_string(), place.to_owned());
    Error::WeightFile { origin, place, found, expected: expected.to_owned() }
}

fn place(path: &Path, file: usize, name: &str, entry: Entry, data: u64, size: u64) -> Result<Place> {
    let Entry { dtype: data_type, shape, data_offsets: [start, end] } = entry;
    let number: u64 = match data_type.as_str() {
        "F32" => 4,
        "F16" | "BF16" => 2,
        // the causal masks of old exports, which are passed over later
        "U8" | "BOOL" | "I8" => 1,
        _ => {
            let (origin, tensor) = (path.display().to_string(), name.to_owned());
            return Err(Error::DataType { origin, tensor, found: data_type });
        }
    };
    let needed = shape.iter().try_fold(number, |bytes, size| bytes.checked_mul(*size as u64));
    let held = end.checked_sub(start).filter(|_| data.checked_add(end).is_some_and(|end| end <= size));
    match (needed, held) {
        (Some(needed), Some(held)) if needed == held => {
            Ok(Place { file, data_type, shape, start: data + start, bytes: held as usize })
        }
        _ => {
            let found = format!("{shape:?} {data_type} at bytes {start}..{end} of {}", size - data);
            Err(lie(path, &format!("tensor `{name}`"), found, "a part of the file of its size"))
        }
    }
}
