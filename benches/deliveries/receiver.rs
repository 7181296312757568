//! A receiver that does next to nothing, in a process of its own.
//!
//! `POST /hang…` is never answered; everything else gets 200 at once. It says on its standard output where it listens, and at
//! each line of its standard input how many requests it answered, and when the first and the last of them came.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const FLAG: &str = "--be-the-receiver";
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// The receiver's process.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    child: Child,
    asks: ChildStdin,
    says: BufReader<ChildStdout>,
}

/// What it counted. Microseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) answered: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Receiver {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let me = std::env::current_exe()?;
        let mut child = Command::new(me).arg(FLAG).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let asks = child.stdin.take().context("its input")?;
        let mut says = BufReader::new(child.stdout.take().context("its output")?);
        let mut line = String::new();
        says.read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, child, asks, says })
    }

    pub(crate) fn count(&mut self) -> anyhow::Result<Count> {
        writeln!(self.asks)?;
        let mut line = String::new();
        self.says.read_line(&mut line)?;
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let mut next = || numbers.next().context("a number is missing")?.context("no number");
        Ok(Count { answered: next()?, first: next()?, last: next()? })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
}

pub(crate) fn main() -> anyhow::Result<()> {
    let counts = Arc::new(Counts::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    println!("{}", listener.local_addr()?);
    runtime.spawn(accept(listener, Arc::clone(&counts)));
    for line in std::io::stdin().lines() {
        line?;
        let load = |count: &AtomicU64| count.load(Ordering::SeqCst);
        println!("{} {} {}", load(&counts.answered), load(&counts.first), load(&counts.last));
    }
    Ok(())
}

async fn accept(listener: TcpListener, counts: Arc<Counts>) {
    while let Ok((stream, _)) = listener.accept().await {
        let counts = Arc::clone(&counts);
        tokio::spawn(async move { drop(answer(stream, &counts).await) });
    }
}

async fn answer(mut stream: TcpStream, counts: &Counts) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(64 << 10);
    loop {
        while let Some(length) = request(&buffer) {
            if buffer.starts_with(b"POST /hang") {
                return std::future::pending().await;
            }
            buffer.drain(..length);
            let now = micros();
            let _ = counts.first.compare_exchange(0, now, Ordering::SeqCst, Ordering::SeqCst);
            counts.last.fetch_max(now, Ordering::SeqCst);
            counts.answered.fetch_add(1, Ordering::SeqCst);
            stream.write_all(ANSWER).await?;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// How long the first request is, if all of it is there.
fn request(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?.to_ascii_lowercase();
    let length: usize = text.split("\r\ncontent-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
    (bytes.len() >= head + length).then_some(head + length)
}

pub(crate) fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
