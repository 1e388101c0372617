//! `system` messages, by their `subtype`.

pub mod hooks;
pub mod model;
pub mod notices;
pub mod session;
pub mod storage;
pub mod tasks;

use crate::wire::view::tagged;

tagged! {
    /// `system` message, by its `subtype` ([wire reference, section 1.5](crate::guide::wire#15-subtypes-of-system)).
    pub enum System by "subtype" {
        /// Start of a turn.
        Init(Box<session::Init>) = "init",
        /// Current activity of the CLI, or a new permission mode.
        Status(session::Status) = "status",
        /// Change between idle and running.
        SessionStateChanged(session::SessionStateChanged) = "session_state_changed",
        /// New title of the session.
        SessionTitleChanged(session::SessionTitleChanged) = "session_title_changed",
        /// New list of slash commands.
        CommandsChanged(session::CommandsChanged) = "commands_changed",
        /// Compaction of the conversation.
        CompactBoundary(session::CompactBoundary) = "compact_boundary",
        /// Progress of the installation of plugins.
        PluginInstall(session::PluginInstall) = "plugin_install",
        /// Announcement that the process will end.
        WorkerShuttingDown(session::WorkerShuttingDown) = "worker_shutting_down",
        /// Retry of a failed API request.
        ApiRetry(model::ApiRetry) = "api_retry",
        /// Progress of the thinking of the model.
        ThinkingTokens(model::ThinkingTokens) = "thinking_tokens",
        /// Refusal by a model; another model answers.
        ModelRefusalFallback(model::ModelRefusal) = "model_refusal_fallback",
        /// Refusal by a model; no other model answers.
        ModelRefusalNoFallback(model::ModelRefusal) = "model_refusal_no_fallback",
        /// Progress of an outgoing request.
        ControlRequestProgress(model::ControlRequestProgress) = "control_request_progress",
        /// Start of a task.
        TaskStarted(tasks::TaskStarted) = "task_started",
        /// Progress of a task.
        TaskProgress(tasks::TaskProgress) = "task_progress",
        /// Changed properties of a task.
        TaskUpdated(tasks::TaskUpdated) = "task_updated",
        /// End of a task.
        TaskNotification(tasks::TaskNotification) = "task_notification",
        /// Complete list of background tasks.
        BackgroundTasksChanged(tasks::BackgroundTasksChanged) = "background_tasks_changed",
        /// Start of a hook.
        HookStarted(hooks::HookStarted) = "hook_started",
        /// Output of a running hook.
        HookProgress(hooks::HookProgress) = "hook_progress",
        /// End of a hook.
        HookResponse(hooks::HookResponse) = "hook_response",
        /// Denial of a tool call.
        PermissionDenied(notices::PermissionDenied) = "permission_denied",
        /// Remark for the user.
        Informational(notices::Informational) = "informational",
        /// Notification for the user.
        Notification(notices::Notification) = "notification",
        /// Output of a slash command.
        LocalCommandOutput(notices::LocalCommandOutput) = "local_command_output",
        /// Memories recalled for the model.
        MemoryRecall(notices::MemoryRecall) = "memory_recall",
        /// End of an elicitation by URL.
        ElicitationComplete(notices::ElicitationComplete) = "elicitation_complete",
        /// Result of storing files at the API.
        FilesPersisted(storage::FilesPersisted) = "files_persisted",
        /// Failure to write the transcript.
        SessionWritesLost(storage::SessionWritesLost) = "session_writes_lost",
        /// Failure to mirror the transcript.
        MirrorError(storage::MirrorError) = "mirror_error",
    }
}
