//! Bytes to choices: what a target reads its options from.

use siyu::table::zone::Zone;

/// Bytes that are used up from the front; at the end every choice is the first one.
#[derive(Clone, Debug)]
pub(crate) struct Input<'d> {
    left: &'d [u8],
}

impl<'d> Input<'d> {
    pub(crate) fn new(data: &'d [u8]) -> Self {
        Input { left: data }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.left.split_first() else { return 0 };
        self.left = rest;
        *first
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let at = usize::from(self.byte()) % from.len();
        from[at].clone()
    }

    pub(crate) fn rest(self) -> &'d [u8] {
        self.left
    }

    /// Sizes of pieces, to cut something with.
    pub(crate) fn sizes(&mut self) -> [usize; 3] {
        self.bytes::<3>().map(|byte| match byte {
            // Small cuts hit the edges, large ones the quick paths.
            0..=127 => usize::from(byte) % 24 + 1,
            large => usize::from(large) * 37,
        })
    }

    /// A zone: fixed, with clock changes, or with the wildest changes that are allowed.
    pub(crate) fn zone(&mut self) -> Zone {
        const HOUR: i64 = 3_600_000;
        let changes = match self.byte() % 5 {
            0 => vec![(i64::MIN, 8 * 3600)],
            1 => vec![(i64::MIN, 0)],
            2 => vec![
                (i64::MIN, -18_000),
                (1_741_503_600_000, -14_400),
                (1_762_063_200_000, -18_000),
            ],
            // A whole day that never was, and one that was twice.
            3 => vec![
                (i64::MIN, -11 * 3600),
                (1_325_239_200_000, 13 * 3600),
                (1_325_239_200_000 + 400 * HOUR, -11 * 3600),
            ],
            _ => vec![
                (-2_208_988_800_000, -26 * 3600),
                (0, 26 * 3600),
                (HOUR, -26 * 3600),
                (2 * HOUR, 26 * 3600),
            ],
        };
        Zone::new("Fuzz/Zone", changes).expect("a zone")
    }
}

/// `bytes` in pieces of the sizes given, over and over.
pub(crate) fn cut<'b>(bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    let mut left = bytes;
    for size in sizes.iter().cycle() {
        if left.is_empty() {
            break;
        }
        let (piece, rest) = left.split_at((*size).min(left.len()));
        pieces.push(piece);
        left = rest;
    }
    pieces
}
