//! Tool calls: hooks, permission, run and result.

use super::MockCli;
use super::rules::suggestion;
use super::state::{About, Call, CallState, Decided, Doing, Ending, Verdict};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::testing::cli_version::CliVersion;
use crate::testing::lines::Line;
use crate::testing::step::{RequestStep, ToolStep};

impl MockCli {
    /// Adds a tool call of the model. Since 2.1.250 it can start while the model continues to write.
    pub(super) fn add_call(&mut self, id: String, tool: ToolStep) {
        let early = self.behavior.starts_tools_early;
        let Some(turn) = &mut self.turn else { return };
        turn.calls.calls.push(Call { id, tool, state: CallState::Waiting, verdict: Verdict::None, output: None });
        if let Some(at) = turn.calls.startable().filter(|_| early) {
            self.start_call(at);
        }
    }

    pub(super) fn call(&mut self) {
        let time = self.turn_time();
        let Some(turn) = &mut self.turn else { return };
        if turn.calls.is_over() {
            return self.fold();
        }
        turn.doing = Doing::Calling;
        let start = turn.calls.startable();
        let is_due = |call: &Call| matches!(call.state, CallState::Running(until) if until <= time);
        let end = turn.calls.calls.iter().position(is_due);
        if let Some(at) = start {
            self.start_call(at);
        } else if let Some(at) = end {
            self.ran(at);
        }
    }

    fn call_at(&mut self, at: usize) -> Option<&mut Call> {
        self.turn.as_mut()?.calls.calls.get_mut(at)
    }

    fn set_state(&mut self, at: usize, state: CallState) {
        if let Some(call) = self.call_at(at) {
            call.state = state;
        }
    }

    fn start_call(&mut self, at: usize) {
        let Some(call) = self.call_at(at) else { return };
        let (id, tool) = (call.id.clone(), call.tool.clone());
        if tool.background.is_some() {
            let output = self.start_task(&id, &tool);
            self.give_text(at, &output, false);
            return self.finish_call(at);
        }
        let steps = self.tool_hooks("PreToolUse", &id, &tool, None);
        self.set_state(at, CallState::Before(steps.len()));
        if steps.is_empty() {
            return self.check_permission(at);
        }
        for step in steps {
            self.send_request(About::BeforeTool(at), &step);
        }
    }

    /// Runs a call, or asks the host if the call requires it.
    fn check_permission(&mut self, at: usize) {
        let Some(call) = self.call_at(at) else { return };
        let tool = call.tool.clone();
        if !tool.needs_permission || self.is_allowed(&tool) {
            return self.run_call(at);
        }
        if self.mode == "dontAsk" {
            self.deny(at);
            self.give_text(at, "Error: the permission mode is dontAsk", true);
            return self.finish_call(at);
        }
        self.request_permission(at);
    }

    fn request_permission(&mut self, at: usize) {
        let Some(call) = self.call_at(at) else { return };
        let (id, tool) = (call.id.clone(), call.tool.clone());
        if self.has_ended() {
            self.give_text(at, "Error: stdin is closed: nobody can be asked", true);
            return self.finish_call(at);
        }
        self.set_state(at, CallState::PermissionRequested);
        let mut fields =
            vec![("tool_name".to_owned(), Json::from_text(&tool.name)), ("input".to_owned(), tool.input.clone())];
        fields.push(("permission_suggestions".to_owned(), Json::from(&suggestion(&tool))));
        if self.behavior.names_tool_use {
            fields.push(("tool_use_id".to_owned(), Json::from_text(&id)));
        }
        let subtype = "can_use_tool".to_owned();
        self.send_request(
            About::Permission(at),
            &RequestStep { subtype, fields, withdrawn_after: tool.withdrawn_after },
        );
    }

    /// Continues a call after the response of a hook before or after it, or after the hook failed.
    pub(super) fn tool_hook_over(&mut self, at: usize, verdict: Verdict) {
        let Some(call) = self.call_at(at) else { return };
        match (call.state, verdict) {
            (CallState::Before(_), Verdict::Refused(reason)) => {
                self.give_text(at, &reason, true);
                self.finish_call(at);
            }
            (CallState::Before(open), verdict) => {
                call.verdict = call.verdict.clone().max(verdict);
                call.state = CallState::Before(open - 1);
                if open == 1 {
                    self.go_on_after_hooks(at);
                }
            }
            (CallState::After(1), _) => self.finish_call(at),
            (CallState::After(open), _) => call.state = CallState::After(open - 1),
            _ => {}
        }
    }

    /// Continues a call after all hooks before it have responded.
    fn go_on_after_hooks(&mut self, at: usize) {
        let Some(call) = self.call_at(at) else { return };
        match call.verdict.clone() {
            Verdict::Granted => self.run_call(at),
            Verdict::Asks if self.behavior.asks_for_hooks => self.request_permission(at),
            _ => self.check_permission(at),
        }
    }

    /// Continues a call after its permission was decided.
    pub(super) fn decided(&mut self, at: usize, decision: Decided) {
        match decision {
            Decided::Allowed(input) => {
                if let Some((call, input)) = self.call_at(at).zip(input) {
                    call.tool.input = input;
                }
                self.run_call(at);
            }
            Decided::Denied { message, interrupts } => {
                self.deny(at);
                self.give_text(at, &message, true);
                if interrupts {
                    return self.abort(false);
                }
                self.finish_call(at);
            }
        }
    }

    /// Adds a denied call to the turn's result.
    fn deny(&mut self, at: usize) {
        let Some(turn) = &mut self.turn else { return };
        if let Some(Call { id, tool, .. }) = turn.calls.calls.get(at) {
            let denial = Line::untyped().put("tool_name", &tool.name).put("tool_use_id", id);
            turn.denials.push(denial.put("tool_input", &tool.input).object());
        }
    }

    fn run_call(&mut self, at: usize) {
        let time = self.turn_time();
        let Some(call) = self.call_at(at) else { return };
        let (id, tool) = (call.id.clone(), call.tool.clone());
        call.state = CallState::Running(time.saturating_add(tool.takes));
        if self.call_server(at, &id, &tool) {
            self.set_state(at, CallState::Served);
        }
    }

    fn ran(&mut self, at: usize) {
        let Some(call) = self.call_at(at) else { return };
        let output = call.tool.output.clone().unwrap_or_else(|| call.tool.input.as_str().to_owned());
        let is_error = call.tool.fails;
        self.give_text(at, &output, is_error);
        self.after_call(at);
    }

    pub(super) fn after_call(&mut self, at: usize) {
        let Some(call) = self.call_at(at) else { return };
        let (id, tool) = (call.id.clone(), call.tool.clone());
        let output = call.output.as_ref().map(|(output, _)| output.clone());
        let steps = self.tool_hooks("PostToolUse", &id, &tool, output.as_ref());
        if self.script.generation == CliVersion::V1_0_128 {
            self.report(at);
        }
        self.set_state(at, CallState::After(steps.len()));
        if steps.is_empty() {
            return self.finish_call(at);
        }
        for step in steps {
            self.send_request(About::AfterTool(at), &step);
        }
    }

    pub(super) fn give(&mut self, at: usize, output: Json, is_error: bool) {
        if let Some(call) = self.call_at(at) {
            call.output = Some((output, is_error));
        }
    }

    pub(super) fn give_text(&mut self, at: usize, output: &str, is_error: bool) {
        self.give(at, Json::from_text(output), is_error);
    }

    fn finish_call(&mut self, at: usize) {
        let Some(call) = self.call_at(at) else { return };
        call.state = CallState::Done;
        self.report(at);
    }

    /// Writes the result of a call, unless it was written already.
    fn report(&mut self, at: usize) {
        let Some(call) = self.call_at(at) else { return };
        let id = call.id.clone();
        if let Some((output, is_error)) = call.output.take() {
            let line = self.writer.tool_result(&id, &output, is_error);
            self.write(&line);
        }
    }

    /// Rejects all calls that have not returned, because the turn is being stopped.
    pub(super) fn reject_calls(&mut self) {
        let is_requested = |call: &Call| call.state == CallState::PermissionRequested && call.output.is_none();
        let calls = self.turn.iter().flat_map(|turn| turn.calls.calls.iter().enumerate());
        let denied: Vec<usize> = calls.filter(|(_, call)| is_requested(call)).map(|(at, _)| at).collect();
        denied.into_iter().for_each(|at| self.deny(at));
        let Some(turn) = &mut self.turn else { return };
        let open = turn.calls.calls.iter_mut().filter(|call| call.state != CallState::Done);
        let rejected: Vec<_> = open.map(|call| (call.id.clone(), call.output.take())).collect();
        for (id, output) in rejected {
            let (error_text, _) =
                output.unwrap_or_else(|| (Json::from_text("[Request interrupted by user for tool use]"), true));
            let line = self.writer.tool_result(&id, &error_text, true);
            self.write(&line);
        }
    }

    /// Ends the turn after its `Stop` hooks.
    pub(super) fn stop(&mut self) {
        let stopping = self.turn.as_mut().is_none_or(|turn| std::mem::replace(&mut turn.stopping, true));
        // The field is `true` if the hook has already made the model continue.
        let went_on = self.turn.as_ref().is_some_and(|turn| turn.went_on);
        let active = [("stop_hook_active", Json::from(&serde_json::Value::Bool(went_on)))];
        let step = self.hook_requests("Stop", None, &active).pop_front().filter(|_| !stopping);
        match step {
            Some((_, step)) => {
                self.set_doing(Doing::WaitingForResponse);
                self.send_request(About::AtStop, &step);
            }
            None => self.end_turn(Ending::Done),
        }
    }

    pub(super) fn turn_time(&self) -> SessionTime {
        self.turn.as_ref().map_or(self.now, |turn| turn.at)
    }
}
