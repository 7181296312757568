//! Faults, by number, and what holds after each.
//!
//! A case is the real daemon in a process of its own, a receiver on a raw socket that keeps a journal ([`judge`], told byte by
//! byte what to do by [`script`]), a second receiver that is well, and clocks and names that the test moves ([`rig`]). After every
//! case [`invariants`] holds the journals, the database and the process against what was promised.
//!
//! | cases | |
//! |---|---|
//! | 1–5 | [`crashes`] |
//! | 6, 24 | [`stops`] |
//! | 7, and a soak | [`storm`]; long forms with `make faults` |
//! | 8–13 | [`replies`] |
//! | 14 | [`certificates`] |
//! | 15, 16 | [`names`] |
//! | 17–19 | [`pauses`] |
//! | 20 | [`leaps`] |
//! | 21–23 | [`storage`] |
//! | 25 | [`changes`] |
//! | secrets in everything that is printed or kept | [`secrets`] |
//!
//! Case 14's plain HTTP under `https` is with the unit tests of the caller, case 25's config that cannot be used in `reload.rs`.
//! The parts of 22 and 23 that are about PostgreSQL wait for a store in it.

mod certificates;
mod changes;
mod crashes;
mod invariants;
mod judge;
mod leaps;
mod machine;
mod names;
mod pauses;
mod replies;
mod rig;
mod script;
mod secrets;
mod stops;
mod storage;
mod storm;
