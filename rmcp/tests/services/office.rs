//! Server with all features: tools that report progress, fail, hang, panic, and send requests to the client; resources and prompts.
#![expect(deprecated, reason = "a client of an older protocol takes logging, sampling and roots")]

use std::future::pending;
use std::sync::{Arc, Mutex};

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{
    CallToolResult, ClientCapabilities, ContentBlock, CreateMessageRequestParams, ErrorCode, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, Implementation, ListPromptsResult, ListResourcesResult, LoggingLevel,
    LoggingMessageNotificationParam, PaginatedRequestParams, ProgressNotificationParam, Prompt, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource, ResourceContents, Role,
    SamplingMessage, ServerCapabilities, ServerConfig,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Events of a service, in order.
pub(crate) type Notes = Arc<Mutex<Vec<String>>>;

#[derive(Clone)]
pub(crate) struct Office {
    notes: Notes,
    tool_router: ToolRouter<Self>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Steps {
    steps: u32,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Reading {
    celsius: i32,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Name {
    name: String,
}

rmcp::elicit_safe!(Name);

/// Value that records its drop.
struct Dropped(Notes, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        note(&self.0, self.1);
    }
}

pub(crate) fn note(notes: &Notes, what: impl Into<String>) {
    notes.lock().unwrap().push(what.into());
}

/// Returns whether an event was recorded.
pub(crate) fn noted(notes: &Notes, what: &str) -> bool {
    notes.lock().unwrap().iter().any(|note| note == what)
}

fn text_result(text: impl std::fmt::Display) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text.to_string())])
}

#[tool_router]
impl Office {
    pub(crate) fn new(notes: &Notes) -> Self {
        note(notes, "made");
        Self { notes: Arc::clone(notes), tool_router: Self::tool_router() }
    }

    #[tool(description = "Counts, and reports progress.")]
    async fn count(
        &self,
        Parameters(Steps { steps }): Parameters<Steps>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let mut reported = 0;
        if let Some(token) = context.meta.get_progress_token() {
            for step in 1..=steps {
                let progress = ProgressNotificationParam::new(token.clone(), f64::from(step))
                    .with_total(f64::from(steps))
                    .with_message(format!("step {step}"));
                let sent = context.peer.notify_progress(progress).await;
                reported += u32::from(sent.is_ok());
            }
        }
        Ok(text_result(format!("reported {reported} of {steps}")))
    }

    #[tool(description = "Returns a reading.")]
    fn measure(&self) -> Json<Reading> {
        Json(Reading { celsius: 21 })
    }

    #[tool(description = "Returns an image.")]
    fn draw(&self) -> CallToolResult {
        // A PNG of one pixel.
        const PIXEL: &str =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        CallToolResult::success(vec![ContentBlock::text("a pixel"), ContentBlock::image(PIXEL, "image/png")])
    }

    #[tool(description = "Fails.")]
    fn fail(&self) -> CallToolResult {
        CallToolResult::error(vec![ContentBlock::text("the printer is out of paper")])
    }

    #[tool(description = "Is refused.")]
    fn refuse(&self) -> Result<CallToolResult, ErrorData> {
        Err(ErrorData::new(ErrorCode(-32001), "the office is closed", None))
    }

    #[tool(description = "Panics.")]
    async fn panic(&self) -> CallToolResult {
        panic!("the roof is on fire")
    }

    #[tool(description = "Hangs, whatever happens.")]
    async fn hang(&self) -> CallToolResult {
        let _dropped = Dropped(Arc::clone(&self.notes), "hang dropped");
        note(&self.notes, "hang began");
        pending().await
    }

    #[tool(description = "Waits until it is cancelled.")]
    async fn wait(&self, context: RequestContext<RoleServer>) -> CallToolResult {
        note(&self.notes, "wait began");
        context.ct.cancelled().await;
        note(&self.notes, "wait cancelled");
        text_result("cancelled")
    }

    #[tool(description = "Requests input of the user.")]
    async fn ask(&self, context: RequestContext<RoleServer>) -> CallToolResult {
        match context.peer.elicit::<Name>("Who are you?").await {
            Ok(name) => text_result(format!("user is {:?}", name.map(|name| name.name))),
            Err(error) => text_result(format!("elicitation failed: {error}")),
        }
    }

    #[tool(description = "Requests a text of the model.")]
    async fn sample(&self, context: RequestContext<RoleServer>) -> CallToolResult {
        let request = CreateMessageRequestParams::new(vec![SamplingMessage::user_text("hi")], 16);
        match context.peer.create_message(request).await {
            Ok(_) => text_result("sampled"),
            Err(error) => text_result(format!("sampling failed: {error}")),
        }
    }

    #[tool(description = "Requests the roots.")]
    async fn roots(&self, context: RequestContext<RoleServer>) -> CallToolResult {
        match context.peer.list_roots().await {
            Ok(roots) => text_result(format!("roots: {}", roots.roots.len())),
            Err(error) => text_result(format!("roots failed: {error}")),
        }
    }

    #[tool(description = "Reports that its lists have changed, and logs a text.")]
    async fn change(&self, context: RequestContext<RoleServer>) -> CallToolResult {
        let peer = &context.peer;
        let log = LoggingMessageNotificationParam::new(LoggingLevel::Warning, serde_json::json!("moving"));
        let sent = [
            peer.notify_tool_list_changed().await.is_ok(),
            peer.notify_resource_list_changed().await.is_ok(),
            peer.notify_prompt_list_changed().await.is_ok(),
            peer.notify_logging_message(log).await.is_ok(),
        ];
        text_result(format!("sent {}", sent.into_iter().filter(|sent| *sent).count()))
    }
}

fn capabilities(capabilities: &ClientCapabilities) -> String {
    serde_json::to_string(capabilities).unwrap_or_default()
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Office {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_logging()
            .build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new("office", "1"))
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        if let Some(client) = context.peer.peer_info() {
            note(&self.notes, format!("client {}", capabilities(&client.capabilities)));
            note(&self.notes, format!("protocol {}", client.protocol_version));
        }
        note(&self.notes, "initialized");
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        note(&self.notes, "resources listed");
        Ok(ListResourcesResult {
            resources: vec![Resource::new("memo://lunch", "lunch".to_owned())],
            ..Default::default()
        })
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        match request.uri.as_str() {
            "memo://lunch" => {
                Ok(ReadResourceResult::new(vec![ResourceContents::text("soup at noon", request.uri)]).into())
            }
            _ => Err(ErrorData::resource_not_found("no such memo", None)),
        }
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        note(&self.notes, "prompts listed");
        Ok(ListPromptsResult { prompts: vec![Prompt::new("greet", Some("Greets."), None)], ..Default::default() })
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        note(&self.notes, "prompt taken");
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, "say hello to the office")]).into())
    }
}
