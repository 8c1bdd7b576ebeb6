//! The contract of every mergeable statistic, and the one tree in which floating states merge.
//!
//! A statistic is an [`Accumulator`]: rows go in by [`update`](Accumulator::update), two states
//! become one by [`merge`](Accumulator::merge), an answer comes out by
//! [`finish`](Accumulator::finish). One kernel therefore serves a column in memory, a file
//! larger than memory, several workers, and a distributed query engine. `tests/laws` checks the
//! laws of each [`Class`].

use crate::error::{Code, Error, Result};

/// How exact a statistic is, and so which laws it obeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Counts, sums in integer minor units, tables: equal bits under any chunking, order and
    /// number of workers.
    Exact,
    /// One state per customer, each of them exact: equal bits per customer under any chunking,
    /// order and number of workers.
    Keyed,
    /// Moments: equal bits for the same block cut, whatever the number of workers, when merged
    /// through a [`BlockTree`]; at most 1e-12 relative against another cut.
    Floating,
    /// An approximation whose error its documentation states.
    Sketch,
    /// One accumulator per pass over a compact table.
    Iterative,
}

/// A statistic that can be computed in pieces.
///
/// Laws, for every implementation (`∘` is [`merge`](Self::merge)):
/// identity `new() ∘ a = a`, associativity, `decode(encode(a)) = a`, and that one update with
/// all rows equals many updates with some. [`Class::Exact`] and [`Class::Keyed`] also commute.
pub trait Accumulator: Sized {
    /// The class, which says which laws hold bit by bit.
    const CLASS: Class;
    /// The slices of one block that an update reads.
    type Input<'a>;
    /// What `finish` needs to know.
    type Options;
    /// The answer.
    type Output;

    /// Adds the rows of one block.
    ///
    /// # Errors
    /// `overflow` when an exact sum would leave its range, `limit-memory` when a keyed state
    /// cannot grow. The state is then unusable and must be dropped.
    fn update(&mut self, input: Self::Input<'_>) -> Result<()>;

    /// Adds all that `other` has seen.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn merge(&mut self, other: Self) -> Result<()>;

    /// The answer for the rows seen so far. The state stays usable.
    ///
    /// # Errors
    /// `not-enough-data` where the answer is not defined and cannot be null.
    fn finish(&self, options: &Self::Options) -> Result<Self::Output>;

    /// Appends the state as versioned little-endian bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads a state that [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// `decode` for anything else; never panics, never allocates more than the input allows.
    fn decode(bytes: &[u8]) -> Result<Self>;

    /// Bytes held on the heap.
    fn heap_size(&self) -> usize;
}

/// Merges block states in one fixed binary tree, so that the bits of a floating statistic
/// depend on the cut into blocks alone: not on which worker saw which block, nor when.
///
/// The tree is that of a segment tree over block indices 0, 1, 2, …: node `(level, i)` covers
/// blocks `i·2^level .. (i+1)·2^level`. A finished pair becomes its parent at once, so that at
/// most one state per level is alive for each contiguous run of blocks.
#[derive(Clone, Debug)]
pub struct BlockTree<A> {
    /// `(level, index) → state`, sorted by the first block that the node covers.
    nodes: Vec<(u32, u64, A)>,
}

impl<A> Default for BlockTree<A> {
    fn default() -> Self {
        BlockTree { nodes: Vec::new() }
    }
}

impl<A: Accumulator> BlockTree<A> {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the finished state of block `index`.
    ///
    /// # Errors
    /// `decode` if the block was added before, else as [`Accumulator::merge`].
    pub fn insert(&mut self, index: u64, state: A) -> Result<()> {
        self.place(0, index, state)
    }

    /// Adds the blocks of another tree, for example another worker's.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn merge(&mut self, other: Self) -> Result<()> {
        for (level, index, state) in other.nodes {
            self.place(level, index, state)?;
        }
        Ok(())
    }

    fn place(&mut self, mut level: u32, mut index: u64, mut state: A) -> Result<()> {
        loop {
            let first = index << level;
            let at = self.nodes.partition_point(|(l, i, _)| (i << l) < first);
            if self.nodes.get(at).is_some_and(|(l, i, _)| (i << l) < first + (1 << level)) {
                return Err(Error::new(Code::Decode, "a block was merged twice"));
            }
            let sibling = if index.is_multiple_of(2) { at } else { at.wrapping_sub(1) };
            let is_pair =
                self.nodes.get(sibling).is_some_and(|(l, i, _)| *l == level && *i == index ^ 1);
            if !is_pair {
                self.nodes.insert(at, (level, index, state));
                return Ok(());
            }
            let (_, _, other) = self.nodes.remove(sibling);
            state =
                if index.is_multiple_of(2) { joined(state, other)? } else { joined(other, state)? };
            level += 1;
            index /= 2;
        }
    }

    /// The merged state of all blocks, or `None` if there is none. Leftover nodes merge from the
    /// last to the first, which again depends on the blocks alone.
    ///
    /// # Errors
    /// As [`Accumulator::merge`].
    pub fn into_state(self) -> Result<Option<A>> {
        let mut rest: Option<A> = None;
        for (_, _, state) in self.nodes.into_iter().rev() {
            rest = Some(match rest {
                None => state,
                Some(right) => joined(state, right)?,
            });
        }
        Ok(rest)
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.nodes.iter().map(|(_, _, state)| state.heap_size()).sum::<usize>()
            + self.nodes.capacity() * size_of::<(u32, u64, A)>()
    }
}

fn joined<A: Accumulator>(mut left: A, right: A) -> Result<A> {
    left.merge(right)?;
    Ok(left)
}
