//! One harness for all accumulators: give it rows and a way to update, it checks the laws of
//! the accumulator's class.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use siyu::stats::accumulator::{Accumulator, BlockTree, Class};

/// How one accumulator is fed.
pub(crate) trait Case {
    type Row: Clone + std::fmt::Debug;
    type State: Accumulator;

    fn empty(&self) -> Self::State;
    fn update(&self, state: &mut Self::State, rows: &[Self::Row]);
}

pub(crate) struct Laws<C: Case> {
    case: C,
    rows: Vec<C::Row>,
    pieces: Vec<Vec<C::Row>>,
    seed: u64,
}

impl<C: Case> Laws<C> {
    /// `cuts` are positions at which the rows are cut into pieces.
    pub(crate) fn new(case: C, rows: Vec<C::Row>, cuts: &[usize], seed: u64) -> Self {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(rows.len())).collect();
        cuts.push(0);
        cuts.push(rows.len());
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| rows[pair[0]..pair[1]].to_vec()).collect();
        Laws { case, rows, pieces, seed }
    }

    pub(crate) fn check(&self) -> Result<(), TestCaseError> {
        self.identity()?;
        self.round_trip()?;
        match C::State::CLASS {
            Class::Exact | Class::Keyed => {
                self.any_chunking()?;
                self.any_order()?;
            }
            Class::Floating => self.any_worker_split()?,
            // One pass is a floating statistic, whose rows keep their order within a block.
            Class::Iterative => {
                self.any_worker_split()?;
                self.many_updates()?;
            }
            Class::Sketch => {}
        }
        Ok(())
    }

    fn of(&self, rows: &[C::Row]) -> C::State {
        let mut state = self.case.empty();
        self.case.update(&mut state, rows);
        state
    }

    fn identity(&self) -> Result<(), TestCaseError> {
        let state = self.of(&self.rows);
        let mut left = self.case.empty();
        left.merge(self.of(&self.rows)).unwrap();
        let mut right = self.of(&self.rows);
        right.merge(self.case.empty()).unwrap();
        prop_assert_eq!(bytes(&left), bytes(&state), "empty ∘ a = a");
        prop_assert_eq!(bytes(&right), bytes(&state), "a ∘ empty = a");
        Ok(())
    }

    fn round_trip(&self) -> Result<(), TestCaseError> {
        let encoded = bytes(&self.of(&self.rows));
        let decoded = C::State::decode(&encoded).unwrap();
        prop_assert_eq!(bytes(&decoded), encoded.clone(), "decode(encode(a)) = a");
        if let Some((_, cut)) = encoded.split_last() {
            prop_assert!(C::State::decode(cut).is_err(), "a cut state must be refused");
        }
        Ok(())
    }

    fn any_chunking(&self) -> Result<(), TestCaseError> {
        let whole = bytes(&self.of(&self.rows));
        let mut updated = self.case.empty();
        let mut merged = self.case.empty();
        for piece in &self.pieces {
            self.case.update(&mut updated, piece);
            merged.merge(self.of(piece)).unwrap();
        }
        prop_assert_eq!(bytes(&updated), whole.clone(), "many updates = one update");
        prop_assert_eq!(bytes(&merged), whole.clone(), "merged pieces = the whole");
        let mut tail = self.case.empty();
        for piece in self.pieces.iter().rev() {
            let mut head = self.of(piece);
            head.merge(tail).unwrap();
            tail = head;
        }
        prop_assert_eq!(bytes(&tail), whole, "associativity");
        Ok(())
    }

    fn any_order(&self) -> Result<(), TestCaseError> {
        let whole = bytes(&self.of(&self.rows));
        let mut rows = self.rows.clone();
        shuffle(&mut rows, self.seed);
        prop_assert_eq!(bytes(&self.of(&rows)), whole.clone(), "shuffled rows");
        let mut pieces: Vec<&Vec<C::Row>> = self.pieces.iter().collect();
        shuffle(&mut pieces, self.seed);
        let mut merged = self.case.empty();
        for piece in pieces {
            merged.merge(self.of(piece)).unwrap();
        }
        prop_assert_eq!(bytes(&merged), whole, "pieces merged in another order");
        Ok(())
    }

    /// A block whose rows arrive in pieces, as the steps of a job cut them.
    fn many_updates(&self) -> Result<(), TestCaseError> {
        let mut updated = self.case.empty();
        for piece in &self.pieces {
            self.case.update(&mut updated, piece);
        }
        prop_assert_eq!(bytes(&updated), bytes(&self.of(&self.rows)), "many updates = one update");
        Ok(())
    }

    /// Floating statistics: the same blocks give the same bits, whoever computes which block and
    /// in whichever order they arrive.
    fn any_worker_split(&self) -> Result<(), TestCaseError> {
        let blocks: Vec<&[C::Row]> = self.rows.chunks(17).collect();
        let mut one = BlockTree::new();
        for (index, block) in blocks.iter().enumerate() {
            one.insert(index as u64, self.of(block)).unwrap();
        }
        let mut order: Vec<usize> = (0..blocks.len()).collect();
        shuffle(&mut order, self.seed);
        let mut workers = [BlockTree::new(), BlockTree::new(), BlockTree::new()];
        for (turn, index) in order.iter().enumerate() {
            let worker = &mut workers[turn % 3];
            worker.insert(*index as u64, self.of(blocks[*index])).unwrap();
        }
        let mut all = BlockTree::new();
        for worker in workers {
            all.merge(worker).unwrap();
        }
        let one = one.into_state().unwrap().as_ref().map(bytes);
        let all = all.into_state().unwrap().as_ref().map(bytes);
        prop_assert_eq!(all, one, "three workers = one worker");
        Ok(())
    }
}

fn bytes<A: Accumulator>(state: &A) -> Vec<u8> {
    let mut out = Vec::new();
    state.encode(&mut out);
    out
}

/// Fisher–Yates with a small generator: any fixed shuffle will do here.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for last in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(last, (state % (last as u64 + 1)) as usize);
    }
}
