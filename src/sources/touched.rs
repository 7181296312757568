//! Which files may be others than they were when the source was last looked at.

use std::collections::BTreeSet;

/// More names than this are as good as all: looking at the whole tree is faster then.
const MAX_NAMED: usize = 1000;

/// What may have changed since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// Anything.
    Anything,
    /// Nothing but these paths and what is below them: relative to the root, with `/`.
    Only(BTreeSet<String>),
}

impl Touched {
    /// Nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Adds what else may have changed.
    pub fn add(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::Only(paths), Self::Only(more)) => {
                paths.extend(more);
                if paths.len() > MAX_NAMED {
                    *self = Self::Anything;
                }
            }
            _ => *self = Self::Anything,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_anything_and_anything_stays() {
        let only = |names: std::ops::Range<usize>| Touched::Only(names.map(|n| n.to_string()).collect());
        let mut touched = Touched::nothing();
        touched.add(only(0..2));
        touched.add(only(1..3));
        assert_eq!(touched, only(0..3));
        touched.add(only(3..MAX_NAMED + 1));
        assert_eq!(touched, Touched::Anything);
        touched.add(Touched::nothing());
        assert_eq!(touched, Touched::Anything);
    }
}
