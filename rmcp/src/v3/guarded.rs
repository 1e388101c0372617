//! Services whose handlers always end their request, and end with the session.

use std::any::Any;
use std::borrow::Cow;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use rmcp::model::{ClientNotification, ClientRequest, ProtocolVersion, ServerConfig, ServerResult};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ErrorData, RoleServer, Service};
use tokio_util::sync::CancellationToken;

/// Service whose handlers end with an error if they panic, and when the token is cancelled. The SDK spawns each handler as a task
/// of its own, and would otherwise leave the request of a handler that panics without a response.
pub(super) struct Guarded<S> {
    service: S,
    end: CancellationToken,
}

impl<S> Guarded<S> {
    pub(super) fn new(service: S, end: CancellationToken) -> Self {
        Self { service, end }
    }

    async fn guard<T>(&self, handling: impl Future<Output = Result<T, ErrorData>>) -> Result<T, ErrorData> {
        let handling = AssertUnwindSafe(handling).catch_unwind();
        match self.end.run_until_cancelled(handling).await {
            Some(Ok(result)) => result,
            Some(Err(panic)) => Err(internal(format!("the handler panicked: {}", panic_text(&*panic)))),
            None => Err(internal("the server has stopped".to_owned())),
        }
    }
}

impl<S: Service<RoleServer>> Service<RoleServer> for Guarded<S> {
    async fn handle_request(
        &self,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        self.guard(async { self.service.handle_request(request, context).await }).await
    }

    async fn handle_notification(
        &self,
        notification: ClientNotification,
        context: NotificationContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.guard(async { self.service.handle_notification(notification, context).await }).await
    }

    fn get_info(&self) -> ServerConfig {
        self.service.get_info()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.service.supported_protocol_versions()
    }
}

fn internal(message: String) -> ErrorData {
    ErrorData::internal_error(message, None)
}

/// Returns the text that a panic was raised with.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let string = panic.downcast_ref::<String>().map(String::as_str);
    string.or_else(|| panic.downcast_ref().copied()).unwrap_or("without a text")
}
