//! What bare sockets post to the receiver: the machine's limit.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::receiver::{ANSWER, Receiver};

const CONNECTIONS: usize = 64;
const BODY: usize = 1_500;

/// Posts so many messages over sixty-four connections, each waiting for its answer.
pub(crate) fn posts_a_second(receiver: &Receiver, posts: usize) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (address, each) = (receiver.address, posts.div_ceil(CONNECTIONS));
    let began = Instant::now();
    runtime.block_on(async {
        let all: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(post(address, each))).collect();
        for one in all {
            one.await??;
        }
        anyhow::Ok(())
    })?;
    Ok((each * CONNECTIONS) as f64 / began.elapsed().as_secs_f64())
}

async fn post(address: std::net::SocketAddr, posts: usize) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let head = format!(
        "POST /hook HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {BODY}\r\n\r\n"
    );
    let request = [head.as_bytes(), &[b'x'; BODY]].concat();
    let mut answer = [0; ANSWER.len()];
    for _ in 0..posts {
        stream.write_all(&request).await?;
        stream.read_exact(&mut answer).await?;
    }
    Ok(())
}

/// The same with wrk, for five seconds.
pub(crate) fn wrk(receiver: &Receiver, wrk: &Path) -> anyhow::Result<f64> {
    let dir = tempfile::tempdir()?;
    let script = dir.path().join("post.lua");
    std::fs::write(&script, format!("wrk.method = 'POST'\nwrk.body = string.rep('x', {BODY})\n"))?;
    let url = format!("http://{}/hook", receiver.address);
    let done = Command::new(wrk).args(["-t2", "-c64", "-d5s", "-s"]).arg(&script).arg(url).output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    ensure!(done.status.success(), "wrk: {}", String::from_utf8_lossy(&done.stderr));
    let rate = said.lines().find_map(|line| line.strip_prefix("Requests/sec:")).context("wrk said no rate")?;
    Ok(rate.trim().parse()?)
}
