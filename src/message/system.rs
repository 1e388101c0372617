//! `system` lines, by their `subtype`.

pub mod hooks;
pub mod model;
pub mod notices;
pub mod session;
pub mod storage;
pub mod tasks;

use crate::wire::view::tagged;

tagged! {
    /// A `system` line, by its `subtype` ([wire reference, section 1.5](crate::guide::wire#15-subtypes-of-system)).
    pub enum System by "subtype" {
        /// A turn begins.
        Init(Box<session::Init>) = "init",
        /// What the CLI is at; a new permission mode.
        Status(session::Status) = "status",
        /// Whether anything is owed.
        SessionStateChanged(session::SessionStateChanged) = "session_state_changed",
        /// The session has a new title.
        SessionTitleChanged(session::SessionTitleChanged) = "session_title_changed",
        /// There are other slash commands.
        CommandsChanged(session::CommandsChanged) = "commands_changed",
        /// What was before is summed up.
        CompactBoundary(session::CompactBoundary) = "compact_boundary",
        /// A plugin is being installed.
        PluginInstall(session::PluginInstall) = "plugin_install",
        /// The process will end.
        WorkerShuttingDown(session::WorkerShuttingDown) = "worker_shutting_down",
        /// A request to the API is tried again.
        ApiRetry(model::ApiRetry) = "api_retry",
        /// The model thinks.
        ThinkingTokens(model::ThinkingTokens) = "thinking_tokens",
        /// The model refused, and another answers.
        ModelRefusalFallback(model::ModelRefusal) = "model_refusal_fallback",
        /// The model refused, and no other answers.
        ModelRefusalNoFallback(model::ModelRefusal) = "model_refusal_no_fallback",
        /// A request of the host is worked on.
        ControlRequestProgress(model::ControlRequestProgress) = "control_request_progress",
        /// A task began.
        TaskStarted(tasks::TaskStarted) = "task_started",
        /// How far a task is.
        TaskProgress(tasks::TaskProgress) = "task_progress",
        /// Something about a task is new.
        TaskUpdated(tasks::TaskUpdated) = "task_updated",
        /// A task ended.
        TaskNotification(tasks::TaskNotification) = "task_notification",
        /// All tasks in the background.
        BackgroundTasksChanged(tasks::BackgroundTasksChanged) = "background_tasks_changed",
        /// A hook began.
        HookStarted(hooks::HookStarted) = "hook_started",
        /// A hook said something.
        HookProgress(hooks::HookProgress) = "hook_progress",
        /// A hook ended.
        HookResponse(hooks::HookResponse) = "hook_response",
        /// A call of a tool was not allowed.
        PermissionDenied(notices::PermissionDenied) = "permission_denied",
        /// A remark for people.
        Informational(notices::Informational) = "informational",
        /// A notice for people.
        Notification(notices::Notification) = "notification",
        /// The output of a slash command.
        LocalCommandOutput(notices::LocalCommandOutput) = "local_command_output",
        /// What the model remembers.
        MemoryRecall(notices::MemoryRecall) = "memory_recall",
        /// A form that was to be filled in elsewhere is done.
        ElicitationComplete(notices::ElicitationComplete) = "elicitation_complete",
        /// Files were stored.
        FilesPersisted(storage::FilesPersisted) = "files_persisted",
        /// The transcript could not be written.
        SessionWritesLost(storage::SessionWritesLost) = "session_writes_lost",
        /// The transcript could not be mirrored.
        MirrorError(storage::MirrorError) = "mirror_error",
    }
}
