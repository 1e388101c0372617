//! A turn over real pipes: a prompt, a corpus, its result. The child is this program.

use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use claude_codes::{AsyncClient, ClaudeCliBuilder, ClaudeInput, ClaudeOutput};
use claude_duplex::{Action, Config, Driver, Options, Outcome, Seed, Transport};
use claude_wrapper::{Claude, DuplexOptions, DuplexSession};
use uuid::Uuid;

use crate::corpora::{self, Corpus, Writer};
use crate::{Peer, Run, compared};

/// The variable that makes this program the child, and says what it is to give.
pub(crate) const CORPUS: &str = "CLAUDE_DUPLEX_PEERS_CORPUS";

/// Of each kind; odd, for the median.
const RUNS: usize = 11;

pub(crate) fn compare(corpus: &Corpus) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let within = runtime.enter();
    let corpus = &answered(corpus);
    let options = Options::new().program(this()).env(CORPUS, corpus.name);
    let config = || Config::new(Seed::from_bytes([1; 16]));
    let mut on_tokio = claude_duplex::driver::tokio::spawn(&options, config()).expect("the child starts");
    let mut on_smol = claude_duplex::driver::smol::spawn(&options, config()).expect("the child starts");
    drop(within);
    let (mut codes, wrapper) = runtime.block_on(async { (codes(corpus), wrapper(corpus).await) });

    compared(
        corpus,
        RUNS,
        vec![
            Peer { name: "claude-duplex/tokio", run: Box::new(|| timed(|| runtime.block_on(driven(&mut on_tokio)))) },
            Peer { name: "claude-duplex/smol", run: Box::new(|| timed(|| async_io::block_on(driven(&mut on_smol)))) },
            Peer { name: "claude-codes/tokio", run: Box::new(|| timed(|| runtime.block_on(coded(&mut codes)))) },
            Peer {
                name: "claude-wrapper/tokio",
                run: Box::new(|| timed(|| runtime.block_on(wrapped(&wrapper, corpus.lines)))),
            },
        ],
    );
    runtime.block_on(async {
        codes.shutdown().await.expect("it is ended");
        // The child has ended itself when its stdin did.
        wrapper.close().await.expect("it ends");
    });
}

fn timed(job: impl FnOnce() -> usize) -> Run {
    let (started, spent) = (Instant::now(), processor());
    let messages = job();
    Run { messages, taken: started.elapsed(), processor: processor() - spent }
}

/// The processor time of all threads of this process so far.
fn processor() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

fn this() -> PathBuf {
    std::env::current_exe().expect("a program has a path")
}

async fn driven(claude: &mut Driver<impl Transport>) -> usize {
    claude.prompt("go").expect("nothing else is asked of it");
    let mut messages = 0;
    loop {
        match black_box(claude.next().await.expect("the child lives")) {
            Action::Message { .. } => messages += 1,
            Action::PromptEnded { outcome, .. } => {
                assert_eq!(outcome, Outcome::Success);
                return messages;
            }
            _ => {}
        }
    }
}

fn codes(corpus: &Corpus) -> AsyncClient {
    let mut command = ClaudeCliBuilder::new().command(this()).build_command().expect("an absolute path is taken");
    let child = command.env(CORPUS, corpus.name).kill_on_drop(true).spawn().expect("the child starts");
    AsyncClient::new(child).expect("its pipes are there")
}

/// Message by message: [`AsyncClient::query`] would keep them all.
async fn coded(claude: &mut AsyncClient) -> usize {
    let prompt = ClaudeInput::user_message("go", Uuid::from_u128(1));
    claude.send(&prompt).await.expect("the child reads");
    let mut messages = 0;
    loop {
        match black_box(claude.receive().await) {
            Ok(ClaudeOutput::Result(_)) => return messages + 1,
            Ok(_) => messages += 1,
            Err(claude_codes::Error::Deserialization(_)) => {}
            Err(error) => panic!("the child lives: {error}"),
        }
    }
}

async fn wrapper(corpus: &Corpus) -> DuplexSession {
    let claude = Claude::builder().binary(this()).env(CORPUS, corpus.name).build().expect("an absolute path is taken");
    // Room for all: a subscriber that lags would have less to do.
    let options = DuplexOptions::default().subscriber_capacity(2 * corpus.lines);
    DuplexSession::spawn(&claude, options).await.expect("the child starts")
}

async fn wrapped(session: &DuplexSession, lines: usize) -> usize {
    let mut events = session.subscribe();
    let reading = async {
        let mut messages = 0;
        // The result is not told to subscribers.
        while messages < lines - 1 {
            match events.recv().await {
                Ok(event) => {
                    black_box(event);
                    messages += 1;
                }
                Err(error) => panic!("the session lives: {error}"),
            }
        }
        messages
    };
    let (result, messages) = tokio::join!(session.send("go"), reading);
    black_box(result.expect("the turn ends"));
    messages + 1
}

/// The corpus as a turn of its own, from its first line to its result.
fn answered(corpus: &Corpus) -> Corpus {
    let mut bytes = [&corpus.before[..], &corpus.bytes].concat();
    if corpus.name != "mixed" {
        bytes.extend(Writer::new().result());
    }
    let lines = memchr::memchr_iter(b'\n', &bytes).count();
    Corpus { name: corpus.name, before: Vec::new(), bytes, lines, longest: corpus.longest }
}

/// Plays the CLI: the corpus for each line, and its result, until there are no more. As with the CLI, no turn
/// repeats the uuids of another: a session drops a result that comes again.
pub(crate) fn child(corpus: &str) -> ExitCode {
    let corpora = [corpora::mixed(), corpora::deltas(), corpora::big()];
    let mut answer = answered(corpora.iter().find(|known| known.name == corpus).expect("a corpus of that name")).bytes;
    let mut stdout = stdout().lock();
    let field = b"\"uuid\":\"";
    let uuids: Vec<_> = memchr::memmem::find_iter(&answer, field).map(|at| at + field.len()).collect();
    for (turn, _) in stdin().lock().lines().map_while(Result::ok).enumerate() {
        let start = format!("{turn:08x}");
        uuids.iter().for_each(|at| answer[*at..][..start.len()].copy_from_slice(start.as_bytes()));
        if stdout.write_all(&answer).and_then(|()| stdout.flush()).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
