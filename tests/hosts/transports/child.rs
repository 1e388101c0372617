//! A child that does what a scenario says, on every system: this program, started again with the steps as its argument.

use std::env;
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, ExitCode, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use claude_duplex::Options;
use serde::{Deserialize, Serialize};

/// First argument of a program that is to play a child.
const PLAY: &str = "--play-a-child";

/// One thing that the child does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Writes a line to stdout.
    Say(String),
    /// Writes a line to stdout so many times.
    SayTimes(String, usize),
    /// Writes a line for each number below this one, with the number in place of `&`.
    Count(String, usize),
    /// Writes bytes to stdout as they are.
    Write(Vec<u8>),
    /// Writes so many bytes to stderr, and then the text with a line end.
    Complain(usize, String),
    /// Reads a line.
    Read,
    /// Reads a line, and says how many bytes it had.
    Measure,
    /// Repeats a line until another one was read.
    FloodUntilRead(String),
    /// Reads prompts and answers each, to the end of stdin.
    AnswerEach,
    /// Reads to the end of stdin.
    Drain,
    /// Exits.
    Exit(i32),
    /// Waits to be killed.
    Hang,
    /// Starts another child that does these steps. It shares stdin, stdout and stderr.
    Start(Vec<Step>),
    /// Connects to a port of this machine, and repeats there what comes from there, to its end.
    Echo(u16),
}

/// The options that start such a child.
pub(crate) fn options(steps: &[Step]) -> Options {
    let this = Options::new().program(env::current_exe().expect("a test has a path"));
    arguments(steps).into_iter().fold(this, Options::global_arg).host_permission_prompts()
}

fn arguments(steps: &[Step]) -> [String; 2] {
    [PLAY.to_owned(), serde_json::to_string(steps).expect("steps are JSON")]
}

/// Plays the child, if that is what this program was started for.
pub(crate) fn played() -> Option<ExitCode> {
    let mut arguments = env::args().skip(1);
    (arguments.next()? == PLAY).then(|| {
        let steps: Vec<Step> = serde_json::from_str(&arguments.next().expect("the steps")).expect("steps are JSON");
        let mut stdout = BufWriter::new(io::stdout());
        let mut stdin = io::stdin().lock();
        // Whoever reads no more wants to hear no more.
        let _ = steps.into_iter().try_for_each(|step| play(step, &mut stdin, &mut stdout));
        ExitCode::SUCCESS
    })
}

fn play(step: Step, stdin: &mut impl BufRead, stdout: &mut impl Write) -> io::Result<()> {
    match step {
        Step::Say(line) => writeln!(stdout, "{line}")?,
        Step::SayTimes(line, times) => (0..times).try_for_each(|_| writeln!(stdout, "{line}"))?,
        Step::Count(line, end) => {
            (0..end).try_for_each(|number| writeln!(stdout, "{}", line.replace('&', &number.to_string())))?;
        }
        Step::Write(bytes) => stdout.write_all(&bytes)?,
        Step::Complain(bytes, text) => {
            io::stderr().write_all("x".repeat(bytes).as_bytes())?;
            writeln!(io::stderr(), "{text}")?;
        }
        Step::Read => drop(read_line(stdin)?),
        Step::Measure => {
            let bytes = read_line(stdin)?;
            writeln!(stdout, r#"{{"type":"system","subtype":"size","bytes":{bytes}}}"#)?;
        }
        Step::FloodUntilRead(line) => flood(&line, stdin)?,
        Step::AnswerEach => answer_each(stdin, stdout)?,
        Step::Drain => drop(io::copy(&mut stdin.take(u64::MAX), &mut io::sink())?),
        Step::Exit(code) => {
            stdout.flush()?;
            exit(code);
        }
        Step::Hang => {
            stdout.flush()?;
            loop {
                thread::park();
            }
        }
        Step::Start(steps) => drop(Command::new(env::current_exe()?).args(arguments(&steps)).spawn()?),
        Step::Echo(port) => {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            io::copy(&mut &stream, &mut &stream)?;
        }
    }
    stdout.flush()
}

fn answer_each(stdin: &mut impl BufRead, stdout: &mut impl Write) -> io::Result<()> {
    for line in stdin.lines() {
        let prompt: serde_json::Value = serde_json::from_str(&line?)?;
        let init = r#"{"type":"system","subtype":"init","session_id":"s","claude_code_version":"2.1.329"}"#;
        let echo = serde_json::json!({"type":"user","uuid":prompt["uuid"],"message":{"role":"user","content":"hello"}});
        let result = r#"{"type":"result","subtype":"success","is_error":false,"result":"hi"}"#;
        writeln!(stdout, "{init}\n{echo}\n{result}")?;
        stdout.flush()?;
    }
    Ok(())
}

/// The bytes of a line, its end included.
fn read_line(stdin: &mut impl BufRead) -> io::Result<usize> {
    let mut line = Vec::new();
    stdin.read_until(b'\n', &mut line)
}

/// Writes whole lines from a thread of its own, and none after the line was read.
fn flood(line: &str, stdin: &mut impl BufRead) -> io::Result<()> {
    let enough = Arc::new(AtomicBool::new(false));
    let (line, seen) = (format!("{line}\n"), Arc::clone(&enough));
    let flood = thread::spawn(move || {
        while !seen.load(Ordering::Relaxed) {
            io::stdout().write_all(line.as_bytes()).expect("the host reads");
        }
    });
    read_line(stdin)?;
    enough.store(true, Ordering::Relaxed);
    flood.join().expect("the host reads");
    Ok(())
}
