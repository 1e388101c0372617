//! MCP servers of the client, in a file that the CLI reads at its start.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::McpServer;
use claude_duplex::Json;
use claude_duplex::request::McpServerConfig;
use serde_json::{Map, Value, json};

use crate::failure;
use crate::options::new_id;

/// File with the servers of a session. Only this user can read it, because it contains secrets that a command line would show.
#[derive(Debug)]
pub(crate) struct Servers(PathBuf);

impl Servers {
    /// Writes the file. Returns `None` if there are no servers.
    pub(crate) fn write(servers: &[McpServer]) -> Result<Option<Self>, Error> {
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

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.0
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
            let command = server.command.to_str().ok_or_else(|| {
                failure::invalid(format!("the command of the MCP server {} is not valid Unicode", server.name))
            })?;
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
        _ => return Err(failure::invalid("unknown kind of MCP server; use stdio, http or sse")),
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
    fn mcp_servers_are_written_to_a_separate_file() {
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
}
