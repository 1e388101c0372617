//! Incoming requests to the host, and its responses.

use serde_json::Value;

use super::MockCli;
use super::hooks::verdict;
use super::input::HostResponse;
use super::state::{About, Decided, Doing, Ending, OpenAsk, Verdict};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::testing::fault::Fault;
use crate::testing::lines::Writer;
use crate::testing::step::AskStep;

impl MockCli {
    pub(super) fn ask(&mut self, about: About, ask: &AskStep) {
        let request_id = self.writer.uuid();
        let line = self.writer.ask(&request_id, &ask.subtype, &ask.fields);
        self.write(&line);
        if self.script.has(&Fault::RepeatAsks) {
            self.write(&line);
        }
        let default = self.script.faults.iter().find_map(|fault| match fault {
            Fault::WithdrawAsks(after) => Some(*after),
            _ => None,
        });
        let time = self.turn_time();
        let withdrawn_at = ask.withdrawn_after.or(default).map(|after| time.saturating_add(after));
        self.asks.push(OpenAsk { request_id, about, withdrawn_at });
    }

    /// Handles a response of the host.
    pub(super) fn answered(&mut self, response: &HostResponse, line: &[u8]) {
        let id = response.request_id.as_deref();
        let Some(at) = self.asks.iter().position(|ask| Some(&*ask.request_id) == id) else { return };
        let ask = self.asks.remove(at);
        if self.script.replay && self.habits.echoes_answers {
            self.write(line);
            self.write(b"\n");
        }
        let payload: Option<Value> =
            response.response.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let raw = response.response.as_ref().map_or("null", |raw| raw.get());
        let said = match response.subtype.as_deref() {
            Some("success") => Ok(payload.unwrap_or(Value::Null)),
            _ => Err(response.error.clone().unwrap_or_else(|| "the host answered with an error".to_owned())),
        };
        self.settle(ask.about, said, raw);
    }

    /// Continues the turn after a response, or after the request ended without one.
    fn settle(&mut self, about: About, said: Result<Value, String>, raw: &str) {
        let now = self.now;
        if let Some(turn) = &mut self.turn {
            turn.at = turn.at.max(now);
        }
        match about {
            About::Submit => match verdict(&said) {
                Verdict::Refused(reason) => {
                    let stops = said.as_ref().is_ok_and(|said| said["continue"] == false);
                    self.block(&reason, stops);
                }
                _ => self.prepared(),
            },
            About::Introduction => self.introduced(),
            About::Greeting(server) => self.greeted(server, &said),
            About::Step => self.set_doing(Doing::Choosing),
            About::BeforeTool(call) | About::AfterTool(call) => self.tool_hook_over(call, verdict(&said)),
            About::Permission(call) => {
                let decision = self.decision(&said, raw);
                self.decided(call, decision);
            }
            About::Served(call) => self.served(call, &said),
            About::AtStop => match verdict(&said) {
                Verdict::Refused(reason) => self.go_on_after(&reason),
                _ => self.end_turn(Ending::Done),
            },
        }
    }

    fn decision(&mut self, said: &Result<Value, String>, raw: &str) -> Decided {
        let denied = |message: &str| Decided::Denied { message: message.to_owned(), interrupts: false };
        let said = match said {
            Ok(said) => said,
            Err(error) => return denied(&format!("Error: {error}")),
        };
        match said["behavior"].as_str() {
            Some("allow") => {
                let input = input_of(raw);
                if input.is_none() && self.habits.needs_input_back {
                    return denied("ZodError: updatedInput: Required");
                }
                self.remember(&said["updatedPermissions"]);
                Decided::Allowed(input)
            }
            Some("deny") => Decided::Denied {
                message: said["message"].as_str().unwrap_or_default().to_owned(),
                interrupts: said["interrupt"] == true,
            },
            _ => denied("Error: an unknown behavior"),
        }
    }

    pub(super) fn tell_mode(&mut self) {
        let fields = serde_json::json!({ "status": null, "permissionMode": self.mode });
        let line = self.writer.system("status", &fields);
        self.write(&line);
    }

    /// Cancels a request that has timed out.
    pub(super) fn withdraw_due(&mut self, time: SessionTime) {
        let due = |ask: &OpenAsk| ask.withdrawn_at.is_some_and(|at| at <= time);
        let Some(at) = self.asks.iter().position(due) else { return };
        let ask = self.asks.remove(at);
        self.write(&Writer::withdrawal(&ask.request_id));
        if let Some(turn) = &mut self.turn {
            turn.at = turn.at.max(time);
        }
        self.miss(ask.about);
    }

    /// Fails all open requests, because stdin has ended.
    pub(super) fn fail_asks(&mut self) {
        for ask in std::mem::take(&mut self.asks) {
            self.miss(ask.about);
        }
    }

    fn miss(&mut self, about: About) {
        let said = match about {
            About::BeforeTool(_) if self.habits.refuses_without_hook => {
                Ok(serde_json::json!({ "decision": "block", "reason": "the hook did not answer" }))
            }
            About::Permission(_) => Err("the permission was not decided".to_owned()),
            _ => Ok(Value::Null),
        };
        self.settle(about, said, "null");
    }

    /// Cancels all requests of the turn, because of an interrupt.
    pub(super) fn withdraw_all(&mut self) {
        let asks = self.asks.clone();
        self.forget_asks();
        for ask in asks {
            let untold = match ask.about {
                About::Introduction => true,
                About::Submit => !self.habits.withdraws_prompt_hooks,
                _ => false,
            };
            if !untold {
                self.write(&Writer::withdrawal(&ask.request_id));
            }
        }
    }

    /// Forgets the requests of the turn. The requests that `initialize` waits for are kept.
    pub(super) fn forget_asks(&mut self) {
        self.asks.retain(|ask| matches!(ask.about, About::Introduction));
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
