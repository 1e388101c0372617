//! What the child has started, and what becomes of it.

use claude_duplex::{CloseReason, Exit};

use super::child::{self, Fifo, all, bounded, closed, first_message};

/// The child and a child of its own, both holding stdout and the fifo.
const PARENT: &str = r#"exec 9>"$FIFO"; sleep 1000 & echo '{"type":"system"}'; "#;

#[test]
fn what_an_exited_child_leaves_in_its_group_is_killed() {
    bounded(async {
        let fifo = Fifo::new();
        let gone = fifo.gone();
        let options = child::script(&format!("{PARENT} exit 0")).env("FIFO", &fifo.0);
        let mut claude = child::launch(&options, |_| {});
        let actions = all(&mut claude).await;
        let end = closed(&actions);
        // With the group, the last holder of stdout is gone: nothing had to be waited out.
        assert_eq!((end.why, end.exit, end.output_held), (CloseReason::Exited, Some(Exit::Code(0)), false));
        gone.await.unwrap();
    });
}

#[test]
fn what_an_exited_child_leaves_is_kept_where_the_host_wants_it() {
    bounded(async {
        let fifo = Fifo::new();
        let gone = fifo.gone();
        // Lives on until its stdin, the other fifo, ends.
        let keep = Fifo::new();
        let text = r#"exec 9>"$FIFO"; cat <"$KEEP" >&9 2>/dev/null & exit 0"#;
        let options = child::script(text).env("FIFO", &fifo.0).env("KEEP", &keep.0);
        let mut claude = child::launch(&options, |config| config.kill_group = false);
        let path = keep.0.clone();
        let keeping = smol::unblock(move || std::fs::OpenOptions::new().write(true).open(path));
        assert_eq!(claude.finish().await.unwrap().exit, Some(Exit::Code(0)));
        drop(claude);
        let mut keeping = keeping.await.unwrap();
        std::io::Write::write_all(&mut keeping, b"alive").unwrap();
        drop(keeping);
        assert_eq!(gone.await.unwrap(), b"alive");
    });
}

#[test]
fn dropping_the_driver_kills_the_group() {
    bounded(async {
        let fifo = Fifo::new();
        let gone = fifo.gone();
        let options = child::script(&format!("{PARENT} wait")).env("FIFO", &fifo.0);
        let mut claude = child::launch(&options, |_| {});
        first_message(&mut claude).await;
        drop(claude);
        gone.await.unwrap();
    });
}

#[test]
fn dropping_the_driver_kills_what_an_exited_child_left_before_that_was_seen() {
    bounded(async {
        let fifo = Fifo::new();
        let gone = fifo.gone();
        let options = child::script(&format!("{PARENT} exit 0")).env("FIFO", &fifo.0);
        let mut claude = child::launch(&options, |_| {});
        first_message(&mut claude).await;
        drop(claude);
        gone.await.unwrap();
    });
}

/// There is no event of it to wait for: another thread collects the child.
#[cfg(target_os = "linux")]
#[test]
fn a_dropped_child_is_collected() {
    bounded(async {
        let mut claude = child::start("echo '{\"type\":\"system\"}'; exec sleep 1000");
        first_message(&mut claude).await;
        let process = std::path::PathBuf::from(format!("/proc/{}", claude.transport().id()));
        assert!(process.exists());
        drop(claude);
        while process.exists() {
            smol::Timer::after(std::time::Duration::from_millis(1)).await;
        }
    });
}

#[test]
fn a_kill_reaches_the_group() {
    bounded(async {
        let fifo = Fifo::new();
        let gone = fifo.gone();
        let options = child::script(&format!("{PARENT} wait")).env("FIFO", &fifo.0);
        let mut claude = child::launch(&options, |_| {});
        first_message(&mut claude).await;
        claude.abort();
        let actions = all(&mut claude).await;
        assert_eq!(closed(&actions).exit, Some(Exit::Signal(9)));
        gone.await.unwrap();
    });
}

/// One that has left the group cannot be reached: the session ends without the end of stdout.
#[cfg(target_os = "linux")]
#[test]
fn a_held_stdout_does_not_hold_up_the_end() {
    bounded(async {
        let hold = Fifo::new();
        // The child waits to be told, so that the other one has left its group by then.
        let text = r#"setsid sh -c 'echo "{\"type\":\"system\"}"; cat <"$HOLD"' & read -r line; exit 0"#;
        let mut claude = child::launch(&child::script(text).env("HOLD", &hold.0), |config| {
            config.timeouts.shutdown.pipes = std::time::Duration::from_millis(50);
        });
        let path = hold.0.clone();
        let holding = smol::unblock(move || std::fs::OpenOptions::new().write(true).open(path));
        first_message(&mut claude).await;
        claude.prompt("hello").unwrap();
        let actions = all(&mut claude).await;
        let end = closed(&actions);
        assert_eq!((end.why, end.exit, end.output_held), (CloseReason::Exited, Some(Exit::Code(0)), true));
        // Ends the other one.
        drop(holding.await.unwrap());
    });
}
