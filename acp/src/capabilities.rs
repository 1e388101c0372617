//! What the agent can do, and what the client can.

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::schema::{
    AgentCapabilities, ClientCapabilities, Implementation, InitializeResponse, McpCapabilities, PromptCapabilities,
    SessionAdditionalDirectoriesCapabilities, SessionCapabilities, SessionCloseCapabilities, SessionDeleteCapabilities,
    SessionForkCapabilities, SessionListCapabilities, SessionResumeCapabilities, SessionTitleCapabilities,
};

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

/// Abilities of the client that change what it is sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Abilities {
    /// It shows forms.
    pub(crate) forms: bool,
    /// It opens links.
    pub(crate) links: bool,
    /// It shows notices.
    pub(crate) notices: bool,
    /// It shows compactions.
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
