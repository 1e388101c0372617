//! Texts of `help`.

use std::io::Write;

use super::Failure;

/// Text of `help`, with all commands.
pub(super) const ALL: &str = "\
claude-duplex-keeper: keeps a running claude command line alive while its host restarts

usage: claude-duplex-keeper COMMAND [OPTION]...

  run [OPTION]... -- PROGRAM [ARGUMENT]...
        starts PROGRAM with a keeper in the background and prints the session's id
      --id ID                 id of the session: up to 32 letters, digits, - and _ (default: random)
      --end-after TIME        ends the session after this time without a host (default: 1h)
      --end-idle TIME         ends it after this time without a host and without output (default: never)
      --close-grace TIME      time to exit after the end of stdin, before SIGTERM (default: 10s)
      --terminate-grace TIME  time to exit after SIGTERM, before SIGKILL (default: 5s)
      --stdout-limit BYTES    output that no host has acknowledged before PROGRAM has to wait (default: 64M)
      --stderr-limit BYTES    the same for stderr (default: 8M)
      --token-stdin           reads the session's token (64 hexadecimal digits) from stdin, and writes no file with it
      --token-file            writes that file all the same
  list
        prints the sessions: id, state, process id of PROGRAM, bytes of stdout, host
  attach ID
        connects stdin and stdout to the session's socket and adds the token, e.g. over ssh
      --observe               prints stdout from the oldest byte that is kept, and reads on; changes nothing
      --stderr                with --observe: prints stderr instead
      --new                   with --observe: begins with what comes now
  stop ID
        ends PROGRAM (end of stdin, SIGTERM, SIGKILL, each after its grace), or removes what a killed keeper has left
      --no-wait               does not wait for the end

  Every command:
      --dir DIRECTORY         directory of the sessions, with mode 700 (default: $CLAUDE_DUPLEX_KEEPER_DIR, else
                              $XDG_STATE_HOME/claude-duplex-keeper, else ~/.local/state/claude-duplex-keeper)
      --token-stdin           attach, stop: reads the token from the first line of stdin

TIME is a number with ms, s, m, h or d, or never. BYTES is a number with K, M or G, or without.
Exit status: 0 done, 1 failed, 2 wrong command line.
";

/// Prints a text. A closed pipe is not a failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
