//! Origin of a turn or of a message.

use crate::wire::view::{view, words};

view! {
    /// Origin of a turn or of a message. An origin without `kind` reads as absent.
    pub struct MessageOrigin {
        must {
            /// Kind of the origin.
            kind: MessageOriginKind,
        }
        may {
            /// Kind of a task notification, e.g. `scheduled-trigger`, `external-event`.
            subkind: String,
            /// Producer of a task notification. Since 2.1.329.
            producer: String,
            /// Identifier of the run that a task notification is about. Since 2.1.329.
            run_id = "runId": String,
            /// Trigger of a scheduled prompt, e.g. `scheduled`, `manual`.
            fire_reason = "fireReason": String,
            /// Name of the MCP server of a channel.
            server: String,
            /// Sender of the message: a session or the observer.
            from: String,
            /// Permission class of the sending session: `bypass` or `prompting`.
            from_mode = "fromMode": String,
            /// Display name of the sending session.
            name: String,
            /// Identifier by which a host can open the sending session.
            from_session = "fromSession": String,
            /// Identifier of the background subagent that sent the message.
            sender_task_id = "senderTaskId": String,
            /// Text of the message without its envelope.
            body: String,
            /// Process id of the sender, as reported by the operating system.
            verified_peer_pid = "verifiedPeerPid": u64,
        }
    }
}

words! {
    /// Kind of the origin of a turn or message
    /// ([wire reference, section 2.1](crate::guide::wire#21-begin-and-end-of-a-turn)).
    pub enum MessageOriginKind {
        /// Prompt of a person.
        Human = "human",
        /// Message of an MCP channel.
        Channel = "channel",
        /// Message of another session.
        Peer = "peer",
        /// Notification, e.g. about a background task that ended, or a scheduled prompt.
        TaskNotification = "task-notification",
        /// Message of the coordinator of several sessions.
        Coordinator = "coordinator",
        /// Origin that the CLI could not classify.
        Unclassified = "unclassified",
        /// Message of an observer.
        Observer = "observer",
        /// Activity that an observer reports.
        ObserverActivity = "observer-activity",
        /// Continuation that the CLI started by itself.
        AutoContinuation = "auto-continuation",
    }
}
