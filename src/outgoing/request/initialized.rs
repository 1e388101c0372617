//! The reply to `initialize`, and whether it holds what was wanted.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::base::json::Json;
use crate::message::result::FastMode;
use crate::message::system::session::SlashCommand;
use crate::options::PermissionMode;
use crate::outgoing::request::agents::Agent;
use crate::outgoing::request::initialize::Initialize;
use crate::outgoing::request::model::Model;
use crate::wire::view::{view, words};

view! {
    /// What the CLI says to `initialize`.
    ///
    /// The incoming requests that were open when it was sent are no part of it: the session delivers them as
    /// [`IncomingRequest`](crate::Action::IncomingRequest), each once.
    pub struct InitializeResponse {
        may {
            /// The slash commands.
            commands: Vec<SlashCommand>,
            /// The agents. From 2.1.143.
            agents: Vec<Agent>,
            /// The output style in use.
            output_style: String,
            /// The output styles that there are.
            available_output_styles: Vec<String>,
            /// Where the user keeps output styles. From 2.1.329.
            user_output_styles_dir: String,
            /// The models that can be chosen.
            models: Vec<Model>,
            /// Who pays.
            account: Account,
            /// The CLI's process id. From 2.1.50.
            pid: u64,
            /// The CLI's version. From 2.1.329.
            claude_code_version: String,
            /// The mode in which tools are permitted. From 2.1.250.
            current_permission_mode: PermissionMode,
            /// Whether the hooks that were sent are in force; left out where none were sent, and before
            /// 2.1.250.
            hooks_applied: bool,
            /// Whether [`OnFailure::Block`](super::OnFailure::Block) is heeded. From 2.1.329.
            hook_on_failure_supported: bool,
            /// How many hooks of a former owner are kept while nobody answers. From 2.1.329.
            hooks_when_unanswered_kept: u64,
            /// Whether an `incoming` of another hook outranks what a hook of the host says. From 2.1.329.
            other_hook_ask_outranks_host: bool,
            /// Whether the plugins that were sent are loaded. Seen from 2.1.329.
            plugins_applied: bool,
            /// Whether the MCP servers that were sent are taken. Seen from 2.1.329.
            mcp_servers_applied: bool,
            /// What became of each manifest, by the name of its server. Seen from 2.1.329.
            sdk_mcp_manifests_parked: BTreeMap<String, ManifestParked>,
            /// Whether fast mode is on. From 2.1.250.
            fast_mode_state: FastMode,
            /// Why it cannot be, in the CLI's word. From 2.1.250.
            fast_mode_disabled_reason: String,
            /// `idle`, `running` or `requires_action`. From 2.1.250.
            session_state: String,
            /// What the CLI can do. From 2.1.329; see also [`CliSession::capabilities`](crate::CliSession::capabilities).
            capabilities: Vec<String>,
            /// How feedback is taken. From 2.1.329.
            feedback_mode: Json,
            /// Whether analytics are off. From 2.1.250.
            analytics_disabled: bool,
            /// Whether remote control is there. From 2.1.329.
            remote_control_available: bool,
            /// True if remote control is turned on at the start. Since 2.1.250.
            remote_control_auto_enable: bool,
            /// True if remote control connects by itself if nothing is set. Since 2.1.329.
            remote_control_auto_connect_default: bool,
            /// True if remote control is on if nothing is set. Since 2.1.250.
            remote_control_auto_on_by_default: bool,
            /// True if an editor may turn remote control on. Since 2.1.250.
            ide_rc_auto_enable_gate: bool,
            /// True if commands run in a sandbox. Since 2.1.332.
            sandbox_enabled: bool,
        }
    }

    /// Who pays, as far as the CLI knows.
    pub struct Account {
        may {
            /// The address that is logged in.
            email: String,
            /// Its organization.
            organization: String,
            /// Its subscription.
            subscription_type = "subscriptionType": String,
            /// Where the token comes from, or `none`.
            token_source = "tokenSource": String,
            /// Where the key comes from, as `ANTHROPIC_API_KEY`.
            api_key_source = "apiKeySource": String,
            /// `firstParty`, `bedrock`, `vertex`, ... From 2.1.143.
            api_provider = "apiProvider": String,
        }
    }
}

words! {
    /// What became of the manifest of an MCP server of the host.
    pub enum ManifestParked {
        /// It is kept for the server's connection.
        Parked = "parked",
        /// The server was connected already.
        AlreadyConnected = "already_connected",
        /// It speaks another version of MCP.
        ProtocolVersionMismatch = "protocol_version_mismatch",
        /// It is not what it should be.
        Malformed = "malformed",
        /// It is not heeded.
        NotHonoured = "not_honoured",
    }
}

/// What an `initialize` wanted and the CLI does not hold. The host should not go on: what it relies on is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InitializeError {
    /// A hook that blocks when it fails, from a CLI that would pass over the failure.
    #[error("this CLI does not support hooks that block when they fail; use a newer CLI, or hooks that do not block")]
    BlockUnsupported,
    /// A hook that blocks when it fails, and no hook is in force.
    #[error("the CLI did not apply the hooks, and one of them is to block when it fails; abort the session")]
    HooksNotApplied,
    /// MCP servers were sent, and the CLI did not take them.
    #[error("the CLI did not apply the MCP servers; they need `--await-initialize` and a CLI from 2.1.261 on")]
    McpServersNotApplied,
}

impl Initialize {
    /// Whether the CLI holds what must hold before the first prompt ([wire reference, section 3.4](crate::guide::wire#34-start)). The rest of what was
    /// wanted is a convenience, which old versions pass over; the reply says of some of it whether it is there, as
    /// [`plugins_applied`](InitializeResponse::plugins_applied).
    ///
    /// # Errors
    /// What it does not hold.
    pub fn check(&self, reply: &InitializeResponse) -> Result<(), InitializeError> {
        let blocks = self.hooks.iter().flatten().flat_map(|(_, matchers)| matchers).any(|matcher| matcher.blocks());
        if blocks && reply.hook_on_failure_supported != Some(true) {
            return Err(InitializeError::BlockUnsupported);
        }
        if blocks && reply.hooks_applied == Some(false) {
            return Err(InitializeError::HooksNotApplied);
        }
        let servers = self.mcp_servers.as_ref().is_some_and(|servers| !servers.is_empty());
        if servers && reply.mcp_servers_applied != Some(true) {
            return Err(InitializeError::McpServersNotApplied);
        }
        Ok(())
    }
}
