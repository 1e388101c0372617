//! `CalloopDriver` in a main loop, beside other sources.

use std::time::{Duration, Instant};

use ::calloop::timer::{TimeoutAction, Timer};
use ::calloop::{EventLoop, LoopHandle};
use claude_duplex::message::{Accumulator, Edit};
use claude_duplex::{
    Action, CloseReason, Config, Decision, Driver, Exit, IncomingKind, Interrupt, Outcome, Seed, SessionClosed,
};
use claude_duplex_runtimes::calloop::{CalloopDriver, CalloopTransport};

use crate::runner::mock_cli;
use crate::suite::Case;
use crate::watchdog::Groups;

pub(crate) const ALL: &[Case] = &[
    ("calloop::a_turn_streams_into_a_panel_beside_a_clock", a_turn_streams_into_a_panel_beside_a_clock),
    ("calloop::a_button_interrupts_and_the_session_continues", a_button_interrupts_and_the_session_continues),
    ("calloop::a_driver_that_is_dropped_in_its_callback_kills_the_child", dropped_in_its_callback),
    ("calloop::a_flood_leaves_the_other_sources_their_turn", a_flood_leaves_the_other_sources_their_turn),
];

/// Limit of a hanging test.
const LIMIT: Duration = Duration::from_secs(60);

/// Data of the main loop.
#[derive(Default)]
struct Panel {
    claude: Option<CalloopDriver<Panel>>,
    output_text: Accumulator,
    text: String,
    /// Number of parts of a text that arrived while it was written.
    parts: usize,
    incoming: Vec<String>,
    outcomes: Vec<Outcome>,
    closed: Option<SessionClosed>,
    ticks: usize,
    messages: usize,
    taken: usize,
}

impl Panel {
    fn on_action(&mut self, action: Action) {
        match action {
            Action::Message { message, .. } => {
                self.messages += 1;
                for edit in self.output_text.add(&message) {
                    if let Edit::Append { block, text, .. } = edit
                        && block.is_answer()
                    {
                        self.parts += 1;
                        self.text.push_str(&text);
                    }
                }
            }
            Action::IncomingRequest(request) => {
                self.incoming.push(request.permission().expect("the only kind").tool_name.clone());
                let answered = self.with(|claude| claude.respond(request.id(), Decision::allow()));
                answered.expect("it is open");
            }
            Action::PromptTaken { .. } => self.taken += 1,
            Action::PromptEnded { outcome, .. } => self.outcomes.push(outcome),
            Action::Closed(closed) => self.closed = Some(closed),
            _ => {}
        }
    }

    fn with<R>(&self, command: impl FnOnce(&mut Driver<CalloopTransport<Self>>) -> R) -> R {
        self.claude.as_ref().expect("it was not dropped").with(command)
    }
}

/// Starts the mock CLI in a loop that has a clock.
fn panel(faults: &[&str], groups: &Groups) -> (EventLoop<'static, Panel>, Panel) {
    let event_loop = EventLoop::try_new().expect("a loop");
    let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
    let options = mock_cli().include_partial_messages().host_permission_prompts();
    let options = faults.iter().fold(options, |options, fault| options.arg("--fault").arg(fault));
    let claude = CalloopDriver::spawn(&event_loop.handle(), &options, config, Panel::on_action).expect("it starts");
    groups.lock().unwrap().push(claude.with(|claude| claude.transport().id()));
    tick(&event_loop.handle());
    (event_loop, Panel { claude: Some(claude), ..Panel::default() })
}

fn tick(handle: &LoopHandle<'static, Panel>) {
    let period = Duration::from_millis(5);
    let timer = Timer::from_duration(period);
    let ticked = handle.insert_source(timer, move |_, (), panel: &mut Panel| {
        panel.ticks += 1;
        TimeoutAction::ToDuration(period)
    });
    ticked.expect("a timer is taken");
}

fn until(event_loop: &mut EventLoop<'static, Panel>, panel: &mut Panel, is_done: impl Fn(&Panel) -> bool) {
    let started = Instant::now();
    while !is_done(panel) {
        event_loop.dispatch(None, panel).expect("the loop runs");
        assert!(started.elapsed() < LIMIT, "it hangs: {:?}", panel.outcomes);
    }
}

fn close(event_loop: &mut EventLoop<'static, Panel>, panel: &mut Panel) -> SessionClosed {
    panel.with(|claude| claude.close());
    until(event_loop, panel, |panel| panel.closed.is_some());
    panel.closed.take().expect("it was waited for")
}

fn a_turn_streams_into_a_panel_beside_a_clock(groups: Groups) {
    let (mut event_loop, mut panel) = panel(&[], &groups);
    panel.with(|claude| claude.prompt("run: ls")).expect("there is room");
    panel.with(|claude| claude.prompt("one two three four five")).expect("there is room");
    until(&mut event_loop, &mut panel, |panel| panel.outcomes.len() == 2);
    assert_eq!(panel.outcomes, [Outcome::Success; 2]);
    assert_eq!(panel.incoming, ["Bash"]);
    assert!(panel.text.ends_with("You said: one two three four five"), "{:?}", panel.text);
    assert!(panel.parts > 5 && panel.ticks > 5, "{} parts, {} ticks", panel.parts, panel.ticks);
    let closed = close(&mut event_loop, &mut panel);
    assert_eq!((closed.reason, closed.exit), (CloseReason::Closed, Some(Exit::Code(0))));
}

fn a_button_interrupts_and_the_session_continues(groups: Groups) {
    let (mut event_loop, mut panel) = panel(&[], &groups);
    let slow = r#"{"steps":[{"text":"a b c d e f g h","chunks":8,"delay_ms":60000}]}"#;
    panel.with(|claude| claude.prompt(slow)).expect("there is room");
    // The first message may come before the turn.
    until(&mut event_loop, &mut panel, |panel| panel.taken > 0);
    panel.with(|claude| claude.interrupt(Interrupt::running())).expect("there is room");
    panel.with(|claude| claude.prompt("hello")).expect("there is room");
    until(&mut event_loop, &mut panel, |panel| panel.outcomes.len() == 2);
    assert_eq!(panel.outcomes, [Outcome::Interrupted, Outcome::Success]);
    assert_eq!(close(&mut event_loop, &mut panel).exit, Some(Exit::Code(0)));
}

fn dropped_in_its_callback(groups: Groups) {
    let mut event_loop = EventLoop::try_new().expect("a loop");
    let on_action = |panel: &mut Panel, action| {
        if matches!(action, Action::Message { .. }) {
            panel.claude = None;
        }
    };
    let mut panel = Panel::default();
    let config = Config::new(Seed::random());
    panel.claude = CalloopDriver::spawn(&event_loop.handle(), &mock_cli(), config, on_action).ok();
    groups.lock().unwrap().push(panel.with(|claude| claude.transport().id()));
    panel.with(|claude| claude.prompt("hello")).expect("there is room");
    until(&mut event_loop, &mut panel, |panel| panel.claude.is_none());
}

fn a_flood_leaves_the_other_sources_their_turn(groups: Groups) {
    let (mut event_loop, mut panel) = panel(&["flood=20000"], &groups);
    panel.with(|claude| claude.prompt("hello")).expect("there is room");
    until(&mut event_loop, &mut panel, |panel| panel.messages > 10_000);
    let ticks = panel.ticks;
    until(&mut event_loop, &mut panel, |panel| panel.outcomes.len() == 1);
    assert!(panel.messages > 20_000 && ticks > 0, "{} messages, {ticks} ticks", panel.messages);
    assert_eq!(close(&mut event_loop, &mut panel).exit, Some(Exit::Code(0)));
}
