//! Waiting for the disk, many times at once: a sync or the freeing of a replaced file costs milliseconds of doing nothing,
//! and a file system settles many of them in the time of one.
//!
//! In: what is to be done. Out: that it is done, or a failure. Never: more than [`AT_ONCE`] at a time; nor rayon's threads,
//! of which there are too few for waiting, and which would take up other work meanwhile that needs a lock the caller holds.

use std::sync::{Mutex, PoisonError};
use std::{panic, thread};

use super::PublishError;

pub(super) const AT_ONCE: usize = 16;

/// Does `work` to each item, in no order. After a failure some are left as they are.
pub(super) fn each<T: Send>(
    items: &mut [T],
    work: impl Fn(&mut T) -> Result<(), PublishError> + Sync,
) -> Result<(), PublishError> {
    let helpers = items.len().min(AT_ONCE).saturating_sub(1);
    let items = Mutex::new(items.iter_mut());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        while let Some(item) = next() {
            work(item)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        // Where the system gives no more threads, those that there are do it all.
        let start = |_| thread::Builder::new().spawn_scoped(scope, run).ok();
        let helpers: Vec<_> = (0..helpers).map_while(start).collect();
        let own = run();
        helpers.into_iter().map(joined).fold(own, Result::and)
    })
}

/// Does both.
pub(super) fn both(
    one: impl FnOnce() -> Result<(), PublishError> + Send,
    other: impl FnOnce() -> Result<(), PublishError>,
) -> Result<(), PublishError> {
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        joined(one).and(other)
    })
}

fn joined<T>(helper: thread::ScopedJoinHandle<'_, T>) -> T {
    helper.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn all_is_done_once_and_several_wait_at_a_time() {
        let mut counts = vec![0; 1000];
        each(&mut counts, |count| {
            *count += 1;
            Ok(())
        })
        .unwrap();
        assert!(counts.iter().all(|count| *count == 1));

        // None of these ends before all have begun.
        let barrier = Barrier::new(AT_ONCE);
        each(&mut [(); AT_ONCE], |()| {
            barrier.wait();
            Ok(())
        })
        .unwrap();
        each::<()>(&mut [], |()| unreachable!()).unwrap();
    }

    #[test]
    fn a_failure_of_any_is_told() {
        let failure = || PublishError::io(Path::new("a"), std::io::ErrorKind::StorageFull.into());
        for failing in 0..40 {
            let mut items: Vec<usize> = (0..40).collect();
            assert!(each(&mut items, |item| if *item == failing { Err(failure()) } else { Ok(()) }).is_err());
        }
        assert!(both(|| Err(failure()), || Ok(())).is_err());
        assert!(both(|| Ok(()), || Err(failure())).is_err());
        assert!(both(|| Ok(()), || Ok(())).is_ok());
    }
}
