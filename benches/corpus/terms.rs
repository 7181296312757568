//! Categories and tags, some of which are used far more than others, by Zipf's law.

use super::random::Random;
use super::words::{ASPECTS, CATEGORIES, SUBJECTS};

/// What posts are put under.
pub(super) struct Terms {
    categories: Zipf,
    tags: Zipf,
    /// The most used first.
    names: Vec<String>,
}

impl Terms {
    pub(super) fn new() -> Self {
        let names: Vec<String> = (0..SUBJECTS.len() * ASPECTS.len()).map(name).collect();
        Self { categories: Zipf::new(CATEGORIES.len()), tags: Zipf::new(names.len()), names }
    }

    pub(super) fn category(&self, random: &mut Random) -> &'static str {
        CATEGORIES[self.categories.draw(random)]
    }

    /// Three to five tags, none of them twice.
    pub(super) fn tags(&self, random: &mut Random) -> Vec<&str> {
        let count = 3 + random.below(3);
        let mut drawn: Vec<usize> = Vec::with_capacity(count);
        while drawn.len() < count {
            let at = self.tags.draw(random);
            if !drawn.contains(&at) {
                drawn.push(at);
            }
        }
        drawn.into_iter().map(|at| self.names[at].as_str()).collect()
    }
}

/// The name of the tag of this rank. Neighbours in rank share neither subject nor aspect.
fn name(rank: usize) -> String {
    let (japanese, english) = SUBJECTS[rank % SUBJECTS.len()];
    let (aspect, of) = ASPECTS[(rank / SUBJECTS.len() + rank % SUBJECTS.len()) % ASPECTS.len()];
    if rank % 3 == 2 { format!("{english} {of}") } else { format!("{japanese}の{aspect}") }
}

/// Ranks drawn so that the second comes half as often as the first, the third a third as often.
struct Zipf {
    /// Sums of the weights so far, in millionths of the first's.
    sums: Vec<u64>,
}

impl Zipf {
    fn new(ranks: usize) -> Self {
        let weights = (1..=ranks as u64).map(|rank| 1_000_000 / rank);
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    fn draw(&self, random: &mut Random) -> usize {
        let all = self.sums.last().copied().unwrap_or(1);
        let at = random.next() % all;
        self.sums.partition_point(|sum| *sum <= at)
    }
}
