//! A container of a Kubernetes pod, by `kube`.

use claude_duplex::driver::tokio::over_with_exit;
use claude_duplex::{Config, Driver, Exit, Transport};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::api::AttachedProcess;

/// Takes the result of `Api::<Pod>::exec` or `attach`, with `AttachParams` that have
/// a stdin and a stdout, and no terminal.
pub fn session(
    mut attached: AttachedProcess,
    config: Config,
) -> Option<Driver<impl Transport>> {
    let (reader, writer) = (attached.stdout()?, attached.stdin()?);
    let status = attached.take_status()?;
    let exit = async move { status.await.map_or(Exit::Unknown, exit) };
    Some(over_with_exit(reader, writer, exit, config))
}

/// Reads the exit status, which is in the details of a failure.
fn exit(status: Status) -> Exit {
    if status.status.as_deref() == Some("Success") {
        return Exit::Code(0);
    }
    let causes = status.details.and_then(|details| details.causes).unwrap_or_default();
    let code = causes
        .iter()
        .find(|cause| cause.reason.as_deref() == Some("ExitCode"))
        .and_then(|cause| cause.message.as_ref()?.parse().ok());
    code.map_or(Exit::Unknown, Exit::Code)
}
