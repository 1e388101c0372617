//! What started a turn, or sent a message.

use crate::wire::view::{view, words};

view! {
    /// What started a turn, or sent a message. One that has no `kind` is as good as none.
    pub struct MessageOrigin {
        must {
            /// Who or what.
            kind: MessageOriginKind,
        }
        may {
            /// What kind of task notice it is.
            subkind: String,
            /// What made the notice. From 2.1.329.
            producer: String,
            /// The run of the task that it is about. From 2.1.329.
            run_id = "runId": String,
            /// Reason why a scheduled prompt came, e.g. `scheduled`, `manual`.
            fire_reason = "fireReason": String,
            /// MCP server of a channel.
            server: String,
            /// Sender: a session, or the observer.
            from: String,
            /// Permission class of the sending session: `bypass` or `prompting`.
            from_mode = "fromMode": String,
            /// Name of the sending session, for people.
            name: String,
            /// Id by which a host can open the sending session.
            from_session = "fromSession": String,
            /// Background subagent that sent the message.
            sender_task_id = "senderTaskId": String,
            /// Text of the message without its envelope.
            body: String,
            /// Process id of the sender, as the system reports it.
            verified_peer_pid = "verifiedPeerPid": u64,
        }
    }
}

words! {
    /// Who or what started a turn ([wire reference, section 2.1](crate::guide::wire#21-begin-and-end-of-a-turn)).
    pub enum MessageOriginKind {
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
