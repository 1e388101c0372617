//! A channel of an SSH connection, by `russh`.

use claude_duplex::driver::tokio::over_with_exit;
use claude_duplex::{Config, Driver, Exit, Transport};
use russh::client::Msg;
use russh::{Channel, ChannelMsg};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;

/// Takes a channel on which `Channel::exec` has started the CLI.
pub fn session(channel: Channel<Msg>, config: Config) -> Driver<impl Transport> {
    let (mut messages, input) = channel.split();
    let (reader, mut output) = tokio::io::duplex(64 * 1024);
    let (exits, exited) = oneshot::channel();
    // Its type is erased, as that of `make_writer` borrows the half.
    let writer: Box<dyn AsyncWrite + Send + Unpin> = Box::new(input.make_writer());
    tokio::spawn(async move {
        let mut exits = Some(exits);
        while let Some(message) = messages.wait().await {
            match message {
                // Fails when the session has dropped its streams.
                ChannelMsg::Data { data } if output.write_all(&data).await.is_err() => {
                    break;
                }
                ChannelMsg::ExtendedData { data, .. } => {
                    eprint!("{}", String::from_utf8_lossy(&data));
                }
                ChannelMsg::Eof => drop(output.shutdown().await),
                ChannelMsg::ExitStatus { exit_status } => {
                    let exits = exits.take();
                    exits.map(|exits| exits.send(Exit::Code(exit_status as i32)));
                }
                _ => {}
            }
        }
        drop(input.close().await);
    });
    // The connection is lost if the channel ends without a status.
    let exit = async { exited.await.unwrap_or(Exit::Unknown) };
    over_with_exit(reader, writer, exit, config)
}
