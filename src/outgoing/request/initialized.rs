//! The response to `initialize`, and the error of a requirement that the response does not meet.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::base::json::Json;
use crate::message::result::FastMode;
use crate::message::system::session::SlashCommand;
use crate::options::PermissionMode;
use crate::outgoing::request::agents::Agent;
use crate::outgoing::request::model::Model;
use crate::wire::view::{view, words};

view! {
    /// Response to `initialize`.
    ///
    /// The session delivers incoming requests that were open at the time of the response as
    /// [`IncomingRequest`](crate::Action::IncomingRequest), each once. They are not part of this type.
    pub struct InitializeResponse {
        may {
            /// Slash commands of the session.
            commands: Vec<SlashCommand>,
            /// Agents of the session. Since 2.1.143.
            agents: Vec<Agent>,
            /// Output style in use.
            output_style: String,
            /// Available output styles.
            available_output_styles: Vec<String>,
            /// Directory of the user's output styles. Since 2.1.329.
            user_output_styles_dir: String,
            /// Models that can be chosen.
            models: Vec<Model>,
            /// Account that pays for the session.
            account: Account,
            /// Process id of the CLI. Since 2.1.50.
            pid: u64,
            /// Version of the CLI. Since 2.1.329.
            claude_code_version: String,
            /// Current permission mode. Since 2.1.250.
            current_permission_mode: PermissionMode,
            /// `true` if the hooks of the request are in effect. Absent if the request had no hooks, and before 2.1.250.
            hooks_applied: bool,
            /// `true` if the CLI supports [`OnFailure::Block`](super::OnFailure::Block). Since 2.1.329.
            hook_on_failure_supported: bool,
            /// Number of hooks of a former owner that stay registered while no host responds to them. Since 2.1.329.
            hooks_when_unanswered_kept: u64,
            /// `true` if the decision `ask` of another hook overrides the decision of a hook of the host. Since 2.1.329.
            other_hook_ask_outranks_host: bool,
            /// `true` if the plugins of the request are loaded. Seen since 2.1.329.
            plugins_applied: bool,
            /// `true` if the CLI accepted the MCP servers of the request. Seen since 2.1.329.
            mcp_servers_applied: bool,
            /// Use of each manifest of the request, by server name. Seen since 2.1.329.
            sdk_mcp_manifests_parked: BTreeMap<String, ManifestParked>,
            /// State of fast mode. Since 2.1.250.
            fast_mode_state: FastMode,
            /// Reason why fast mode is unavailable, as a word of the CLI. Since 2.1.250.
            fast_mode_disabled_reason: String,
            /// State of the session: `idle`, `running` or `requires_action`. Since 2.1.250.
            session_state: String,
            /// Capabilities of the CLI. Since 2.1.329; see also
            /// [`CliSession::capabilities`](crate::CliSession::capabilities).
            capabilities: Vec<String>,
            /// Mode of collecting feedback. Since 2.1.329.
            feedback_mode: Json,
            /// `true` if analytics are off. Since 2.1.250.
            analytics_disabled: bool,
            /// `true` if remote control is available. Since 2.1.329.
            remote_control_available: bool,
            /// `true` if remote control is turned on at the start. Since 2.1.250.
            remote_control_auto_enable: bool,
            /// `true` if remote control connects automatically unless a setting disables it. Since 2.1.329.
            remote_control_auto_connect_default: bool,
            /// `true` if remote control is on unless a setting disables it. Since 2.1.250.
            remote_control_auto_on_by_default: bool,
            /// `true` if an editor may turn remote control on. Since 2.1.250.
            ide_rc_auto_enable_gate: bool,
            /// `true` if commands run in a sandbox. Since 2.1.332.
            sandbox_enabled: bool,
        }
    }

    /// Account that pays for the session, as far as the CLI knows it.
    pub struct Account {
        may {
            /// Email address of the login.
            email: String,
            /// Organization of the account.
            organization: String,
            /// Subscription of the account.
            subscription_type = "subscriptionType": String,
            /// Source of the token, or `none`.
            token_source = "tokenSource": String,
            /// Source of the API key, e.g. `ANTHROPIC_API_KEY`.
            api_key_source = "apiKeySource": String,
            /// Provider of the API, e.g. `firstParty`, `bedrock` or `vertex`. Since 2.1.143.
            api_provider = "apiProvider": String,
        }
    }
}

words! {
    /// Use of the manifest of an MCP server that runs in the host.
    pub enum ManifestParked {
        /// The manifest is stored for the connection to the server.
        Parked = "parked",
        /// The server was already connected.
        AlreadyConnected = "already_connected",
        /// The manifest has another version of MCP.
        ProtocolVersionMismatch = "protocol_version_mismatch",
        /// The manifest is not valid.
        Malformed = "malformed",
        /// The CLI ignores the manifest.
        NotHonoured = "not_honoured",
    }
}

/// A requirement of `initialize` that the CLI does not meet. The host should abort the session: a hook or a server that it
/// relies on is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InitializeError {
    /// The request has a hook that blocks if it fails, and the CLI does not support this.
    #[error(
        "this CLI does not support hooks that block on failure; use CLI 2.1.329 or later, or hooks that do not block"
    )]
    BlockUnsupported,
    /// The request has a hook that blocks if it fails, and the CLI did not apply the hooks.
    #[error("the CLI did not apply the hooks, and one of them must block on failure; abort the session")]
    HooksNotApplied,
    /// The request has MCP servers, and the CLI did not accept them.
    #[error("the CLI did not apply the MCP servers; use `--await-initialize` and CLI 2.1.261 or later")]
    McpServersNotApplied,
}
