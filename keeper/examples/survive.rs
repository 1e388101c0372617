//! A host that kills itself in the middle of a turn, with a permission request open, and a second process that goes on.
//!
//!     cargo build -p claude-duplex-keeper
//!     cargo run -p claude-duplex-keeper --features smol --example survive
//!
//! The CLI is the mock CLI; `CLAUDE_BIN=claude` before it has the real one. `KEEPER` names another program of the keeper.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use claude_duplex::journal::JournalFile;
use claude_duplex::testing::{Script, Step, ToolStep, serve_stdio};
use claude_duplex::{Action, Config, Decision, Driver, IncomingKind, IncomingRequest, Options};
use claude_duplex_keeper::transport::smol::attach;
use claude_duplex_keeper::{Attach, Launch, Place, SessionId};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Name of the variable with what this program is to be.
const ROLE: &str = "SURVIVE_ROLE";

pub(crate) fn main() -> ExitCode {
    let role = std::env::var(ROLE).unwrap_or_default();
    let done = match &*role {
        "mock CLI" => return mock_cli(),
        "first host" => async_io::block_on(first_host(&folder())),
        "second host" => async_io::block_on(second_host(&folder())),
        _ => both(),
    };
    if let Err(error) = done {
        eprintln!("survive: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Directory of this example: the journal, and the place with the session.
fn folder() -> PathBuf {
    std::env::var_os("SURVIVE_FOLDER").map_or_else(|| std::env::temp_dir().join("survive"), PathBuf::from)
}

fn session(folder: &Path) -> Result<(Place, SessionId, PathBuf)> {
    Ok((Place::new(folder.join("sessions")), SessionId::parse("survive")?, folder.join("journal")))
}

/// Starts the session, lets the first host kill itself, and starts the second one.
fn both() -> Result {
    let folder = std::env::temp_dir().join(format!("survive-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let (place, id, _) = session(&folder)?;
    let options = match std::env::var_os("CLAUDE_BIN") {
        Some(program) => Options::new().program(program),
        None => Options::new().program(std::env::current_exe()?).env(ROLE, "mock CLI"),
    };
    Launch::from_options(place, &options)?.id(id).keeper(keeper()?).start()?;
    let host = |role| {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(ROLE, role).env("SURVIVE_FOLDER", &folder).status()
    };
    println!("the first host has ended: {}", host("first host")?);
    println!("the second host has ended: {}", host("second host")?);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Returns the keeper's program: that of `KEEPER`, else the one beside the folder of the examples.
fn keeper() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let beside = this.ancestors().nth(2).map(|folder| folder.join("claude-duplex-keeper"));
    Ok(std::env::var_os("KEEPER").map(PathBuf::from).or(beside).ok_or("there is no keeper")?)
}

/// Sends a prompt whose tool call needs a permission, and is killed when the CLI requests it.
async fn first_host(folder: &Path) -> Result {
    let (place, id, journal) = session(folder)?;
    let transport = attach(&Attach::controller(), &place, &id).await?;
    let config = Config::default().handle(IncomingKind::Permission);
    let mut claude = Driver::new(config, transport).record_required(JournalFile::create(journal)?);
    claude.prompt("Remove the folder `build`.")?;
    while let Some(action) = claude.next().await {
        if let Action::IncomingRequest(request) = action {
            println!("first host: the CLI asks {}, and I am killed", tool(&request));
            std::process::abort();
        }
    }
    Err("the CLI has requested nothing".into())
}

/// Goes on: the prompt and the permission request are open, as they were.
async fn second_host(folder: &Path) -> Result {
    let (place, id, journal) = session(folder)?;
    let (journal, session) = JournalFile::open(journal)?;
    let transport = attach(&Attach::resume(session.offsets()), &place, &id).await?;
    let mut claude = Driver::resume(session, transport)?.record_required(journal);
    while let Some(action) = claude.next().await {
        match &action {
            // The first host has not acknowledged it, so it comes again.
            Action::IncomingRequest(request) => {
                println!("second host: the CLI asks {}, and I allow it", tool(request));
                claude.respond(request.id(), Decision::allow())?;
            }
            Action::PromptEnded { outcome, result, .. } => {
                let text = result.as_ref().and_then(|result| result.result_text());
                println!("second host: {outcome}: {}", text.unwrap_or_default());
                claude.close();
            }
            _ => {}
        }
        claude.acknowledge(claude.action_number());
    }
    drop(claude);
    Attach::controller().connect(&place, &id)?.release()?;
    Ok(())
}

fn tool(request: &IncomingRequest) -> String {
    request.permission().map_or_else(|error| error.to_string(), |tool| format!("for {}", tool.tool_name))
}

/// Plays the CLI.
fn mock_cli() -> ExitCode {
    let script = Script::default().replay_user_messages(true);
    serve_stdio(script.answering(|_| {
        vec![ToolStep::bash("rm -r build").requires_permission().into(), Step::text("The folder is gone.")]
    }))
}
