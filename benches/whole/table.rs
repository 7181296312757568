//! What was measured, as a table in Markdown.

use std::fmt;

/// Everything that was measured, and what could not be.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    left_out: Vec<String>,
}

/// One measurement.
#[derive(Debug)]
struct Row {
    posts: usize,
    what: String,
    value: String,
    against: String,
    ratio: String,
    reach: String,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reach {
    /// At most so many times what it is held against.
    Times(f64),
    /// So many times faster than what it is held against.
    Faster(f64),
    /// At most so many MiB.
    Mib(f64),
    /// At most so many milliseconds.
    Ms(f64),
    /// Nothing: for comparison.
    Nothing,
}

impl Table {
    /// A time in seconds, held against another one.
    pub(crate) fn time(&mut self, posts: usize, what: &str, seconds: f64, against: (&str, f64), reach: Reach) {
        let (name, other) = against;
        let ratio = match reach {
            Reach::Faster(_) => format!("{:.1} × faster", other / seconds),
            _ => format!("{:.2} ×", seconds / other),
        };
        let reached = match reach {
            Reach::Faster(times) => other / seconds >= times,
            Reach::Times(times) => seconds / other <= times,
            _ => true,
        };
        let against = format!("{name}: {}", duration(other));
        self.rows.push(Row { against, ratio, ..Row::new(posts, what, duration(seconds), reach, reached) });
    }

    /// A time in seconds by itself.
    pub(crate) fn alone(&mut self, posts: usize, what: &str, seconds: f64, reach: Reach) {
        let reached = !matches!(reach, Reach::Ms(most) if seconds * 1e3 > most);
        self.rows.push(Row::new(posts, what, duration(seconds), reach, reached));
    }

    /// Memory.
    pub(crate) fn memory(&mut self, posts: usize, what: &str, mib: f64, reach: Reach) {
        let reached = !matches!(reach, Reach::Mib(most) if mib > most);
        self.rows.push(Row::new(posts, what, format!("{mib:.0} MiB"), reach, reached));
    }

    /// Says what could not be measured, and why.
    pub(crate) fn leave_out(&mut self, what: &str, why: &str) {
        let line = format!("{what}: {why}");
        if !self.left_out.contains(&line) {
            self.left_out.push(line);
        }
    }
}

impl Row {
    /// What stands by itself.
    fn new(posts: usize, what: &str, value: String, reach: Reach, reached: bool) -> Self {
        let reach = match reach {
            Reach::Nothing => String::new(),
            _ => format!("{reach} {}", if reached { "✓" } else { "✗" }),
        };
        Self { posts, what: what.to_owned(), value, against: String::new(), ratio: String::new(), reach }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| posts | what | took | beside | ratio | to reach |")?;
        writeln!(f, "|---:|---|---:|---|---:|---|")?;
        for Row { posts, what, value, against, ratio, reach } in &self.rows {
            writeln!(f, "| {posts} | {what} | {value} | {against} | {ratio} | {reach} |")?;
        }
        if !self.left_out.is_empty() {
            writeln!(f, "\nNot measured: {}.", self.left_out.join("; "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "≤ {times:.1} ×"),
            Self::Faster(times) => write!(f, "≥ {times:.0} × faster"),
            Self::Mib(most) => write!(f, "≤ {most:.0} MiB"),
            Self::Ms(most) => write!(f, "≤ {most:.0} ms"),
            Self::Nothing => Ok(()),
        }
    }
}

fn duration(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}
