//! How the CLI of a session is started.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::McpServer;
use claude_duplex::driver::smol::{SmolTransport, spawn};
use claude_duplex::options::{Options, PermissionMode};
use claude_duplex::request::McpServerConfig;
use claude_duplex::{Config, Driver, IncomingKind, Journal, Json, Seed, Uuid, WhenBusy};
use serde_json::{Map, Value, json};

use crate::arguments::Arguments;
use crate::capabilities::Abilities;
use crate::failure;
use crate::tied;

/// Largest journal, in bytes: 256 MiB.
const LONGEST_JOURNAL: u64 = 256 << 20;

/// What the client says of a session.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) additional: Vec<PathBuf>,
    pub(crate) servers: Vec<McpServer>,
}

/// How a CLI takes up its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// There is no such session yet.
    Nothing,
    /// The CLI has it on disk.
    Disk,
}

/// A CLI that was started, and what has to stay until it ends.
pub(crate) struct Started {
    pub(crate) driver: Driver<SmolTransport>,
    _servers: Option<Servers>,
}

/// Starts the CLI of a session. Mode and model are those of a CLI that it follows.
pub(crate) fn start(
    arguments: &Arguments,
    abilities: Abilities,
    place: &Place,
    session: &str,
    from: From,
    kept: (Option<PermissionMode>, Option<String>),
) -> Result<Started, Error> {
    let program = arguments.program();
    let mut options = Options::new()
        .program(&program)
        .current_dir(&place.directory)
        .host_permission_prompts()
        .include_partial_messages()
        .args(arguments.rest.iter().cloned());
    if let (true, Ok(agent)) = (tied::is_possible(), std::env::current_exe()) {
        options = options.launcher(agent, [tied::WORD]);
    }
    options = match from {
        From::Nothing => options.session_id(session),
        From::Disk => options.resume(session),
    };
    if arguments.allow_bypass {
        options = options.allow_dangerously_skip_permissions();
    }
    if let (Some(mode), _) = &kept {
        options = options.permission_mode(mode.clone());
    }
    if let (_, Some(model)) = kept {
        options = options.model(model);
    }
    options = place.additional.iter().fold(options, |options, directory| options.add_dir(directory));
    let servers = Servers::write(&place.servers)?;
    if let Some(servers) = &servers {
        options = options.mcp_config_file(&servers.0);
    }
    let mut config = Config::new(Seed::random()).handle(IncomingKind::Permission);
    if abilities.forms || abilities.links {
        config = config.handle(IncomingKind::Elicitation);
    }
    config.timeouts.initialize = Some(std::time::Duration::from_secs(60));
    config.when_busy = if arguments.steer { WhenBusy::Send } else { WhenBusy::Queue };
    let name = program.display();
    let mut driver =
        spawn(&options, config).map_err(|error| failure::caused(&format!("{name} cannot be started"), &error))?;
    if let Some(directory) = &arguments.journal {
        let path = journal(directory, session);
        let file = Journal::create(&path)
            .map_err(|error| failure::caused(&format!("the journal {} cannot be created", path.display()), &error))?;
        driver = driver.record(file, LONGEST_JOURNAL);
    }
    Ok(Started { driver, _servers: servers })
}

/// Returns an id for a new session, in the form of a random UUID.
pub(crate) fn new_id() -> String {
    let random = u128::from_be_bytes(*Seed::random().as_bytes());
    let versioned = random & !(0xf << 76) | (0x4 << 76);
    Uuid::from_u128(versioned & !(0x3 << 62) | (0x2 << 62)).to_string()
}

/// Returns a path that nothing has: a session is recorded anew each time that its CLI starts.
fn journal(directory: &Path, session: &str) -> PathBuf {
    let name = |count: u32| directory.join(format!("{session}.{count}.journal"));
    (0..u32::MAX).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(u32::MAX))
}

/// File with the servers of a session, which nobody else can read: it has the secrets that a command line would show.
#[derive(Debug)]
struct Servers(PathBuf);

impl Servers {
    fn write(servers: &[McpServer]) -> Result<Option<Self>, Error> {
        if servers.is_empty() {
            return Ok(None);
        }
        let servers: Map<String, Value> = servers.iter().map(server).collect::<Result<_, _>>()?;
        let path = std::env::temp_dir().join(format!("claude-duplex-acp-{}.json", new_id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let failed = |error| failure::caused(&format!("{} cannot be written", path.display()), &error);
        let mut file = options.open(&path).map_err(failed)?;
        let written = Self(path.clone());
        file.write_all(json!({ "mcpServers": servers }).to_string().as_bytes()).map_err(failed)?;
        Ok(Some(written))
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Returns a server's name and its settings as the CLI reads them.
fn server(server: &McpServer) -> Result<(String, Value), Error> {
    let (name, config) = match server {
        McpServer::Stdio(server) => {
            let command = server.command.to_str().ok_or_else(|| failure::invalid("a command is not Unicode"))?;
            let config = McpServerConfig::stdio(command).args(server.args.iter().cloned());
            let env = |config: McpServerConfig, pair: &(String, String)| config.env(&pair.0, &pair.1);
            let pairs: Vec<_> = server.env.iter().map(|entry| (entry.name.clone(), entry.value.clone())).collect();
            (&server.name, pairs.iter().fold(config, env))
        }
        McpServer::Http(server) => {
            let with = |config: McpServerConfig, header: &_| with_header(config, header);
            (&server.name, server.headers.iter().fold(McpServerConfig::http(&server.url), with))
        }
        McpServer::Sse(server) => {
            let with = |config: McpServerConfig, header: &_| with_header(config, header);
            (&server.name, server.headers.iter().fold(McpServerConfig::sse(&server.url), with))
        }
        _ => return Err(failure::invalid("an MCP server is of an unknown kind")),
    };
    let config = serde_json::from_str(Json::from(config).as_str());
    Ok((name.clone(), config.map_err(Error::into_internal_error)?))
}

fn with_header(config: McpServerConfig, header: &agent_client_protocol::v1::schema::HttpHeader) -> McpServerConfig {
    config.header(&header.name, &header.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_in_a_file_of_their_own() {
        let servers = json!([
            { "name": "files", "command": "/bin/files", "args": ["--root", "/"], "env": [{ "name": "KEY", "value": "s" }] },
            { "type": "http", "name": "web", "url": "http://x/mcp", "headers": [{ "name": "A", "value": "b" }] },
        ]);
        let servers: Vec<McpServer> = serde_json::from_value(servers).unwrap();
        let file = Servers::write(&servers).unwrap().unwrap();
        let path = file.0.clone();
        let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let files = &written["mcpServers"]["files"];
        assert_eq!((&files["command"], &files["env"]["KEY"]), (&json!("/bin/files"), &json!("s")));
        let web = &written["mcpServers"]["web"];
        assert_eq!((&web["type"], &web["headers"]["A"]), (&json!("http"), &json!("b")));
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn ids_are_random_uuids() {
        let id = new_id();
        let parts: Vec<&str> = id.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
        assert_ne!(new_id(), id);
    }
}
