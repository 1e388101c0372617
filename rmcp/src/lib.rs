//! MCP servers written with the official SDK [`rmcp`](https://docs.rs/rmcp), inside a host of [`claude_duplex`].
//!
//! One call gives a service to a session; the CLI then reaches it over the session itself, without a process or a port:
//!
#![cfg_attr(feature = "rmcp-3", doc = "```")]
#![cfg_attr(not(feature = "rmcp-3"), doc = "```ignore")]
//! use claude_duplex::Session;
//! use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
//! use claude_duplex_rmcp::v3::RmcpServer;
//! use rmcp::model::{ServerCapabilities, ServerConfig};
//! use rmcp::{ServerHandler, tool, tool_handler, tool_router};
//!
//! #[derive(Clone)]
//! struct Clock;
//!
//! #[tool_router]
//! impl Clock {
//!     #[tool(description = "The time.")]
//!     async fn now(&self) -> String {
//!         "noon".to_owned()
//!     }
//! }
//!
//! #[tool_handler]
//! impl ServerHandler for Clock {
//!     fn get_info(&self) -> ServerConfig {
//!         ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
//!     }
//! }
//!
//! // In a program on tokio: `.spawn_tokio()?`, without the next line and `runtime`.
//! let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
//! let server = RmcpServer::new(|| Clock).runtime(tokio.handle().clone());
//! let builder = Session::builder().sdk_mcp_server("clock", server);
//!
//! let script = Script::default().then([
//!     Step::from(ToolStep::new("mcp__clock__now", claude_duplex::Json::parse("{}")?)),
//!     Step::text("It is noon."),
//! ]);
//! let runtime = TestRuntime::new();
//! let (claude, runner) = builder.open_on(runtime.start(script));
//! # let _ = (claude, runner);
//! # Ok::<(), Box<dyn std::error::Error>>(())
#![doc = "```"]

#[cfg(feature = "rmcp-3")]
pub mod v3;

/// The README, whose code has to compile.
#[cfg(all(doctest, feature = "rmcp-3"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
