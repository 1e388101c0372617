//! The counter of the SDK's examples: tools that share a state, and a prompt.

use std::sync::Arc;

use rmcp::handler::server::router::prompt::PromptRouter;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, Implementation, PromptMessage, Role, ServerCapabilities, ServerConfig,
};
use rmcp::{ErrorData, ServerHandler, prompt, prompt_handler, prompt_router, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Mutex;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Summands {
    a: i32,
    b: i32,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Remark {
    /// Text to put into the prompt.
    message: String,
}

#[derive(Clone)]
pub(crate) struct Counter {
    value: Arc<Mutex<i32>>,
    tool_router: ToolRouter<Self>,
    prompt_router: PromptRouter<Self>,
}

#[tool_router]
impl Counter {
    pub(crate) fn new() -> Self {
        Self { value: Arc::default(), tool_router: Self::tool_router(), prompt_router: Self::prompt_router() }
    }

    async fn add(&self, difference: i32) -> CallToolResult {
        let mut value = self.value.lock().await;
        *value += difference;
        CallToolResult::success(vec![ContentBlock::text(format!("counter is {value}"))])
    }

    #[tool(description = "Adds 1 to the counter.")]
    async fn increment(&self) -> Result<CallToolResult, ErrorData> {
        Ok(self.add(1).await)
    }

    #[tool(description = "Takes 1 from the counter.")]
    async fn decrement(&self) -> Result<CallToolResult, ErrorData> {
        Ok(self.add(-1).await)
    }

    #[tool(description = "Returns the counter.")]
    async fn get_value(&self) -> Result<CallToolResult, ErrorData> {
        Ok(self.add(0).await)
    }

    #[tool(description = "Adds two numbers.")]
    fn sum(&self, Parameters(Summands { a, b }): Parameters<Summands>) -> String {
        format!("sum is {}", a + b)
    }
}

#[prompt_router]
impl Counter {
    #[prompt(name = "remark", description = "A remark on the counter.")]
    async fn remark(&self, Parameters(Remark { message }): Parameters<Remark>) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::User, format!("remark on the counter: {message}"))]
    }
}

#[tool_handler(router = self.tool_router)]
#[prompt_handler(router = self.prompt_router)]
impl ServerHandler for Counter {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_prompts().build())
            .with_server_info(Implementation::new("counter", "1.2.3"))
    }
}
