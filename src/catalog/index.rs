//! The terms of one taxonomy, kept while posts come and go.
//!
//! In: labels of posts that come and go. Out: [`Term`]s by slug. Never: a spelling folded twice, or a post looked at.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::members::{Members, Moves, small};
use super::terms::{Naming, Term};
use crate::config::Taxonomy;

/// All terms of one taxonomy. Between [`Self::add`] or [`Self::remove`] and [`Self::settle`] they are not in order.
#[derive(Debug, Clone)]
pub(super) struct Index {
    taxonomy: Taxonomy,
    spellings: HashMap<Arc<str>, Spelling>,
    /// Slots by the term's key.
    keys: HashMap<String, u32>,
    groups: Vec<Option<Group>>,
    /// Slots without a group.
    free: Vec<u32>,
    /// Slots by slug.
    order: Vec<u32>,
    /// Slots of the groups whose posts or spellings changed.
    touched: Vec<u32>,
    /// Whether terms came, went, or have other slugs.
    is_out_of_order: bool,
}

#[derive(Debug, Clone, Copy)]
struct Spelling {
    slot: u32,
    uses: u32,
}

/// Spellings that are one term.
#[derive(Debug, Clone)]
struct Group {
    term: Term,
    spellings: BTreeSet<Arc<str>>,
    is_touched: bool,
}

impl Index {
    /// The terms that are there without a post.
    pub(super) fn new(taxonomy: Taxonomy, naming: &Naming<'_>) -> Self {
        let mut index = Self {
            taxonomy,
            spellings: HashMap::new(),
            keys: HashMap::new(),
            groups: Vec::new(),
            free: Vec::new(),
            order: Vec::new(),
            touched: Vec::new(),
            is_out_of_order: false,
        };
        for label in naming.listed(taxonomy) {
            let slot = index.count(label, 0, naming);
            index.touch(slot).term.listed = true;
        }
        index
    }

    pub(super) fn taxonomy(&self) -> Taxonomy {
        self.taxonomy
    }

    /// By slug.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.order.iter().map(|&slot| &self.group(slot).term)
    }

    /// The post at this place has this label.
    pub(super) fn add(&mut self, label: &str, at: usize, naming: &Naming<'_>) {
        let slot = self.count(label, 1, naming);
        self.touch(slot).term.posts.add(at);
    }

    /// A post with this label goes. Where it stood is for [`Self::follow`].
    pub(super) fn remove(&mut self, label: &str, naming: &Naming<'_>) {
        let spelling = self.spellings.get_mut(label).expect("a label was counted when its post came");
        spelling.uses -= 1;
        let Spelling { slot, uses } = *spelling;
        if uses == 0 && !naming.listed(self.taxonomy).iter().any(|listed| listed == label) {
            self.spellings.remove(label);
            self.touch(slot).spellings.remove(label);
        }
        self.touch(slot);
    }

    /// Goes along with posts that stand elsewhere now.
    pub(super) fn follow(&mut self, moves: &Moves) {
        for group in self.groups.iter_mut().flatten().filter(|group| moves.shift || group.is_touched) {
            group.term.posts.follow(moves);
        }
    }

    /// Names the terms, and puts everything into order.
    pub(super) fn settle(&mut self, naming: &Naming<'_>) {
        for slot in std::mem::take(&mut self.touched) {
            self.settle_group(slot);
        }
        if self.is_out_of_order {
            self.order.retain(|&slot| self.groups[slot as usize].is_some());
        }
        if !naming.is_by_slug() {
            self.name(naming);
        }
        if std::mem::take(&mut self.is_out_of_order) {
            let groups = &self.groups;
            let slug = |slot: &u32| groups[*slot as usize].as_ref().map(|group| group.term.slug.as_str());
            self.order.sort_by(|a, b| slug(a).cmp(&slug(b)));
        }
    }

    fn settle_group(&mut self, slot: u32) {
        let group = self.groups[slot as usize].as_mut().expect(IN_USE);
        group.is_touched = false;
        group.term.posts.settle();
        if group.term.posts.is_empty() && !group.term.listed {
            self.keys.remove(&group.term.key);
            self.groups[slot as usize] = None;
            self.free.push(slot);
            self.is_out_of_order = true;
            return;
        }
        // Of spellings used equally often the first in code point order, so that the label does not flip.
        let uses = |label: &Arc<str>| self.spellings.get(label).map_or(0, |spelling| spelling.uses);
        let label = group.spellings.iter().max_by_key(|&label| (uses(label), Reverse(label)));
        let label = label.map_or("", |label| label);
        if group.term.label != label {
            group.term.label = label.to_owned();
        }
    }

    fn name(&mut self, naming: &Naming<'_>) {
        let terms: Vec<&Term> = self.terms().collect();
        let slugs = naming.slugs(self.taxonomy, &terms);
        for (&slot, slug) in self.order.iter().zip(slugs) {
            let term = &mut self.groups[slot as usize].as_mut().expect(IN_USE).term;
            if term.slug != slug {
                term.slug = slug;
                self.is_out_of_order = true;
            }
        }
    }

    /// Counts uses of a spelling, and says to which group it belongs.
    fn count(&mut self, label: &str, uses: u32, naming: &Naming<'_>) -> u32 {
        if let Some(spelling) = self.spellings.get_mut(label) {
            spelling.uses += uses;
            return spelling.slot;
        }
        let key = naming.key(label);
        let slot = self.keys.get(&key).copied().unwrap_or_else(|| self.open(key, naming));
        let text: Arc<str> = label.into();
        self.touch(slot).spellings.insert(Arc::clone(&text));
        self.spellings.insert(text, Spelling { slot, uses });
        slot
    }

    /// Makes a group for the term with this key.
    fn open(&mut self, key: String, naming: &Naming<'_>) -> u32 {
        let wanted = naming.wanted(&key);
        let term = Term {
            taxonomy: self.taxonomy,
            key: key.clone(),
            label: String::new(),
            slug: wanted.clone(),
            wanted,
            posts: Members::default(),
            listed: false,
        };
        let group = Some(Group { term, spellings: BTreeSet::new(), is_touched: false });
        let slot = self.free.pop().unwrap_or_else(|| {
            self.groups.push(None);
            small(self.groups.len() - 1)
        });
        self.groups[slot as usize] = group;
        self.keys.insert(key, slot);
        self.order.push(slot);
        self.is_out_of_order = true;
        slot
    }

    fn touch(&mut self, slot: u32) -> &mut Group {
        let group = self.groups[slot as usize].as_mut().expect(IN_USE);
        if !std::mem::replace(&mut group.is_touched, true) {
            self.touched.push(slot);
        }
        group
    }

    fn group(&self, slot: u32) -> &Group {
        self.groups[slot as usize].as_ref().expect(IN_USE)
    }
}

const IN_USE: &str = "only slots with a group are referred to";
