//! Incoming requests to the host, and its responses.

use serde_json::Value;

use super::MockCli;
use super::hooks::verdict;
use super::input::HostResponse;
use super::state::{About, Decided, Doing, Ending, OpenRequest, Verdict};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::testing::fault::Fault;
use crate::testing::lines::Writer;
use crate::testing::step::RequestStep;

impl MockCli {
    pub(super) fn send_request(&mut self, about: About, request: &RequestStep) {
        let request_id = self.writer.uuid();
        let line = self.writer.request(&request_id, &request.subtype, &request.fields);
        self.write(&line);
        if self.script.has(&Fault::RepeatRequests) {
            self.write(&line);
        }
        let default = self.script.faults.iter().find_map(|fault| match fault {
            Fault::WithdrawRequests(after) => Some(*after),
            _ => None,
        });
        let time = self.turn_time();
        let withdrawn_at = request.withdrawn_after.or(default).map(|after| time.saturating_add(after));
        self.open_requests.push(OpenRequest { request_id, about, withdrawn_at });
    }

    /// Handles a response of the host.
    pub(super) fn answered(&mut self, response: &HostResponse, line: &[u8]) {
        let id = response.request_id.as_deref();
        let Some(at) = self.open_requests.iter().position(|request| Some(&*request.request_id) == id) else { return };
        let request = self.open_requests.remove(at);
        if self.script.replay && self.behavior.echoes_answers {
            self.write(line);
            self.write(b"\n");
        }
        let payload: Option<Value> =
            response.response.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let raw = response.response.as_ref().map_or("null", |raw| raw.get());
        let outcome = match response.subtype.as_deref() {
            Some("success") => Ok(payload.unwrap_or(Value::Null)),
            _ => Err(response.error.clone().unwrap_or_else(|| "the host answered with an error".to_owned())),
        };
        self.settle(request.about, outcome, raw);
    }

    /// Continues the turn after a response, or after the request ended without one.
    fn settle(&mut self, about: About, outcome: Result<Value, String>, raw: &str) {
        let now = self.now;
        if let Some(turn) = &mut self.turn {
            turn.at = turn.at.max(now);
        }
        match about {
            About::Submit => match verdict(&outcome) {
                Verdict::Refused(reason) => {
                    let stops = outcome.as_ref().is_ok_and(|outcome| outcome["continue"] == false);
                    self.block(&reason, stops);
                }
                _ => self.prepared(),
            },
            About::Introduction => self.introduced(),
            About::Greeting(server) => self.greeted(server, &outcome),
            About::Step => self.set_doing(Doing::Choosing),
            About::BeforeTool(call) | About::AfterTool(call) => self.tool_hook_over(call, verdict(&outcome)),
            About::Permission(call) => {
                let decision = self.decision(&outcome, raw);
                self.decided(call, decision);
            }
            About::Served(call) => self.served(call, &outcome),
            About::AtStop => match verdict(&outcome) {
                Verdict::Refused(reason) => self.go_on_after(&reason),
                _ => self.end_turn(Ending::Done),
            },
        }
    }

    fn decision(&mut self, outcome: &Result<Value, String>, raw: &str) -> Decided {
        let denied = |message: &str| Decided::Denied { message: message.to_owned(), interrupts: false };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return denied(&format!("Error: {error}")),
        };
        match outcome["behavior"].as_str() {
            Some("allow") => {
                let input = input_of(raw);
                if input.is_none() && self.behavior.needs_input_back {
                    return denied("ZodError: updatedInput: Required");
                }
                self.remember(&outcome["updatedPermissions"]);
                Decided::Allowed(input)
            }
            Some("deny") => Decided::Denied {
                message: outcome["message"].as_str().unwrap_or_default().to_owned(),
                interrupts: outcome["interrupt"] == true,
            },
            _ => denied("Error: an unknown behavior"),
        }
    }

    pub(super) fn write_mode(&mut self) {
        let fields = serde_json::json!({ "status": null, "permissionMode": self.mode });
        let line = self.writer.system("status", &fields);
        self.write(&line);
    }

    /// Cancels a request that has timed out.
    pub(super) fn withdraw_due(&mut self, time: SessionTime) {
        let due = |request: &OpenRequest| request.withdrawn_at.is_some_and(|at| at <= time);
        let Some(at) = self.open_requests.iter().position(due) else { return };
        let request = self.open_requests.remove(at);
        self.write(&Writer::withdrawal(&request.request_id));
        if let Some(turn) = &mut self.turn {
            turn.at = turn.at.max(time);
        }
        self.miss(request.about);
    }

    /// Fails all open requests, because stdin has ended.
    pub(super) fn fail_open_requests(&mut self) {
        for request in std::mem::take(&mut self.open_requests) {
            self.miss(request.about);
        }
    }

    fn miss(&mut self, about: About) {
        let outcome = match about {
            About::BeforeTool(_) if self.behavior.refuses_without_hook => {
                Ok(serde_json::json!({ "decision": "block", "reason": "the hook did not answer" }))
            }
            About::Permission(_) => Err("the permission was not decided".to_owned()),
            _ => Ok(Value::Null),
        };
        self.settle(about, outcome, "null");
    }

    /// Cancels all requests of the turn, because of an interrupt.
    pub(super) fn withdraw_all(&mut self) {
        let open_requests = self.open_requests.clone();
        self.forget_open_requests();
        for request in open_requests {
            let untold = match request.about {
                About::Introduction => true,
                About::Submit => !self.behavior.withdraws_prompt_hooks,
                _ => false,
            };
            if !untold {
                self.write(&Writer::withdrawal(&request.request_id));
            }
        }
    }

    /// Forgets the requests of the turn. The requests that `initialize` waits for are kept.
    pub(super) fn forget_open_requests(&mut self) {
        self.open_requests.retain(|request| matches!(request.about, About::Introduction));
    }
}

/// Returns the input of an allow, unchanged.
fn input_of(raw: &str) -> Option<Json> {
    #[derive(serde::Deserialize)]
    struct Allow {
        #[serde(default, rename = "updatedInput")]
        updated_input: Option<Json>,
    }
    serde_json::from_str::<Allow>(raw).ok()?.updated_input.filter(Json::is_object)
}
