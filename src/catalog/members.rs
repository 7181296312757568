//! Where posts stand in the catalog, kept while other posts come and go.
//!
//! In: places in feed order, and what moved. Out: the same posts' places afterwards. Never: a look at a post.

/// Where some posts of the catalog stand, in feed order. Four bytes each: a million posts with five terms take 20 MB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members(Vec<u32>);

/// So many are put between the others one by one.
const FEW: usize = 8;

impl Members {
    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Indices into [`super::Catalog::posts`].
    pub fn iter(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.0.iter().map(|&at| at as usize)
    }

    /// The newest of them.
    #[must_use]
    pub fn first(&self) -> Option<usize> {
        self.0.first().map(|&at| at as usize)
    }

    /// The oldest of them.
    #[must_use]
    pub fn last(&self) -> Option<usize> {
        self.0.last().map(|&at| at as usize)
    }

    /// Takes a post in, perhaps for the second time. Out of order until [`Self::settle`].
    pub(super) fn add(&mut self, at: usize) {
        self.0.push(small(at));
    }

    /// Puts them into feed order, each once.
    pub(super) fn settle(&mut self) {
        let in_order = 1 + self.0.windows(2).take_while(|pair| pair[0] < pair[1]).count();
        // Mostly one came, and sorting takes a buffer for all.
        if self.0.len() <= in_order + FEW {
            for next in in_order..self.0.len() {
                let at = self.0[..next].partition_point(|&at| at <= self.0[next]);
                self.0[at..=next].rotate_right(1);
            }
        } else {
            // Two runs in order are the rule here, which the stable sort merges in one go.
            self.0.sort();
        }
        self.0.dedup();
    }

    /// Leaves out the posts that went, and goes along with the others.
    pub(super) fn follow(&mut self, moves: &Moves) {
        let from = self.0.partition_point(|&at| (at as usize) < moves.from);
        let until = self.0.partition_point(|&at| (at as usize) < moves.until());
        let mut kept = from;
        for next in from..until {
            let to = moves.to[self.0[next] as usize - moves.from];
            self.0[kept] = to;
            kept += usize::from(to != GONE);
        }
        self.0.drain(kept..until);
        let (was, is) = (small(moves.until()), small(moves.behind));
        if was != is {
            self.0[kept..].iter_mut().for_each(|at| *at = *at - was + is);
        }
    }
}

/// Where posts stand that did not stay where they were.
#[derive(Debug)]
pub(super) struct Moves {
    /// Before this place nothing changed.
    from: usize,
    /// Of the next old places the new ones.
    to: Vec<u32>,
    /// Where the post stands now that stood behind all of these; those behind it follow it.
    behind: usize,
    /// Whether any post has another place than before.
    pub(super) shift: bool,
}

/// In [`Moves::to`]: the post went.
const GONE: u32 = u32::MAX;

impl Moves {
    /// Nothing before `from` changes.
    pub(super) fn new(from: usize) -> Self {
        Self { from, to: Vec::new(), behind: from, shift: false }
    }

    /// The next old post went.
    pub(super) fn goes(&mut self) {
        self.to.push(GONE);
    }

    /// The next old post stands here now.
    pub(super) fn stays(&mut self, at: usize) {
        self.shift |= at != self.until();
        self.to.push(small(at));
    }

    /// All further old posts, of which there are so many, stand from here on now, in their order.
    pub(super) fn follow_from(&mut self, at: usize, posts: usize) {
        self.behind = at;
        self.shift |= posts > 0 && at != self.until();
    }

    /// The old place behind those of which each has a new one of its own.
    fn until(&self) -> usize {
        self.from + self.to.len()
    }

    /// What is kept of each post, by place: of new ones the default until it is set.
    pub(super) fn carry<T: Copy + Default>(&self, each: &mut Vec<T>) {
        let mut carried = vec![T::default(); self.behind - self.from];
        for (value, &to) in each[self.from..].iter().zip(&self.to).filter(|(_, to)| **to != GONE) {
            carried[to as usize - self.from] = *value;
        }
        each.splice(self.from..self.until(), carried);
    }
}

/// A number of things that stand in memory, or one of them.
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 posts, terms and languages fit into memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(places: &[usize]) -> Members {
        let mut members = Members::default();
        places.iter().for_each(|&at| members.add(at));
        members.settle();
        members
    }

    #[test]
    fn they_stand_in_order_and_each_once() {
        assert_eq!(members(&[1, 4, 4, 0]).iter().collect::<Vec<_>>(), [0, 1, 4]);
        assert!(members(&[]).is_empty());
        let all: Vec<_> = (0..60).collect();
        for added in 0..30 {
            // Those at places that 7 divides come late, and twice.
            let (late, early): (Vec<_>, Vec<_>) = all.iter().partition(|at| *at % 7 == 0 && *at / 2 < added);
            let twice = [early, late.clone(), late].concat();
            assert!(members(&twice).iter().eq(all.iter().copied()), "{twice:?}");
        }
    }

    #[test]
    fn those_that_stay_go_along_and_those_that_went_are_left_out() {
        let mut moves = Moves::new(2);
        moves.goes();
        assert!(!moves.shift);
        moves.stays(2);
        moves.stays(4);
        assert!(moves.shift);
        moves.follow_from(6, 3);
        let mut some = members(&[0, 2, 3, 4, 5, 7]);
        some.follow(&moves);
        assert_eq!(some, members(&[0, 2, 4, 6, 8]));
        let mut each = vec!['a', 'b', 'c', 'd', 'e', 'f'];
        moves.carry(&mut each);
        assert_eq!(each, ['a', 'b', 'd', '\0', 'e', '\0', 'f']);
    }

    #[test]
    fn where_one_takes_the_place_of_another_nothing_shifts() {
        let mut moves = Moves::new(1);
        moves.goes();
        moves.follow_from(2, 1);
        assert!(!moves.shift);
        let mut some = members(&[0, 1, 2]);
        some.follow(&moves);
        assert_eq!(some, members(&[0, 2]));
        let mut moves = Moves::new(1);
        moves.goes();
        moves.follow_from(1, 0);
        assert!(!moves.shift, "nobody stood behind");
    }
}
