//! What a receiver does with one request, byte by byte.
//!
//! In: a stream whose request was read. Out: bytes on it, or none, at their time. Never: what HTTP would have it do.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::harness::PATIENCE;

/// What is done, one after the other.
#[derive(Clone)]
enum Act {
    Send(Vec<u8>),
    /// One byte after the other, so far apart.
    Drip(Vec<u8>, Duration),
    /// Again and again until nobody takes it.
    Flood(Vec<u8>),
    Wait(Gate),
    /// Says nothing until the other side has gone.
    Hang,
    Reset,
}

/// How the connection is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// For the next request.
    Open,
    Closed,
    /// With a RST.
    Reset,
}

/// Closed until it is opened, for all who wait at it.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(super) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let (is_open, opened) = &*self.0;
        drop(opened.wait_timeout_while(is_open.lock().unwrap(), PATIENCE, |open| !*open).unwrap());
    }
}

/// An answer, or what is done in its place.
#[derive(Clone)]
pub(super) struct Script {
    acts: Vec<Act>,
    keeps: bool,
}

impl Script {
    /// A whole answer without a body, after which the connection can be used again.
    pub(super) fn status(status: u16) -> Self {
        Self::answer(status, &[], b"")
    }

    /// A whole answer.
    pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let bytes = [head.as_bytes(), b"\r\n", body].concat();
        Self { acts: vec![Act::Send(bytes)], keeps: true }
    }

    /// These bytes, and the end.
    pub(super) fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self { acts: vec![Act::Send(bytes.as_ref().to_vec())], keeps: false }
    }

    /// Nothing at all.
    pub(super) fn hang() -> Self {
        Self::raw("").then(Act::Hang)
    }

    /// A connection torn down.
    pub(super) fn reset() -> Self {
        Self::raw("").then(Act::Reset)
    }

    /// What it does, but not before the gate is open.
    pub(super) fn behind(mut self, gate: &Gate) -> Self {
        self.acts.insert(0, Act::Wait(gate.clone()));
        self
    }

    /// And then one byte after the other, so far apart, and no end.
    pub(super) fn dripping(self, bytes: &str, apart: Duration) -> Self {
        self.then(Act::Drip(bytes.into(), apart)).then(Act::Hang)
    }

    /// And then this without end.
    pub(super) fn flooding(self, bytes: &[u8]) -> Self {
        self.then(Act::Flood(bytes.to_vec()))
    }

    /// And then a RST.
    pub(super) fn resetting(self) -> Self {
        self.then(Act::Reset)
    }

    fn then(mut self, act: Act) -> Self {
        self.keeps = false;
        self.acts.push(act);
        self
    }

    /// Does it. Whoever is at the other end may go at any moment.
    pub(super) fn play(&self, stream: &mut (impl Read + Write)) -> End {
        for act in &self.acts {
            match act {
                Act::Reset => return End::Reset,
                act if act.play(stream).is_err() => return End::Closed,
                _ => {}
            }
        }
        if self.keeps { End::Open } else { End::Closed }
    }
}

impl Act {
    fn play(&self, stream: &mut (impl Read + Write)) -> std::io::Result<()> {
        match self {
            Self::Send(bytes) => stream.write_all(bytes)?,
            Self::Drip(bytes, apart) => {
                for byte in bytes {
                    stream.write_all(&[*byte])?;
                    stream.flush()?;
                    std::thread::sleep(*apart);
                }
            }
            Self::Flood(bytes) => loop {
                stream.write_all(bytes)?;
            },
            Self::Wait(gate) => gate.pass(),
            Self::Hang => while stream.read(&mut [0; 512])? > 0 {},
            Self::Reset => {}
        }
        stream.flush()
    }
}
