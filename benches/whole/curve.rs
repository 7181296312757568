//! What a post costs in blogs of many sizes, as CSV and as a picture.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context as _;

use crate::measure::{Took, median};
use crate::place::Formats;
use crate::{Args, place};

/// A blog's cold build, one format.
struct Point {
    posts: usize,
    took: Took,
}

/// Writes both files, and gives the figures as a table.
pub(crate) fn measure(args: &Args) -> anyhow::Result<String> {
    let mut points = Vec::new();
    for &posts in &args.curve {
        let place = place(args, "curve", posts)?;
        let mut builds = Vec::new();
        // A build of a million posts says enough by itself.
        for round in 0..if posts > 100_000 { 1 } else { args.repeats } {
            eprintln!("whole: {posts} posts, cost of a post, {} of {}", round + 1, args.repeats);
            place.set_aside("build-out")?;
            builds.push(place.build("build", Formats::One)?.run()?);
        }
        let seconds = median(&builds.iter().map(|took| took.seconds).collect::<Vec<_>>());
        let peak_mib = builds.iter().map(|took| took.peak_mib).fold(0.0, f64::max);
        points.push(Point { posts, took: Took { seconds, peak_mib } });
    }
    fs::create_dir_all(&args.plot)?;
    let write = |name: &str, text: String| {
        let path = args.plot.join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())
    };
    write("cost.csv", csv(&points))?;
    write("cost.svg", svg(&points))?;
    Ok(table(&points))
}

impl Point {
    fn micros(&self) -> f64 {
        self.took.seconds * 1e6 / self.posts as f64
    }
}

fn table(points: &[Point]) -> String {
    let mut text = String::from("| posts | cold build, one format | a post | peak memory |\n|---:|---:|---:|---:|\n");
    for point in points {
        let Took { seconds, peak_mib } = point.took;
        let _ = writeln!(text, "| {} | {seconds:.2} s | {:.0} µs | {peak_mib:.0} MiB |", point.posts, point.micros());
    }
    text
}

fn csv(points: &[Point]) -> String {
    let mut text = String::from("posts,seconds,microseconds_a_post,peak_mib\n");
    for point in points {
        let Took { seconds, peak_mib } = point.took;
        let _ = writeln!(text, "{},{seconds:.3},{:.1},{peak_mib:.0}", point.posts, point.micros());
    }
    text
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
/// Around the field, for words and numbers.
const MARGIN: f64 = 60.0;

/// The cost of a post over the size of the blog; both axes begin where nothing is, but sizes go up by factors.
fn svg(points: &[Point]) -> String {
    let (least, most) = (size(points.first()), size(points.last()));
    let highest = points.iter().map(Point::micros).fold(1.0, f64::max) * 1.1;
    let x = |point: &Point| {
        let along = (size(Some(point)) - least) / (most - least).max(f64::EPSILON);
        MARGIN + along * (WIDTH - 2.0 * MARGIN)
    };
    let y = |micros: f64| HEIGHT - MARGIN - micros / highest * (HEIGHT - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Cold build, one format: microseconds a post over posts</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{MARGIN}\" y=\"30\">Cold build, one format: microseconds a post</text>\n\
         <path d=\"M{MARGIN} {MARGIN}V{bottom}H{right}\" fill=\"none\" stroke=\"black\"/>\n",
        bottom = HEIGHT - MARGIN,
        right = WIDTH - MARGIN,
    );
    let mut line = String::new();
    for point in points {
        let (x, y) = (x(point), y(point.micros()));
        let _ = write!(line, "{x:.1},{y:.1} ");
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/><text x=\"{x:.1}\" y=\"{above:.1}\" text-anchor=\"middle\">{micros:.0}</text>\
             <text x=\"{x:.1}\" y=\"{below}\" text-anchor=\"middle\">{posts}</text>",
            above = y - 10.0,
            micros = point.micros(),
            below = HEIGHT - MARGIN + 20.0,
            posts = point.posts,
        );
    }
    let _ = writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"black\"/>\n</svg>", line.trim_end());
    svg
}

/// Where a size is on its axis.
fn size(point: Option<&Point>) -> f64 {
    point.map_or(0.0, |point| (point.posts as f64).log10())
}
