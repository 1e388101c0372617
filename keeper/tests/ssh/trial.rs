//! One conversation over three links: the first is cut, the second falls silent, the third brings it to its end.

use std::ffi::OsStr;

use claude_duplex::journal::JournalFile;
use claude_duplex::{Action, Config, Decision, Driver, IncomingKind, Outcome, Seed};
use claude_duplex_keeper::Attach;
use claude_duplex_keeper::frame::Hello;
use claude_duplex_keeper::transport::smol::SmolTimer;
use claude_duplex_keeper::transport::{Kept as Transport, LostReason};
use futures_lite::future;

use crate::bridge::Bridge;
use crate::kept::{KEEPER, Kept, PATIENCE};
use crate::link::Link;
use crate::server::Server;

/// A turn with a text, a tool that needs a permission, and a text.
const PROMPT: &str =
    r#"{"steps":[{"text":"one two three","chunks":3,"tool":"Bash","input":{"command":"ls"}},{"text":"done"}]}"#;

/// Attaches over a new link.
async fn attach(server: &Server, kept: &Kept, hello: Hello) -> (Transport<Bridge, SmolTimer>, Link) {
    let link = Link::to(server.address());
    let command = [
        KEEPER.as_ref(),
        "attach".as_ref(),
        "--dir".as_ref(),
        kept.place.path().as_os_str(),
        kept.id.as_str().as_ref(),
    ];
    let bridge = Bridge::start(&mut server.client(link.port, &command));
    (Transport::over(bridge, SmolTimer::default(), hello).await.unwrap(), link)
}

pub(crate) fn a_link_that_is_cut_in_a_turn_is_replaced(sshd: &OsStr) {
    let kept = Kept::new().start();
    let server = Server::start(sshd, &kept.folder);
    let late = async {
        async_io::Timer::after(PATIENCE).await;
        panic!("the conversation does not end");
    };
    async_io::block_on(future::or(converse(&server, &kept), late));
    // The CLI has read each line once: the prompts, a response for each request, and the first request.
    let stdin = std::fs::read_to_string(kept.folder.join("stdin")).unwrap();
    let mut lines: Vec<_> = stdin.lines().collect();
    let count = |kind: &str| lines.iter().filter(|line| line.contains(&format!("\"type\":\"{kind}\""))).count();
    assert_eq!((count("user"), count("control_response")), (2, 2), "{stdin}");
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "a line was read twice:\n{stdin}");
}

async fn converse(server: &Server, kept: &Kept) {
    let journal = kept.folder.join("journal");
    let (mut handled, mut outcomes) = (0, Vec::new());
    let mut handle = |claude: &Driver<Transport<Bridge, SmolTimer>>, action: &Action| {
        handled += 1;
        assert_eq!(claude.action_number(), handled, "no action is skipped, and none comes again");
        if let Action::PromptEnded { outcome, .. } = action {
            outcomes.push(*outcome);
        }
    };
    // The first host: its link is cut while the CLI waits for a permission.
    let config = Config::new(Seed::from_bytes([3; 16])).handle(IncomingKind::Permission);
    let (transport, link) = attach(server, kept, Attach::controller().hello()).await;
    let lost = transport.lost();
    let mut claude = Driver::new(config, transport).record_required(JournalFile::create(&journal).unwrap());
    claude.prompt(PROMPT).unwrap();
    claude.prompt(PROMPT).unwrap();
    loop {
        let action = claude.next().await.unwrap();
        handle(&claude, &action);
        claude.acknowledge(claude.action_number());
        if let Action::IncomingRequest(_) = action {
            break;
        }
    }
    link.cut();
    // What it had received before is read, and comes again: the host does not acknowledge it.
    let next = async {
        loop {
            if let action @ (None | Some(Action::Closed(_))) = claude.next().await {
                panic!("the session has ended: {action:?}");
            }
        }
    };
    assert_eq!(future::or(lost, next).await, LostReason::Closed);
    drop((claude, link));
    // The second one: its link falls silent in the middle of the text. No event reports that, and it gives up.
    let (file, session) = JournalFile::open(&journal).unwrap();
    let (transport, link) = attach(server, kept, Attach::resume(session.offsets()).hello()).await;
    assert_eq!(transport.welcome().epoch, 2);
    let mut claude = Driver::resume(session, transport).unwrap().record_required(file);
    let request = claude.protocol().open_incoming().next().unwrap().id();
    claude.respond(request, Decision::allow()).unwrap();
    loop {
        let action = claude.next().await.unwrap();
        handle(&claude, &action);
        claude.acknowledge(claude.action_number());
        if let Action::Message { .. } = action {
            break;
        }
    }
    link.silence();
    // The client is killed with the driver; the server and its bridge do not learn that.
    drop(claude);
    // The third one takes over from the one that nobody has heard to leave.
    let (file, session) = JournalFile::open(&journal).unwrap();
    let (transport, _link) = attach(server, kept, Attach::resume(session.offsets()).hello()).await;
    assert_eq!((transport.welcome().epoch, transport.welcome().controlled), (3, true));
    let mut claude = Driver::resume(session, transport).unwrap().record_required(file);
    while let Some(action) = claude.next().await {
        handle(&claude, &action);
        match action {
            Action::IncomingRequest(request) => drop(claude.respond(request.id(), Decision::allow())),
            Action::PromptEnded { .. } if claude.protocol().is_idle() => claude.close(),
            _ => {}
        }
        claude.acknowledge(claude.action_number());
    }
    assert!(claude.protocol().is_closed());
    assert_eq!(outcomes, [Outcome::Success, Outcome::Success]);
}
