//! What started a turn, or sent a message.

use crate::wire::view::{view, words};

view! {
    /// What started a turn, or sent a message. One that has no `kind` is as good as none.
    pub struct Origin {
        must {
            /// Who or what.
            kind: OriginKind,
        }
        may {
            /// What kind of task notice it is.
            subkind: String,
            /// What made the notice. From 2.1.329.
            producer: String,
            /// The run of the task that it is about. From 2.1.329.
            run_id = "runId": String,
        }
    }
}

words! {
    /// Who or what started a turn (wire reference, section 2.1).
    pub enum OriginKind {
        /// A person.
        Human = "human",
        /// A message of an MCP channel.
        Channel = "channel",
        /// A message of another session.
        Peer = "peer",
        /// A background task that ended, a scheduled prompt, and the like.
        TaskNotification = "task-notification",
        /// The coordinator of several sessions.
        Coordinator = "coordinator",
        /// Nobody knows.
        Unclassified = "unclassified",
        /// An observer.
        Observer = "observer",
        /// What an observer saw.
        ObserverActivity = "observer-activity",
        /// The CLI went on by itself.
        AutoContinuation = "auto-continuation",
    }
}
