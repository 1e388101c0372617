//! A container of Docker, by `bollard`.

use std::io;

use bollard::Docker;
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error;
use bollard::query_parameters::WaitContainerOptions;
use claude_duplex::driver::tokio::over_with_exit;
use claude_duplex::{Config, Driver, Exit, Transport};
use futures_util::{StreamExt, TryStreamExt};
use tokio_util::io::StreamReader;

/// Takes the result of `Docker::attach_container`. The container was created with
/// `open_stdin`, `stdin_once` and without `tty`, and is started afterwards.
pub fn session(
    docker: Docker,
    container: String,
    attached: AttachContainerResults,
    config: Config,
) -> Driver<impl Transport> {
    // One stream carries stdout and stderr.
    let stdout =
        attached.output.map_err(io::Error::other).try_filter_map(async |part| {
            Ok(match part {
                LogOutput::StdOut { message } => Some(message),
                _ => None,
            })
        });
    let reader = StreamReader::new(Box::pin(stdout));
    let exit = async move {
        let options = None::<WaitContainerOptions>;
        match docker.wait_container(&container, options).next().await {
            Some(Ok(exited)) => Exit::Code(exited.status_code as i32),
            Some(Err(Error::DockerContainerWaitError { code, .. })) => {
                Exit::Code(code as i32)
            }
            _ => Exit::Unknown,
        }
    };
    over_with_exit(reader, attached.input, exit, config)
}
