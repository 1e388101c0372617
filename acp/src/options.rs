//! Start of the CLI of a session.

use std::path::{Path, PathBuf};

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{McpServer, SessionId};
use claude_duplex::driver::smol::spawn;
use claude_duplex::options::{Options, PermissionMode};
use claude_duplex::{Config, IncomingKind, Journal, Seed, Uuid, WhenBusy};

use crate::arguments::Arguments;
use crate::claude::Claude;
use crate::failure;
#[cfg(unix)]
use crate::kept::Keeper;
use crate::servers::Servers;
use crate::tied;

/// Maximum size of a journal, in bytes: 256 MiB.
const LONGEST_JOURNAL: u64 = 256 << 20;

/// Directories and MCP servers that the client has chosen for a session.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) additional: Vec<PathBuf>,
    pub(crate) servers: Vec<McpServer>,
}

/// Conversation that a CLI starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    /// A new conversation.
    Nothing,
    /// The conversation of this session on disk.
    Disk,
    /// A copy of the conversation of another session on disk.
    Fork(SessionId),
}

/// Settings of a CLI that the client can change while it runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chosen {
    pub(crate) mode: Option<PermissionMode>,
    pub(crate) model: Option<String>,
}

/// A CLI that was started, and the file with MCP servers that it reads.
pub(crate) struct Started {
    pub(crate) claude: Claude,
    pub(crate) servers: Option<Servers>,
}

/// Starts the CLI of a session.
pub(crate) async fn start(
    arguments: &Arguments,
    place: &Place,
    session: &str,
    from: From,
    chosen: Chosen,
) -> Result<Started, Error> {
    let servers = Servers::write(&place.servers)?;
    let options = options(arguments, place, session, from, chosen, servers.as_ref());
    let config = config(arguments);
    #[cfg(unix)]
    if let Some(alone) = arguments.keep {
        let kept = Keeper::new(session)?.start(&options, alone, config).await?;
        return Ok(Started { claude: Claude::Kept(Box::new(kept)), servers });
    }
    let name = arguments.program();
    let options = tied(options);
    let mut driver = spawn(&options, config)
        .map_err(|error| failure::caused(&format!("{} cannot be started ({})", name.display(), tied::NAMED), &error))?;
    if let Some(directory) = &arguments.journal {
        let path = journal(directory, session);
        let file = Journal::create(&path)
            .map_err(|error| failure::caused(&format!("the journal {} cannot be created", path.display()), &error))?;
        driver = driver.record(file, LONGEST_JOURNAL);
    }
    Ok(Started { claude: Claude::Child(Box::new(driver)), servers })
}

/// Returns the options of a session's CLI.
fn options(
    arguments: &Arguments,
    place: &Place,
    session: &str,
    from: From,
    chosen: Chosen,
    servers: Option<&Servers>,
) -> Options {
    let mut options = Options::new()
        .program(arguments.program())
        .current_dir(&place.directory)
        .host_permission_prompts()
        .include_partial_messages()
        .args(arguments.rest.iter().cloned());
    options = match from {
        From::Nothing => options.session_id(session),
        From::Disk => options.resume(session),
        From::Fork(source) => options.resume(&*source.0).fork_session().session_id(session),
    };
    if arguments.allow_bypass {
        options = options.allow_dangerously_skip_permissions();
    }
    if let Some(mode) = chosen.mode {
        options = options.permission_mode(mode);
    }
    if let Some(model) = chosen.model {
        options = options.model(model);
    }
    if let Some(servers) = servers {
        options = options.mcp_config_file(servers.path());
    }
    place.additional.iter().fold(options, |options, directory| options.add_dir(directory))
}

/// Adds a launcher with which the system ends the CLI together with the agent, on systems that can.
fn tied(options: Options) -> Options {
    match std::env::current_exe() {
        Ok(agent) if tied::is_possible() => options.launcher(agent, [tied::WORD]),
        _ => options,
    }
}

fn config(arguments: &Arguments) -> Config {
    let mut config = Config::new(Seed::random()).handle(IncomingKind::Permission).handle(IncomingKind::Elicitation);
    config.timeouts.initialize = Some(std::time::Duration::from_secs(60));
    config.when_busy = if arguments.steer { WhenBusy::Send } else { WhenBusy::Queue };
    config
}

/// Returns an id for a new session, in the form of a random UUID.
pub(crate) fn new_id() -> String {
    let random = u128::from_be_bytes(*Seed::random().as_bytes());
    let versioned = random & !(0xf << 76) | (0x4 << 76);
    Uuid::from_u128(versioned & !(0x3 << 62) | (0x2 << 62)).to_string()
}

/// Returns a path that does not exist yet. Each start of the CLI writes a new journal.
fn journal(directory: &Path, session: &str) -> PathBuf {
    let name = |count: u32| directory.join(format!("{session}.{count}.journal"));
    (0..u32::MAX).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_uuids() {
        let id = new_id();
        let parts: Vec<&str> = id.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
        assert_ne!(new_id(), id);
    }
}
