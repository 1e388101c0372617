//! Tool calls without a result.

use std::collections::{HashMap, VecDeque};

use claude_duplex::Json;

use crate::tool;

/// Maximum number of calls; the oldest is forgotten first.
const MOST: usize = 4096;

/// A call without a result.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    /// Input, if the plan needs it when the result arrives.
    pub(super) input: Option<Json>,
    pub(super) keeps_content: bool,
}

/// Calls that the client was shown.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: HashMap<String, Call>,
    order: VecDeque<String>,
}

impl Calls {
    pub(super) fn is_announced(&self, id: &str) -> bool {
        self.open.contains_key(id)
    }

    pub(super) fn begin(&mut self, id: &str, name: &str, input: Option<&Json>) {
        let keeps_content = input.is_some_and(|input| tool::describe(name, Some(input)).keeps_content);
        let input = input.filter(|_| name == "TaskCreate").cloned();
        let call = Call { name: name.to_owned(), input, keeps_content };
        if self.open.insert(id.to_owned(), call).is_none() {
            self.order.push_back(id.to_owned());
        }
        while self.open.len() > MOST {
            let Some(oldest) = self.order.pop_front() else { break };
            self.open.remove(&oldest);
        }
    }

    pub(super) fn end(&mut self, id: &str) -> Option<Call> {
        let call = self.open.remove(id)?;
        self.order.retain(|open| open != id);
        Some(call)
    }
}
