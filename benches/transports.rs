//! What the driver costs: prompts and answers through [`Driver::next`] on each runtime, against the bare pipes of the same
//! runtime.
//!
//! `cargo bench --bench transports --all-features`
//!
//! The child is this program: it answers each line with so many small messages and a result, at once. `messages` is one
//! prompt with 10,000 of them, `prompts` are 200 prompts one after the other with nothing but their results. The floor is a
//! loop that sends lines of that length and reads as many bytes; for `messages`, and the core's own time on them.
//!
//! How long a line takes to and fro is decided by where the system puts the two programs: on one processor it is a switch (some
//! 3 us on the machine of `docs/performance.md`), on two it is the wake-up of one that sleeps (some 55 us on that virtual machine). So
//! on Linux both sides are measured in both places, told to the system: `apart` is how a host and its child stand that both have something
//! to do, and is judged. `together` is shown, with the core's time in its floor and without.

mod clock;

use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use async_io::block_on;
use claude_duplex::{Action, Config, Driver, Options, Outcome, Prompt, Protocol, Seed, SessionTime, Transport};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

/// The argument that makes this program the child, followed by how many messages it gives, and on which processor.
const CHILD: &str = "--child";

const READ: usize = 64 * 1024;

/// Of each kind; odd, for the median.
const RUNS: usize = 41;

/// How much more than the floor ours may take.
const AT_MOST: f64 = 1.3;

/// What is done in one run.
#[derive(Clone, Copy)]
struct Job {
    name: &'static str,
    prompts: usize,
    /// For each prompt.
    messages: usize,
    /// The host is then on the first processor.
    child_on: Option<usize>,
}

const JOBS: [Job; 3] = [
    Job { name: "messages", prompts: 1, messages: 10_000, child_on: None },
    Job { name: "prompts_apart", prompts: 200, messages: 0, child_on: Some(1) },
    Job { name: "prompts_together", prompts: 200, messages: 0, child_on: Some(0) },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some(CHILD) {
        let messages = words.next().and_then(|count| count.parse().ok()).expect("a number of messages");
        place(words.next().and_then(|processor| processor.parse().ok()));
        return child(messages);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _within = runtime.enter();
    let mut held = true;
    for job in JOBS {
        // The host's place comes first: a child begins where its host is.
        if !place(job.child_on.map(|_| 0)) || !may_run_on(job.child_on) {
            println!("{}: NOT RUN: programs cannot be told here where to run", job.name);
            continue;
        }
        let mut claude = claude_duplex::driver::smol::spawn(&job.options(), config()).expect("the child starts");
        let mut bare = BareSmol::start(job);
        held &= holds("smol", job, || block_on(job.driven(&mut claude)), || block_on(bare.run(job)));

        let mut claude = claude_duplex::driver::tokio::spawn(&job.options(), config()).expect("the child starts");
        let mut bare = BareTokio::start(job);
        held &= holds("tokio", job, || runtime.block_on(job.driven(&mut claude)), || runtime.block_on(bare.run(job)));
    }
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures both in turns, so that a busy machine slows both, and says whether ours is as near to the floor as it has to be.
fn holds(runtime: &str, job: Job, mut ours: impl FnMut(), mut floor: impl FnMut()) -> bool {
    let (mut of_ours, mut of_floor, mut of_core) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..=RUNS {
        let times = (timed(&mut ours), timed(&mut floor), timed(|| job.core()));
        // The first of each warms up.
        if run > 0 {
            of_ours.push(times.0);
            of_floor.push(times.1);
            of_core.push(times.2);
        }
    }
    let (ours, pipes, core) = (clock::median(of_ours), clock::median(of_floor), clock::median(of_core));
    let name = format!("{runtime}_{}", job.name);
    let ratio = match job.child_on {
        None => shown(&name, ours, pipes + core),
        Some(0) => {
            shown(&format!("{name}_and_the_core"), ours, pipes + core);
            shown(&name, ours, pipes);
            return true;
        }
        Some(_) => shown(&name, ours, pipes),
    };
    if ratio > AT_MOST {
        eprintln!("{name}: the ratio is over {AT_MOST}");
    }
    ratio <= AT_MOST
}

fn shown(name: &str, ours: f64, floor: f64) -> f64 {
    let ratio = ours / floor;
    println!("{name} ours_ms {:.2} floor_ms {:.2} ratio {ratio:.2}", ours * 1e3, floor * 1e3);
    ratio
}

/// On the wall: the child's time and the way to it and back count.
fn timed(job: impl FnOnce()) -> Duration {
    let started = Instant::now();
    job();
    started.elapsed()
}

fn config() -> Config {
    Config::new(Seed::from_bytes([1; 16]))
}

impl Job {
    fn options(self) -> Options {
        let this = std::env::current_exe().expect("a bench has a path");
        let options = Options::new().program(this).global_arg(CHILD).global_arg(self.messages.to_string());
        self.child_on.into_iter().fold(options, |options, processor| options.global_arg(processor.to_string()))
    }

    fn command(self) -> std::process::Command {
        self.options().invocation().expect("the options are good").to_command()
    }

    async fn driven(self, claude: &mut Driver<impl Transport>) {
        for _ in 0..self.prompts {
            claude.prompt("go").expect("nothing else is asked of it");
            let mut messages = 0;
            loop {
                match black_box(claude.next().await.expect("the child lives")) {
                    Action::Message { .. } => messages += 1,
                    Action::PromptEnded { outcome, .. } => {
                        assert_eq!(outcome, Outcome::Success);
                        break;
                    }
                    _ => {}
                }
            }
            assert_eq!(messages, self.messages + 2);
        }
    }

    /// The same without a child: the answer is there already.
    fn core(self) {
        let mut session = Protocol::new(config(), SessionTime::ZERO);
        let answer = answer(self.messages);
        for _ in 0..self.prompts {
            session.prompt(SessionTime::ZERO, Prompt::text("go")).expect("nothing else is asked of it");
            session.sent(SessionTime::ZERO, black_box(session.poll_transmit()).len());
            let mut ended = false;
            for bytes in answer.chunks(READ) {
                session.receive(SessionTime::ZERO, black_box(bytes));
                while let Some(action) = session.poll_action() {
                    ended |= matches!(black_box(action), Action::PromptEnded { .. });
                }
            }
            assert!(ended);
        }
    }
}

/// Has this thread, and what it starts, run on that processor alone, or on any. Whether that can be.
#[cfg(target_os = "linux")]
fn place(processor: Option<usize>) -> bool {
    use rustix::thread::{CpuSet, sched_setaffinity};

    let mut set = CpuSet::new();
    match processor {
        Some(processor) => set.set(processor),
        None => (0..CpuSet::MAX_CPU).for_each(|processor| set.set(processor)),
    }
    sched_setaffinity(None, &set).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn place(processor: Option<usize>) -> bool {
    processor.is_none()
}

fn may_run_on(processor: Option<usize>) -> bool {
    processor.is_none_or(|processor| std::thread::spawn(move || place(Some(processor))).join().unwrap_or(false))
}

/// A line that is as long as one of ours.
fn line() -> Vec<u8> {
    let mut session = Protocol::new(config(), SessionTime::ZERO);
    session.prompt(SessionTime::ZERO, Prompt::text("go")).expect("the first prompt is taken");
    session.poll_transmit().to_vec()
}

/// Pipes of `async-process`, and nothing else.
struct BareSmol {
    child: async_process::Child,
    buffer: Vec<u8>,
}

impl BareSmol {
    fn start(job: Job) -> Self {
        let mut command = async_process::Command::from(job.command());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        Self { child: command.spawn().expect("the child starts"), buffer: vec![0; READ] }
    }

    async fn run(&mut self, job: Job) {
        let (line, length) = (line(), answer(job.messages).len());
        let (stdin, stdout) = (self.child.stdin.as_mut().unwrap(), self.child.stdout.as_mut().unwrap());
        for _ in 0..job.prompts {
            stdin.write_all(&line).await.expect("the child reads");
            let mut left = length;
            while left > 0 {
                left -= black_box(stdout.read(&mut self.buffer).await.expect("the child writes"));
            }
        }
    }
}

/// Pipes of tokio, and nothing else.
struct BareTokio {
    child: tokio::process::Child,
    buffer: Vec<u8>,
}

impl BareTokio {
    fn start(job: Job) -> Self {
        let mut command = tokio::process::Command::from(job.command());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        Self { child: command.spawn().expect("the child starts"), buffer: vec![0; READ] }
    }

    async fn run(&mut self, job: Job) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (line, length) = (line(), answer(job.messages).len());
        let (stdin, stdout) = (self.child.stdin.as_mut().unwrap(), self.child.stdout.as_mut().unwrap());
        for _ in 0..job.prompts {
            stdin.write_all(&line).await.expect("the child reads");
            let mut left = length;
            while left > 0 {
                left -= black_box(stdout.read(&mut self.buffer).await.expect("the child writes"));
            }
        }
    }
}

/// Plays the CLI: an answer for each line, until there are no more.
fn child(messages: usize) -> ExitCode {
    let (answer, mut stdout) = (answer(messages), stdout().lock());
    for _ in stdin().lock().lines().map_while(Result::ok) {
        if stdout.write_all(&answer).and_then(|()| stdout.flush()).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn answer(messages: usize) -> Vec<u8> {
    const BEGIN: &str = r#"{"type":"system","subtype":"init","session_id":"0f5e","claude_code_version":"2.1.329"}"#;
    const DELTA: &str = r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a few words"}},"session_id":"0f5e","parent_tool_use_id":null,"uuid":"2f0f5e1c-0000-4000-8000-00000000beef"}"#;
    const END: &str = r#"{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"0f5e","terminal_reason":"completed"}"#;
    let lines = [BEGIN].into_iter().chain(std::iter::repeat_n(DELTA, messages)).chain([END]);
    lines.flat_map(|line| [line, "\n"]).collect::<String>().into_bytes()
}
