//! Noticing that files change, without reading them.
//!
//! In: an [`Area`], which says what of a directory is of interest. Out: what was [`Touched`], as soon as the tree is at rest.
//! Whatever is not known for certain (an overflow, an error, another root) is `Anything`, and the watch is made anew. Never:
//! reads a file, or says that nothing happened where it cannot know.
//!
//! ```text
//!  system ──► inbox ──► tree (which path, of interest?) ──► burst (at rest?) ──► next()
//!                         ▲
//!  area ──────────────────┘
//! ```

mod area;
mod burst;
mod disk;
mod inbox;
mod names;
mod tree;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files that are watched")]
mod tests;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tokio_util::task::AbortOnDropHandle;

pub use self::area::{Area, Rule};
use self::burst::{Bursts, Note};
use self::inbox::{Held, Inbox};
use self::tree::{Obstacle, Tree};
use super::Touched;

/// How often the root is looked at: some changes raise no event.
const CHECK: Duration = Duration::from_secs(2);
/// How often Git is looked at while it is at work.
const GIT: Duration = Duration::from_millis(20);
/// How soon a root that is gone is looked for again.
const GONE: Duration = Duration::from_millis(250);
/// How soon it is tried again where the system refuses.
const REFUSED: Duration = Duration::from_secs(300);

/// A watch of one directory. It ends when it is dropped.
#[derive(Debug)]
pub struct Watch {
    bursts: Arc<Bursts>,
    /// Whether nothing can happen unseen.
    awake: Arc<AtomicBool>,
    area: watch::Sender<Area>,
    _task: AbortOnDropHandle<()>,
}

impl Watch {
    /// Starts watching. When everything is watched, [`next`](Self::next) says `Anything`: what happened before went unseen.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn start(area: Area) -> Self {
        let (bursts, awake) = (Arc::<Bursts>::default(), Arc::<AtomicBool>::default());
        let (sender, receiver) = watch::channel(area);
        let watcher = Watcher { bursts: Arc::clone(&bursts), awake: Arc::clone(&awake), area: receiver, told: None };
        Self { bursts, awake, area: sender, _task: AbortOnDropHandle::new(tokio::spawn(watcher.run())) }
    }

    /// Watches this from now on, if it is something else.
    pub fn follow(&self, area: Area) {
        self.area.send_if_modified(|now| {
            let is_other = *now != area;
            *now = area;
            is_other
        });
    }

    /// Waits until something was touched and the tree is at rest. Nothing is lost if the wait is given up.
    pub async fn next(&self) -> Touched {
        self.bursts.next().await
    }

    /// What may have been touched since the last word, at rest or not; `Anything` while there is no watch.
    #[must_use]
    pub fn taken(&self) -> Touched {
        let mut touched = self.bursts.taken();
        if !self.awake.load(Ordering::SeqCst) {
            touched.add(Touched::Anything);
        }
        touched
    }
}

/// The task behind a watch.
struct Watcher {
    bursts: Arc<Bursts>,
    awake: Arc<AtomicBool>,
    area: watch::Receiver<Area>,
    /// What the log was told last: the same is told once.
    told: Option<String>,
}

impl Watcher {
    async fn run(mut self) {
        loop {
            let (inbox, area) = (Arc::<Inbox>::default(), self.area.borrow_and_update().clone());
            let pause = match grown(area, &inbox).await {
                Ok(tree) => {
                    self.tell_of(&tree);
                    self.awake.store(true, Ordering::SeqCst);
                    self.bursts.note([Note::Anything]);
                    // What goes unseen from its end on is anything, once there is another one.
                    self.attend(tree, &inbox).await.map_or_else(|obstacle| self.refused(&obstacle), |()| Duration::ZERO)
                }
                Err(obstacle) => self.refused(&obstacle),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                changed = self.area.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Passes on what happens, until the watch has to be made anew.
    async fn attend(&mut self, mut tree: Tree, inbox: &Inbox) -> Result<(), Obstacle> {
        let (mut checks, mut git) = (tokio::time::interval(CHECK), tokio::time::interval(GIT));
        loop {
            let (back, notes) = tokio::select! {
                held = inbox.next() => blocking(move || read(tree, held)).await,
                _ = git.tick(), if tree.is_git_at_work() => blocking(move || read(tree, Held::default())).await,
                _ = checks.tick() => blocking(move || { let stands = tree.stands(); (tree, Ok(stands.then(Vec::new))) }).await,
                _ = self.area.changed() => return Ok(()),
            };
            tree = back;
            let Some(notes) = notes? else { return Ok(()) };
            if !notes.is_empty() {
                self.bursts.note(notes);
            }
        }
    }

    fn tell_of(&mut self, tree: &Tree) {
        let silent = disk::silent(tree.root());
        let Some(kind) = silent else {
            self.told = None;
            return;
        };
        self.tell(format!("a file that is changed on the other side of this {kind} disk is noticed by schedule only"));
    }

    /// How long to wait for another try.
    fn refused(&mut self, obstacle: &Obstacle) -> Duration {
        if self.awake.swap(false, Ordering::SeqCst) {
            self.bursts.note([Note::Anything]);
        }
        if let Obstacle::Root(_) = obstacle {
            // The scan that fails says so.
            return GONE;
        }
        self.tell(format!("the source cannot be watched, so changes are noticed by schedule only: {obstacle}"));
        REFUSED
    }

    fn tell(&mut self, message: String) {
        if self.told.as_ref() != Some(&message) {
            let remedy =
                "make `schedule` shorter, or ask for a scan after each change; `source.watch: false` ends this message";
            tracing::warn!(remedy, "{message}");
            self.told = Some(message);
        }
    }
}

async fn grown(area: Area, inbox: &Arc<Inbox>) -> Result<Tree, Obstacle> {
    let inbox = Arc::clone(inbox);
    blocking(move || Tree::grow(area, &inbox)).await
}

/// What events mean, each in its turn. `None`: the watch has to be made anew.
fn read(mut tree: Tree, held: Held) -> (Tree, Result<Option<Vec<Note>>, Obstacle>) {
    let mut notes = Vec::new();
    for event in held.events {
        match tree.read(&event) {
            Ok(Some(more)) => notes.extend(more),
            end => return (tree, end),
        }
    }
    notes.extend(tree.look_at_git());
    (tree, Ok((!held.lost).then_some(notes)))
}

/// Runs what may wait for a disk where nobody waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await.map_err(JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => resume_unwind(panic),
        // The runtime comes to its end, and so do we.
        Err(Err(_)) => std::future::pending().await,
    }
}
