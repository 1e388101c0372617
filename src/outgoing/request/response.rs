//! Responses to requests, and the values in them. A response is named after its request: [`GetUsageResponse`] is that of
//! [`GetUsage`](super::GetUsage).

pub use super::agents::Agent;
pub use super::context::{ContextCategory, ContextKind, ContextPart, GetContextUsageResponse, GridSquare};
pub use super::files::{FileSuggestion, FileSuggestionsResponse, ReadFileResponse, RewindFilesResponse};
pub use super::hooks::{GetHooksListingResponse, HookCatalogEntry, HookPolicy, HooksOff};
pub use super::initialized::{Account, InitializeResponse, ManifestParked};
pub use super::mcp::{
    McpImplementation, McpServerState, McpServerStatus, McpSetServersResponse, McpStatusResponse, McpTool,
    SetMcpPermissionModeOverrideResponse,
};
pub use super::mcp_tools::{McpCallResponse, McpReadResourceResponse, ResourceContents};
pub use super::model::{ListModelsResponse, Model, SetModelResponse};
pub use super::permissions::{ListPermissionRulesResponse, PermissionRules, SetPermissionModeResponse};
pub use super::plugins::{
    CacheImpact, RegisterRepoRootResponse, ReloadOutputStylesResponse, ReloadPluginsResponse, ReloadSkillsResponse,
};
pub use super::queue::{CancelAsyncMessageResponse, InterruptResponse};
pub use super::session::{GetBinaryVersionResponse, SideQuestionResponse};
pub use super::settings::{AppliedSettings, GetSettingsResponse, SettingsSource};
pub use super::tasks::{BackgroundTasksResponse, GetTaskOutputResponse};
pub use super::usage::{GetSessionCostResponse, GetUsageResponse, RateLimits, SessionUsage, UsageRateLimit};
pub use crate::message::result::FastMode;
pub use crate::message::system::session::{Plugin, SlashCommand};
