//! An [`SdkMcpServer`] with a handler of its calls, as a service of a session.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{McpConnection, McpService};
use crate::base::json::Json;
use crate::driver::awaited::Awaited;
use crate::incoming::mcp::{McpReaction, McpResponse, McpToolCall, SdkMcpServer};
use crate::session::Responder;
use crate::session::incoming::InFlight;
use crate::session::waiting::withdrawal::Withdrawn;

impl SdkMcpServer {
    /// Handles the calls of the tools, any number concurrently. Returns a service for
    /// [`SessionBuilder::sdk_mcp_server`](crate::SessionBuilder::sdk_mcp_server), under the same name.
    ///
    /// If the CLI cancels a call, the future of its handler is dropped. When the session ends, the futures of all calls are
    /// dropped.
    #[must_use]
    pub fn on_call<H, F>(self, handler: H) -> SdkMcpCalls<H>
    where
        H: Fn(McpToolCall) -> F + Send + Sync + 'static,
        F: Future<Output = McpResponse> + Send + 'static,
    {
        SdkMcpCalls { server: self, handler }
    }
}

/// [`SdkMcpServer`] with a handler of its calls: [`SdkMcpServer::on_call`].
#[derive(Debug, Clone)]
pub struct SdkMcpCalls<H> {
    server: SdkMcpServer,
    handler: H,
}

impl<H, F> McpService for SdkMcpCalls<H>
where
    H: Fn(McpToolCall) -> F + Send + Sync + 'static,
    F: Future<Output = McpResponse> + Send + 'static,
{
    async fn serve(self, mut connection: McpConnection) {
        let mut in_flight = InFlight::new();
        let mut running: Vec<(Json, Arc<Cancel>)> = Vec::new();
        poll_fn(|cx| {
            while let Poll::Ready(next) = connection.messages.poll(cx) {
                let Some(responder) = next else { return Poll::Ready(()) };
                // A message without a name or content is declined.
                let Ok(message) = responder.mcp() else { continue };
                running.retain(|(_, cancel)| Arc::strong_count(cancel) > 1);
                if let Some(id) = message.cancels() {
                    running.iter().filter(|(running, _)| *running == id).for_each(|(_, cancel)| cancel.set());
                }
                match self.server.react(&message) {
                    McpReaction::Answer(answer) => drop(responder.respond(answer)),
                    McpReaction::Call(call) => {
                        let cancel = Arc::new(Cancel::default());
                        running.extend(message.rpc_id().map(|id| (id, Arc::clone(&cancel))));
                        let cancelled = call.cancelled();
                        let future = Box::pin((self.handler)(call));
                        in_flight.push(Call {
                            future,
                            cancel,
                            cancelled,
                            withdrawal: responder.withdrawal(),
                            responder: Some(responder),
                        });
                    }
                }
            }
            // An empty set of calls is not the end: further calls may arrive.
            let _ = in_flight.poll(cx);
            Poll::Pending
        })
        .await;
    }
}

/// Cancellation of a call by the CLI.
#[derive(Default)]
struct Cancel(Awaited<bool>);

impl Cancel {
    fn set(&self) {
        if let ((), Some(task)) = self.0.update(|is_set| *is_set = true) {
            task.wake();
        }
    }
}

/// Call that is running.
struct Call<F> {
    future: Pin<Box<F>>,
    cancel: Arc<Cancel>,
    /// Response to a call that was cancelled.
    cancelled: McpResponse,
    withdrawal: Withdrawn,
    responder: Option<Responder>,
}

impl<F: Future<Output = McpResponse>> Future for Call<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Pin::new(&mut self.withdrawal).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let response = match self.cancel.0.poll(cx, |is_set| is_set.then_some(())) {
            Poll::Ready(()) => self.cancelled.clone(),
            Poll::Pending => match self.future.as_mut().poll(cx) {
                Poll::Ready(response) => response,
                Poll::Pending => return Poll::Pending,
            },
        };
        if let Some(responder) = self.responder.take() {
            // The call may have been cancelled just now.
            let _ = responder.respond(response);
        }
        Poll::Ready(())
    }
}
