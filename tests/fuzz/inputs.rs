//! Inputs: seeds that are cut up, joined and strewn with tokens, and tokens repeated up to a megabyte.

use crate::random::Random;

/// What every target's tokens are mixed with: ends of things, white space, characters that are more than a byte or than they
/// seem.
const COMMON: &[&str] = &[
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    " ",
    "    ",
    "\u{0}",
    "\u{8}",
    "\u{85}",
    "\u{feff}",
    "\u{fffe}",
    "\u{202e}",
    "\u{3000}",
    "日本語",
    "か\u{3099}",
    "😀",
    "👩\u{200d}👩",
    "é",
    "\\",
    "\"",
    "'",
    "`",
    "<",
    ">",
    "&",
    "]]>",
    "--",
    "---\n",
    "---",
    "+++\n",
    ":",
    ": ",
    "#",
    "-",
    "- ",
    "*",
    "_",
    "~",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "|",
    "!",
    "?",
    "%",
    "@",
    "0",
    "1",
    "9999999999",
    "-1",
    "1.10",
    "true",
    "null",
    "~",
];

/// The longest input, in bytes: the bound that times are given for.
pub(crate) const LONGEST: usize = 1 << 20;

/// Pieces of seeds are shorter than two to this power, and as often shorter than each lower power: what is wrong mostly needs
/// a few bytes, and of short inputs there can be many.
const LENGTHS: usize = 10;

/// Seeds below this length are taken whole.
const SMALL: usize = 128;

/// Everything that one target's inputs are made of.
pub(crate) struct Source {
    pub(crate) seeds: Vec<String>,
    pub(crate) tokens: &'static [&'static str],
}

impl Source {
    /// One token filling a megabyte, for each token: what takes quadratic time mostly shows here.
    pub(crate) fn shapes(&self) -> impl Iterator<Item = String> {
        let all = self.tokens.iter().chain(COMMON);
        all.flat_map(|token| {
            let lines = format!("{token}\n");
            let words = format!("{token}a ");
            [repeated(token, LONGEST), repeated(&lines, LONGEST), repeated(&words, LONGEST)]
        })
    }

    /// A random input: small mostly, now and then up to a megabyte.
    pub(crate) fn make(&self, random: &mut Random) -> String {
        if random.once_in(10_000) {
            return self.large(random);
        }
        let mut text = if self.seeds.is_empty() || random.once_in(8) { String::new() } else { self.piece(random) };
        for _ in 0..=random.below(6) {
            self.mutate(&mut text, random);
        }
        text
    }

    /// Part of a seed, or all of it.
    fn piece(&self, random: &mut Random) -> String {
        let seed = &self.seeds[random.below(self.seeds.len())];
        if seed.len() < SMALL || random.once_in(64) {
            return seed.clone();
        }
        // What comes first in a file decides what the rest is.
        let from = if random.once_in(2) { 0 } else { boundary(seed, random) };
        let most = 1 << random.below(LENGTHS);
        let len = random.below(most);
        seed[from..seed.floor_char_boundary(from + len)].to_owned()
    }

    fn token(&self, random: &mut Random) -> &'static str {
        let from = if random.once_in(3) { COMMON } else { self.tokens };
        random.pick(from)
    }

    fn mutate(&self, text: &mut String, random: &mut Random) {
        let at = boundary(text, random);
        match random.below(9) {
            0..=2 => text.insert_str(at, self.token(random)),
            3 => {
                let times = 1 << random.below(6);
                text.insert_str(at, &self.token(random).repeat(times));
            }
            4 => {
                let (from, to) = range(text, random);
                text.replace_range(from..to, "");
            }
            5 => {
                let (from, to) = range(text, random);
                let copied = text[from..to].to_owned();
                text.insert_str(at, &copied);
            }
            6 if !self.seeds.is_empty() => {
                let piece = self.piece(random);
                text.insert_str(at, &piece);
            }
            7 => {
                let (open, close) = (self.token(random), self.token(random));
                let times = 1 << random.below(6);
                text.insert_str(at, &format!("{}{}", open.repeat(times), close.repeat(times)));
            }
            _ => {
                if let Some(old) = text[at..].chars().next() {
                    text.replace_range(at..at + old.len_utf8(), self.token(random));
                }
            }
        }
    }

    /// One to four tokens repeated, between two small texts.
    fn large(&self, random: &mut Random) -> String {
        let unit: String = (0..=random.below(4)).map(|_| self.token(random)).collect();
        let len = 1 << (14 + random.below(7));
        let mut text = repeated(&unit, len);
        for _ in 0..random.below(3) {
            self.mutate(&mut text, random);
        }
        text.truncate(text.floor_char_boundary(LONGEST));
        text
    }
}

fn repeated(unit: &str, len: usize) -> String {
    unit.repeat(len / unit.len().max(1))
}

fn boundary(text: &str, random: &mut Random) -> usize {
    text.floor_char_boundary(random.below(text.len() + 1))
}

/// A part of a text, most often a short one.
fn range(text: &str, random: &mut Random) -> (usize, usize) {
    let from = boundary(text, random);
    let longest = if random.once_in(4) { text.len() } else { 64 };
    (from, text.floor_char_boundary(from + random.below(longest.min(text.len() - from) + 1)))
}
