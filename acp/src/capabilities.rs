//! Capabilities of the agent and of the client.

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::schema::{
    AgentCapabilities, ClientCapabilities, Implementation, InitializeResponse, McpCapabilities, PromptCapabilities,
    SessionAdditionalDirectoriesCapabilities, SessionCapabilities, SessionCloseCapabilities, SessionDeleteCapabilities,
    SessionForkCapabilities, SessionListCapabilities, SessionResumeCapabilities, SessionTitleCapabilities,
};
#[cfg(feature = "protocol-v2")]
use agent_client_protocol::v2::schema as v2;

/// Returns the response to `initialize`.
pub(crate) fn ours() -> InitializeResponse {
    let sessions = SessionCapabilities::new()
        .list(SessionListCapabilities::new())
        .resume(SessionResumeCapabilities::new())
        .close(SessionCloseCapabilities::new())
        .delete(SessionDeleteCapabilities::new())
        .fork(SessionForkCapabilities::new())
        .title(SessionTitleCapabilities::new())
        .additional_directories(SessionAdditionalDirectoriesCapabilities::new());
    let capabilities = AgentCapabilities::new()
        .load_session(true)
        .prompt_capabilities(PromptCapabilities::new().image(true).embedded_context(true))
        .mcp_capabilities(McpCapabilities::new().http(true).sse(true))
        .session_capabilities(sessions);
    let name = Implementation::new("claude-duplex-acp", env!("CARGO_PKG_VERSION")).title("Claude".to_owned());
    InitializeResponse::new(ProtocolVersion::V1).agent_capabilities(capabilities).agent_info(name)
}

/// Returns the response to `initialize` in version 2.
#[cfg(feature = "protocol-v2")]
pub(crate) fn ours_v2() -> v2::InitializeResponse {
    let prompt = v2::PromptCapabilities::new()
        .image(v2::PromptImageCapabilities::new())
        .embedded_context(v2::PromptEmbeddedContextCapabilities::new());
    let mcp = v2::McpCapabilities::new().stdio(v2::McpStdioCapabilities::new()).http(v2::McpHttpCapabilities::new());
    let session = v2::SessionCapabilities::new()
        .prompt(prompt)
        .mcp(mcp)
        .delete(v2::SessionDeleteCapabilities::new())
        .fork(v2::SessionForkCapabilities::new())
        .title(v2::SessionTitleCapabilities::new())
        .additional_directories(v2::SessionAdditionalDirectoriesCapabilities::new());
    let name = v2::Implementation::new("claude-duplex-acp", env!("CARGO_PKG_VERSION")).title("Claude".to_owned());
    v2::InitializeResponse::new(ProtocolVersion::V2, name).capabilities(v2::AgentCapabilities::new().session(session))
}

/// Capabilities of the client on which the messages to it depend.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Abilities {
    /// `true` if the client shows forms.
    pub(crate) forms: bool,
    /// `true` if the client opens links.
    pub(crate) links: bool,
    /// `true` if the client shows notices.
    pub(crate) notices: bool,
    /// `true` if the client shows compactions.
    pub(crate) compactions: bool,
}

impl From<&ClientCapabilities> for Abilities {
    fn from(client: &ClientCapabilities) -> Self {
        let elicitation = client.elicitation.as_ref();
        let session = client.session.as_ref();
        Self {
            forms: elicitation.is_some_and(|elicitation| elicitation.form.is_some()),
            links: elicitation.is_some_and(|elicitation| elicitation.url.is_some()),
            notices: session.is_some_and(|session| session.notices.is_some()),
            compactions: session.is_some_and(|session| session.compaction.is_some()),
        }
    }
}

/// Every client of version 2 shows notices and compactions.
#[cfg(feature = "protocol-v2")]
impl From<&v2::ClientCapabilities> for Abilities {
    fn from(client: &v2::ClientCapabilities) -> Self {
        let elicitation = client.elicitation.as_ref();
        Self {
            forms: elicitation.is_some_and(|elicitation| elicitation.form.is_some()),
            links: elicitation.is_some_and(|elicitation| elicitation.url.is_some()),
            notices: true,
            compactions: true,
        }
    }
}
