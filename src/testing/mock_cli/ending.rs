//! End of a turn, and end of the process.

use std::time::Duration;

use super::state::{Doing, Ending, Turn};
use super::{BEGIN, MockCli, PIPE};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::protocol::end::Exit;
use crate::testing::cli_version::{AtEof, CliVersion};
use crate::testing::fault::Fault;
use crate::testing::lines::ResultLine;
use crate::testing::step::Step;

/// Duration that 2.1.250 waits for background tasks after stdin was closed.
const SOME: Duration = Duration::from_secs(5);

impl MockCli {
    pub(super) fn end_turn(&mut self, ending: Ending) {
        let Some(turn) = self.turn.take() else { return };
        self.forget_open_requests();
        self.write_starts();
        let state = match ending {
            Ending::ApiError | Ending::Interrupted { .. } | Ending::Replaced { .. } => "cancelled",
            _ => "completed",
        };
        for prompt in &turn.folded {
            self.write_lifecycle(prompt.uuid.as_deref(), state);
        }
        let was_streaming = matches!(&turn.doing, Doing::Speaking(stream) if stream.is_open());
        if ending.aborts().is_some() && was_streaming && self.behavior.closes_its_stream {
            self.close_cut_stream();
        }
        let lost = self.turns == 1 && self.script.has(&Fault::NoResult);
        if lost || self.turns == 1 && self.script.has(&Fault::IdleWithoutResult) {
            if lost {
                return;
            }
        } else if self.behavior.holds_results && self.agents_run() {
            self.held.extend(turn.prompts().cloned());
        } else {
            self.write_result(&turn, ending);
        }
        for prompt in &turn.batch {
            self.write_lifecycle(prompt.uuid.as_deref(), state);
        }
        if self.queue.is_empty() {
            self.write_state("idle");
            self.leave_if_done();
        } else {
            self.next_turn(turn.at);
        }
    }

    fn next_turn(&mut self, time: SessionTime) {
        if self.behavior.pauses_between_turns {
            self.begins = Some(time.saturating_add(BEGIN));
        } else {
            self.begin(time);
        }
    }

    fn write_result(&mut self, turn: &Turn, ending: Ending) {
        let uuid = self.writer.uuid();
        let answered = std::mem::take(&mut self.held);
        let answered = answered.iter().chain(turn.prompts()).filter_map(|prompt| prompt.uuid.clone());
        self.answered.extend(answered.map(|prompt| (prompt, uuid.clone())));
        let error = "error_during_execution";
        let behavior = self.behavior;
        let (subtype, is_error) = match ending {
            Ending::Interrupted { .. } => (error, behavior.failure_is_error),
            Ending::MaxTurns => ("error_max_turns", behavior.failure_is_error),
            Ending::ApiError => ("success", true),
            Ending::Done | Ending::Local | Ending::Blocked | Ending::Replaced { .. } => ("success", false),
        };
        let reason = match ending {
            Ending::Local | Ending::Blocked => None,
            Ending::ApiError if behavior.names_api_error => Some("api_error"),
            Ending::MaxTurns => Some("max_turns"),
            ending => ending.aborts().or(Some("completed")),
        };
        let success = subtype == "success";
        // The CLI's errors of an interrupted turn are meant for its own developers.
        let errors: &[&str] = match ending {
            Ending::Interrupted { .. } if self.script.generation < CliVersion::V2_1_143 => &[],
            Ending::Interrupted { .. } => &["[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null"],
            _ => &["the script says so"],
        };
        self.failed = is_error;
        self.results += 1;
        let prompts = turn.prompts().filter_map(|prompt| prompt.uuid.as_deref()).collect();
        let line = self.writer.result(&ResultLine {
            subtype,
            is_error,
            reason,
            result: success.then_some(&*turn.answer_text),
            errors: (!success).then_some(errors),
            milliseconds: turn.at.saturating_duration_since(turn.since).as_millis(),
            requests: turn.requests,
            denials: &turn.denials,
            own: turn.own,
            prompts,
            queued: self.queue.iter().filter(|waiting| waiting.prompt().is_some()).count(),
            number: self.results - 1,
            uuid: &uuid,
            fields: &turn.result_fields,
        });
        self.write_damaged(&line);
    }

    /// Ends the turn because a `UserPromptSubmit` hook refused the prompt. `stops` is set if it did so with
    /// `continue: false`.
    pub(super) fn block(&mut self, reason: &str, stops: bool) {
        self.write_init();
        if self.behavior.writes_lifecycle {
            let content = format!("Operation stopped by hook: {reason}");
            let fields = serde_json::json!({ "content": content, "level": "warning", "prevent_continuation": true });
            let line = self.writer.system("informational", &fields);
            self.write(&line);
            if stops {
                self.pay_echo();
            }
        }
        self.end_turn(Ending::Blocked);
    }

    /// Continues the turn, because a `Stop` hook requires it.
    pub(super) fn go_on_after(&mut self, reason: &str) {
        let content =
            Json::from(&serde_json::json!([{ "type": "text", "text": format!("Stop hook feedback: {reason}") }]));
        let line = self.writer.user(&content, None, None, false, 0);
        self.write(&line);
        if let Some(turn) = &mut self.turn {
            turn.stopping = false;
            turn.went_on = true;
            turn.steps.push_back(Step::text("done"));
        }
        self.set_doing(Doing::Choosing);
    }

    // Methods about the process.

    /// Exits if stdin has ended and nothing more will happen.
    pub(super) fn leave_if_done(&mut self) {
        let busy = self.turn.is_some() || self.begins.is_some() || !self.queue.is_empty();
        if !self.has_ended() || busy {
            return;
        }
        match self.behavior.waits_at_eof {
            _ if self.tasks.is_empty() => self.leave_in_order(),
            AtEof::Exits => self.leave_in_order(),
            AtEof::WaitsSome => self.leaves = Some(self.now.saturating_add(SOME)),
            AtEof::Waits => {}
        }
    }

    /// Exits gracefully. The exit status is 1 if the last result was an error.
    pub(super) fn leave_in_order(&mut self) {
        if self.script.has(&Fault::PartialLine) {
            self.write(b"{\"type\":\"result\",\"subtype\":\"succ");
        }
        if !self.behavior.loses_output {
            self.exit = Some(Exit::Code(self.failed.into()));
        } else {
            self.leave(Exit::Code(self.failed.into()));
        }
    }

    /// Exits at once. Output that does not fit into the pipe is lost.
    pub(super) fn leave(&mut self, exit: Exit) {
        if self.exit.is_none() {
            self.output.truncate(self.written + PIPE);
        }
        self.exit.get_or_insert(exit);
    }

    /// Fails because the session to resume does not exist (`bad_resume` of 2.1.143 and 2.1.332).
    pub(super) fn fail_resume(&mut self, session: &str) {
        let is_id = session.len() == 36 && session.split('-').count() == 5;
        let error = if is_id {
            format!("No conversation found with session ID: {session}")
        } else {
            format!(
                "Error: --resume requires a valid session ID or session title when used with --print. Usage: claude -p --resume \
                 <session-id|title>. Provided value \"{session}\" is not a UUID and does not match any session title."
            )
        };
        self.stderr.extend_from_slice(format!("{error}\n").as_bytes());
        self.die(&error);
    }

    /// Writes a line, with the damage of a fault if there is one.
    pub(super) fn write_damaged(&mut self, line: &[u8]) {
        let damage = self.script.faults.iter().find_map(|fault| match fault {
            Fault::Damage(damage) => Some(*damage),
            _ => None,
        });
        match damage {
            Some(damage) => self.write(&damage.apply(line)),
            None => self.write(line),
        }
    }
}
