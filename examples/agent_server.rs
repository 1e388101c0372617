//! One session behind a socket: any number of clients watch it, prompt it, and answer its permission prompts.
//!
//!     cargo run --example agent_server --features smol
//!
//! Without arguments, the program listens on a free port and starts two clients: one watches, the other sends prompts and
//! responds. With `--listen 127.0.0.1:7878` it waits for your clients (`nc 127.0.0.1 7878`). With `--claude PATH` it runs the
//! real CLI. A client writes `prompt TEXT`, `allow N`, `deny N` or `close`.

#[path = "shared/end.rs"]
mod end;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write, stdout};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use claude_duplex::testing::{Script, Step, ToolStep, serve_stdio};
use claude_duplex::{
    Action, Config, Decision, IncomingKind, IncomingKinds, MessageKind, Options, Overflow, Responder, Session,
    StreamDelta, Subscriber, handler_fn,
};
use futures_lite::future::{or, try_zip, zip};
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncWriteExt, StreamExt};
use smol::LocalExecutor;
use smol::net::{TcpListener, TcpStream};

/// The permission prompts that wait for a client, by their numbers.
type Open = Arc<Mutex<BTreeMap<u64, Responder>>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--stand-in") {
        return stand_in();
    }
    end::status(smol::block_on(serve(&arguments)))
}

async fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let (mut claude, mut listen) = (None, None);
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--claude" => claude = Some(value),
            [name, value] if name == "--listen" => listen = Some(value),
            _ => return Err("usage: agent_server [--listen ADDRESS:PORT] [--claude PATH]".into()),
        }
    }
    let options = match claude {
        Some(claude) => Options::new().program(claude),
        None => Options::new().program(std::env::current_exe()?).global_arg("--stand-in"),
    };
    let options = options.host_permission_prompts().include_partial_messages();
    let config = Config::default().handle(IncomingKind::Permission);
    let (claude, runner) = Session::builder().options(options).config(config).open_smol()?;
    let listener = TcpListener::bind(listen.map_or("127.0.0.1:0", String::as_str)).await?;
    let address = listener.local_addr()?;
    writeln!(stdout(), "listening on {address}")?;

    let open = Open::default();
    let keep = Arc::clone(&open);
    // An incoming request is settled by the client that answers it; at the end what nobody answered is declined.
    let permissions = IncomingKinds::NONE.with(IncomingKind::Permission);
    let serving_requests =
        claude.incoming_of(permissions)?.serve(handler_fn(permissions, move |responder: Responder| {
            keep.lock().expect("nobody panics").insert(responder.id().number(), responder);
            std::future::ready(())
        }))?;
    let executor = LocalExecutor::new();
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await?;
            let watch = claude.subscribe(1024, Overflow::DeltasFirst);
            executor.spawn(client(stream, claude.clone(), watch, Arc::clone(&open))).detach();
        }
    };
    let clients = async {
        if listen.is_some() {
            claude.wait_for_exit().await;
            return Ok(());
        }
        // In this order, so that the one that looks misses nothing.
        let (watching, deciding) = (TcpStream::connect(address).await?, TcpStream::connect(address).await?);
        let (watched, decided) = zip(watcher(watching), decider(deciding)).await;
        watched.and(decided)
    };
    let serving = async {
        let served = or(accept, clients).await;
        claude.close();
        served
    };
    let ((), (closed, ())) = executor.run(try_zip(serving, async { Ok(zip(runner, serving_requests).await) })).await?;
    writeln!(stdout(), "{}", closed.reason)?;
    Ok(())
}

/// Tells a client what happens, and does what it says, until it goes or the session is over.
async fn client(stream: TcpStream, claude: Session, mut watch: Subscriber, open: Open) {
    let (mut writer, mut replies) = (stream.clone(), stream.clone());
    let telling = async {
        while let Some(item) = watch.next().await {
            let line = match item {
                Ok(action) => match line(&action) {
                    Some(line) => line,
                    None => continue,
                },
                Err(lagged) => lagged.to_string(),
            };
            writer.write_all(format!("{line}\n").as_bytes()).await?;
        }
        Ok(())
    };
    let hearing = async {
        let mut lines = BufReader::new(stream).lines();
        while let Some(line) = lines.next().await {
            let line = line?;
            let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let responder = || open.lock().expect("nobody panics").remove(&rest.parse().ok()?);
            match command {
                "prompt" => drop(claude.prompt(rest)),
                // It may be withdrawn, or answered by another client.
                "allow" => drop(responder().map(|responder| responder.respond(Decision::allow()))),
                "deny" => drop(responder().map(|responder| responder.respond(Decision::deny("a client said no")))),
                "close" => claude.close(),
                _ => replies.write_all(b"say: prompt TEXT, allow N, deny N, close\n").await?,
            }
        }
        Ok(())
    };
    // A client that is gone is no reason to stop.
    let _: io::Result<()> = or(telling, hearing).await;
}

/// What a client is told of an action, on one line.
fn line(action: &Action) -> Option<String> {
    Some(match action {
        Action::Message { message, .. } => match (message.kind(), message.delta()) {
            (MessageKind::StreamEvent, Some(StreamDelta::Text(text))) => format!("text {text:?}"),
            _ => return None,
        },
        Action::IncomingRequest(incoming) => {
            let tool = incoming.permission().ok()?;
            format!("asks {} {} {}", incoming.id().number(), tool.tool_name, tool.input.as_str())
        }
        Action::IncomingAnswered { id: incoming, response: verdict, .. } => format!("{verdict} {}", incoming.number()),
        Action::IncomingCancelled { id: incoming, .. } => format!("withdrawn {}", incoming.number()),
        Action::PromptEnded { outcome, .. } => format!("ended {outcome}"),
        Action::Closed(closed) => format!("closed: {}", closed.reason),
        _ => return None,
    })
}

/// Only looks.
async fn watcher(stream: TcpStream) -> io::Result<()> {
    follow("watcher", stream, |_| None).await
}

/// Prompts, and decides what may run.
async fn decider(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"prompt tidy up\n").await?;
    follow("decider", stream, |line| {
        let number = line.strip_prefix("asks ")?.split(' ').next()?;
        Some(format!("{} {number}\n", if line.contains("rm ") { "deny" } else { "allow" }))
    })
    .await
}

/// Prints what the server tells, and what is said to it, until the prompt has ended.
async fn follow(name: &str, stream: TcpStream, decide: impl Fn(&str) -> Option<String>) -> io::Result<()> {
    let mut writer = stream.clone();
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next().await {
        let line = line?;
        writeln!(stdout(), "{name}  < {line}")?;
        if let Some(decision) = decide(&line) {
            write!(stdout(), "{name}  > {decision}")?;
            writer.write_all(decision.as_bytes()).await?;
        }
        if line.starts_with("ended") {
            break;
        }
    }
    Ok(())
}

/// This program as its own child, in the place of a CLI.
fn stand_in() -> ExitCode {
    let calls = ["ls", "rm -r target"].map(|command| ToolStep::bash(command).requires_permission());
    serve_stdio(Script::default().then([Step::tools(calls), Step::text("I have tidied up as far as I may.")]))
}
