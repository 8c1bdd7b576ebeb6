//! What lives behind the handles: readings, tables, jobs and searches for single rows.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Serialize;

use super::columns::Batch;
use crate::analysis::{Job, Source, Streamed};
use crate::error::{Code, Error, Result};
use crate::privacy::gate::Gate;
use crate::read::Sink;
use crate::read::columns::ColumnReader;
use crate::read::gzip::Inflate;
use crate::read::records::Finder;
use crate::read::{FileOptions, Options, Parts, Reader, quality::Quality};
use crate::table::Table;
use crate::table::block::Block;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// Whether a table stays in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Loaded,
    Source,
    /// Loaded while it fits into half of the memory limit, else a source.
    Auto,
}

impl Keep {
    pub(super) fn named(name: &str) -> Result<Keep> {
        match name {
            "loaded" => Ok(Keep::Loaded),
            "source" => Ok(Keep::Source),
            "auto" => Ok(Keep::Auto),
            _ => {
                Err(Error::new(Code::InvalidOption, "`keep` is `loaded` or `source`")
                    .at_path("keep"))
            }
        }
    }
}

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Reading {
    options: Options,
    zone: Zone,
    files: Vec<FileOptions>,
    from: From,
    keep: Keep,
    blocks: Vec<Block>,
    held: usize,
    memory_limit: u64,
}

/// Bytes until columns arrive first.
#[derive(Debug)]
enum From {
    Bytes(Box<Reader>),
    Columns(Box<ColumnReader>),
}

/// What the caller is told about a table.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finished {
    table: u32,
    kind: &'static str,
    rows: u64,
    customers: u64,
    quality: Quality,
    fingerprint: String,
    bytes: f64,
}

impl Reading {
    pub(super) fn new(options: Options, zone: Zone, keep: Keep, memory_limit: u64) -> Result<Self> {
        let from = From::Bytes(Box::new(fresh(&options, &zone)?));
        let (files, blocks) = (Vec::new(), Vec::new());
        Ok(Reading { options, zone, files, from, keep, blocks, held: 0, memory_limit })
    }

    /// Begins the next file, or the first.
    pub(super) fn next_file(&mut self, file: FileOptions) -> Result<()> {
        self.read(|reader, sink| reader.next_file(&file, sink))?;
        self.files.push(file);
        Ok(())
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.read(|reader, sink| reader.push(bytes, sink))
    }

    fn read(&mut self, work: impl FnOnce(&mut Reader, &mut Sink<'_>) -> Result<()>) -> Result<()> {
        let Reading { from: From::Bytes(reader), blocks, held, keep, .. } = self else {
            return Err(mixed());
        };
        work(reader, &mut |block| {
            if *keep != Keep::Source {
                *held += block.heap_size();
                blocks.push(block);
            }
            Ok(())
        })?;
        let dictionaries = reader.heap_size();
        self.check_memory(dictionaries)
    }

    pub(super) fn push_columns(&mut self, batch: &Batch) -> Result<()> {
        if let From::Bytes(reader) = &self.from {
            if reader.bytes() > 0 {
                return Err(mixed());
            }
            let reader = ColumnReader::new(&self.options, self.zone.clone(), hash_seed())?;
            self.from = From::Columns(Box::new(reader));
            self.keep = Keep::Loaded;
        }
        let Reading { from: From::Columns(reader), blocks, held, .. } = self else {
            return Err(mixed());
        };
        let slices = batch.slices(reader.schema())?;
        reader.push(&slices, &mut |block| {
            *held += block.heap_size();
            blocks.push(block);
            Ok(())
        })?;
        let dictionaries = reader.heap_size();
        self.check_memory(dictionaries)
    }

    fn check_memory(&mut self, dictionaries: usize) -> Result<()> {
        let held = (self.held + dictionaries) as u64;
        match self.keep {
            Keep::Auto if held > self.memory_limit / 2 => {
                self.keep = Keep::Source;
                self.blocks = Vec::new();
                self.held = 0;
                Ok(())
            }
            _ if held > self.memory_limit => Err(Error::new(
                Code::LimitMemory,
                "the table does not fit into `memoryLimit`: raise it, or read the file with `keep: \"source\"`",
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn finish(self, handle: u32) -> Result<(Entry, Finished)> {
        let Reading { options, zone, files, from, keep, mut blocks, .. } = self;
        let mut sink = |block: Block| {
            if keep != Keep::Source {
                blocks.push(block);
            }
            Ok(())
        };
        let (quality, parts) = match from {
            From::Bytes(mut reader) => (reader.finish(&mut sink)?, reader.into_parts()),
            From::Columns(mut reader) => (reader.finish(&mut sink)?, reader.into_parts()),
        };
        let Parts { schema, dictionaries, fingerprint } = parts;
        let rows = quality.rows.used;
        let customers = dictionaries.get(Role::Customer).map_or(0, |ids| ids.len() as u64);
        let (entry, kind, bytes) = if keep == Keep::Source {
            let remembered = Remembered { options, zone, files, rows, customers, fingerprint };
            (Entry::Streamed(remembered), "source", 0)
        } else {
            let table = Table { schema, dictionaries, blocks, fingerprint };
            let bytes = table.heap_size();
            (Entry::Loaded(Rc::new(table)), "loaded", bytes)
        };
        let finished = Finished {
            table: handle,
            kind,
            rows,
            customers,
            quality,
            fingerprint: format!("{fingerprint:016x}"),
            bytes: bytes as f64,
        };
        Ok((entry, finished))
    }
}

fn fresh(options: &Options, zone: &Zone) -> Result<Reader> {
    Reader::new(options, zone.clone(), hash_seed())
}

fn mixed() -> Error {
    Error::new(Code::Type, "a table is read from bytes or from columns, not from both")
}

/// Spreads the hashes of ids, so that no file can be prepared to make them collide. No answer
/// depends on it, so a platform without secure randomness is served with a fixed one.
fn hash_seed() -> u64 {
    getrandom::u64().unwrap_or(0x5157_594C_2D53_4959)
}

/// A source table: all that is needed to read its file again.
#[derive(Debug)]
pub(super) struct Remembered {
    options: Options,
    zone: Zone,
    files: Vec<FileOptions>,
    rows: u64,
    customers: u64,
    fingerprint: u64,
}

/// What a handle stands for.
#[derive(Debug)]
pub(super) enum Entry {
    Reading(Reading),
    Loaded(Rc<Table>),
    Streamed(Remembered),
    Job(Box<Job>),
    Finder(Box<Finder>),
    Inflate(Box<Inflate>),
}

/// Handles and what they stand for. Handles are never used twice.
#[derive(Debug)]
pub(super) struct Registry {
    entries: Vec<(u32, Entry)>,
    next: u32,
    gate: Rc<Gate>,
}

thread_local! {
    static REGISTRY: RefCell<Registry> =
        RefCell::new(Registry { entries: Vec::new(), next: 1, gate: Rc::new(Gate::open()) });
}

/// The registry. No export calls back into JavaScript while it is borrowed.
pub(super) fn with_registry<T>(work: impl FnOnce(&mut Registry) -> T) -> T {
    REGISTRY.with(|registry| work(&mut registry.borrow_mut()))
}

impl Registry {
    pub(super) fn gate(&self) -> Rc<Gate> {
        Rc::clone(&self.gate)
    }

    pub(super) fn set_gate(&mut self, gate: Gate) {
        self.gate = Rc::new(gate);
    }

    pub(super) fn add(&mut self, entry: Entry) -> u32 {
        let handle = self.next;
        self.next += 1;
        self.entries.push((handle, entry));
        handle
    }

    pub(super) fn put(&mut self, handle: u32, entry: Entry) {
        self.entries.push((handle, entry));
    }

    pub(super) fn remove(&mut self, handle: u32) -> Option<Entry> {
        let at = self.entries.iter().position(|(found, _)| *found == handle)?;
        Some(self.entries.swap_remove(at).1)
    }

    fn get(&mut self, handle: u32) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|(found, _)| *found == handle).map(|(_, entry)| entry)
    }

    pub(super) fn reading(&mut self, handle: u32) -> Result<&mut Reading> {
        match self.get(handle) {
            Some(Entry::Reading(reading)) => Ok(reading),
            _ => Err(closed("this reading is over")),
        }
    }

    pub(super) fn take_reading(&mut self, handle: u32) -> Result<Reading> {
        match self.remove(handle) {
            Some(Entry::Reading(reading)) => Ok(reading),
            _ => Err(closed("this reading is over")),
        }
    }

    pub(super) fn inflate(&mut self, handle: u32) -> Result<&mut Inflate> {
        match self.get(handle) {
            Some(Entry::Inflate(inflate)) => Ok(inflate),
            _ => Err(closed("this file is closed")),
        }
    }

    pub(super) fn job(&mut self, handle: u32) -> Result<&mut Job> {
        match self.get(handle) {
            Some(Entry::Job(job)) => Ok(job),
            _ => Err(closed("this job is over")),
        }
    }

    pub(super) fn take_job(&mut self, handle: u32) -> Result<Job> {
        match self.remove(handle) {
            Some(Entry::Job(job)) => Ok(*job),
            _ => Err(closed("this job is over")),
        }
    }

    pub(super) fn finder(&mut self, handle: u32) -> Result<&mut Finder> {
        match self.get(handle) {
            Some(Entry::Finder(finder)) => Ok(finder),
            _ => Err(closed("this search is over")),
        }
    }

    pub(super) fn take_finder(&mut self, handle: u32) -> Result<Finder> {
        match self.remove(handle) {
            Some(Entry::Finder(finder)) => Ok(*finder),
            _ => Err(closed("this search is over")),
        }
    }

    pub(super) fn source(&mut self, handle: u32) -> Result<Source> {
        match self.get(handle) {
            Some(Entry::Loaded(table)) => Ok(Source::Loaded(Rc::clone(table))),
            Some(Entry::Streamed(remembered)) => {
                let Remembered { options, zone, files, rows, customers, fingerprint } = remembered;
                Ok(Source::Streamed(Streamed {
                    reader: Box::new(fresh(options, zone)?),
                    files: files.clone(),
                    rows: *rows,
                    customers: *customers,
                    fingerprint: *fingerprint,
                }))
            }
            _ => Err(closed("this table was closed")),
        }
    }
}

fn closed(hint: &'static str) -> Error {
    Error::new(Code::Closed, hint)
}
