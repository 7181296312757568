//! Cold builds, beside reading the posts and copying what comes out, and beside other programs.

use crate::Args;
use crate::daemon::Daemon;
use crate::least::{By, Least};
use crate::measure::{Task, Took, median, settle};
use crate::peers;
use crate::place::{Formats, Place};
use crate::table::{Reach, Table};

/// How long the builds took in the middle.
pub(crate) struct Cold {
    pub(crate) three: f64,
    /// From the daemon's start until it served a feed, three formats.
    pub(crate) start: f64,
}

/// What one build left behind, round after round.
#[derive(Default)]
struct Rounds {
    builds: Vec<Took>,
    copies: Vec<f64>,
}

/// Every round does everything once, so that a slow moment of the machine meets all alike.
pub(crate) fn measure(place: &Place, args: &Args, table: &mut Table) -> anyhow::Result<Cold> {
    let reading = read_all(place)?;
    let (mut cats, mut starts) = (Vec::new(), Vec::new());
    let (mut one, mut three) = (Rounds::default(), Rounds::default());
    let hugo = peers::hugo(place, args, table)?;
    let (mut hugos, mut parsers, mut crates, mut shown) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for round in 1..=args.repeats {
        eprintln!("whole: {} posts, cold builds, {round} of {}", place.posts, args.repeats);
        cats.push(reading.run()?.seconds);
        one.round(place, Formats::One)?;
        {
            let least = Least::of(place)?;
            parsers.push(least.run(place, By::Parser)?);
            crates.push(least.run(place, By::Crates)?);
            shown = least.shown;
        }
        three.round(place, Formats::Three)?;
        starts.push(start(place)?);
        if let Some(hugo) = &hugo {
            place.set_aside("hugo/public")?;
            hugos.push(hugo.run()?.seconds);
        }
    }
    let cat = median(&cats);
    one.tell(Formats::One, place.posts, cat, &hugos, table);
    let what = format!("the least of it: reading, the Markdown parser alone over {shown} bodies, writing");
    table.time(place.posts, &what, median(&parsers), one.copying(cat), Reach::Nothing);
    let what = "the same, and front matter and feeds by the crates for YAML and RSS alone";
    table.time(place.posts, what, median(&crates), one.copying(cat), Reach::Nothing);
    three.tell(Formats::Three, place.posts, cat, &hugos, table);
    if let Some(jekyll) = peers::jekyll(place, args, table)? {
        let took = jekyll.run()?.seconds;
        table.time(
            place.posts,
            "cold build, one format",
            one.seconds(),
            ("Jekyll and jekyll-feed, once", took),
            Reach::Nothing,
        );
    }
    Ok(Cold { three: three.seconds(), start: median(&starts) })
}

/// `cat` of all posts, two processes. Their names are listed beforehand, so that nothing but reading is timed.
fn read_all(place: &Place) -> anyhow::Result<Task> {
    let names = place.posts_named()?.into_iter().map(|path| path.display().to_string());
    place.write("names", &names.collect::<Vec<_>>().join("\0"))?;
    let half = place.posts.div_ceil(2);
    Ok(Task::shell(&format!("xargs -0 -P 2 -n {half} -s 1500000 cat < names > /dev/null")).within(&place.path("")))
}

/// From nothing to the first feed.
fn start(place: &Place) -> anyhow::Result<f64> {
    place.set_aside("start-out")?;
    place.set_aside("start-state")?;
    let config = place.config("start", Formats::Three, "path: site")?;
    settle()?;
    let mut daemon = Daemon::start(place, &config)?;
    let seconds = daemon.first_feed("feeds/feed.rss")?;
    daemon.scanned()?;
    daemon.stop()?;
    Ok(seconds)
}

impl Rounds {
    fn round(&mut self, place: &Place, formats: Formats) -> anyhow::Result<()> {
        place.set_aside("build-out")?;
        place.set_aside("copy")?;
        self.builds.push(place.build("build", formats)?.run()?);
        let copy = Task::new("cp").arg("-r").arg(place.path("build-out")).arg(place.path("copy"));
        self.copies.push(copy.run()?.seconds);
        Ok(())
    }

    fn seconds(&self) -> f64 {
        median(&self.builds.iter().map(|took| took.seconds).collect::<Vec<_>>())
    }

    /// What the machine takes for reading what a build reads, if that is `cat`, and for writing what it writes.
    fn copying(&self, cat: f64) -> (&'static str, f64) {
        ("cat + cp -r", cat + median(&self.copies))
    }

    fn tell(&self, formats: Formats, posts: usize, cat: f64, hugos: &[f64], table: &mut Table) {
        let what = format!("cold build, {}", formats.name());
        let seconds = self.seconds();
        let (times, faster) = match formats {
            Formats::One => (2.0, 10.0),
            Formats::Three => (2.5, 5.0),
        };
        table.time(posts, &what, seconds, self.copying(cat), Reach::Times(times));
        if !hugos.is_empty() {
            table.time(posts, &what, seconds, ("Hugo, RSS only", median(hugos)), Reach::Faster(faster));
        }
        let peak = self.builds.iter().map(|took| took.peak_mib).fold(0.0, f64::max);
        table.memory(posts, &format!("peak memory, {}", formats.name()), peak, peak_to_reach(posts));
    }
}

fn peak_to_reach(posts: usize) -> Reach {
    match posts {
        0..=10_000 => Reach::Mib(150.0),
        10_001..=100_000 => Reach::Mib(300.0),
        100_001..=1_000_000 => Reach::Mib(2_560.0),
        _ => Reach::Nothing,
    }
}
