//! Hooks that a handler registers.

use std::fmt;
use std::marker::PhantomData;

use crate::incoming::hook::{self, HookEvent, HookInput};
use crate::outgoing::request::HookMatcher;

/// Hook to register with its handler: the event, and a filter for its calls. See
/// [`Handlers::hook`](super::Handlers::hook).
///
/// ```
/// use claude_duplex::incoming::hook::{HookPermissionDecision, PreToolUseOutput};
/// use claude_duplex::{Handlers, Hook};
///
/// let guard = Hook::pre_tool_use().for_matching("Bash|Write").timeout(10);
/// let handlers = Handlers::new().hook(guard, async |call| {
///     let verdict = match call.input.tool_input.as_str().contains("sudo") {
///         true => HookPermissionDecision::Deny,
///         false => HookPermissionDecision::Ask,
///     };
///     PreToolUseOutput::new().permission_decision(verdict)
/// });
/// ```
///
/// The output of another event does not compile:
///
/// ```compile_fail,E0277
/// # use claude_duplex::incoming::hook::PostToolUseOutput;
/// # use claude_duplex::{Handlers, Hook};
/// Handlers::new().hook(Hook::pre_tool_use(), async |_| PostToolUseOutput::new());
/// ```
#[must_use = "a hook is registered by `Handlers::hook`"]
pub struct Hook<I> {
    pub(super) event: HookEvent,
    pub(super) matcher: HookMatcher,
    input: PhantomData<fn() -> I>,
}

impl<I> Hook<I> {
    fn on(event: HookEvent) -> Self {
        Self { event, matcher: HookMatcher::bare(), input: PhantomData }
    }

    /// Calls the hook only for these tools, sources or kinds: a name, or a pattern such as `Write|Edit`.
    pub fn for_matching(mut self, matcher: impl Into<String>) -> Self {
        self.matcher = self.matcher.for_matching(matcher);
        self
    }

    /// Sets the time for a response, in seconds: see [`HookMatcher::timeout`].
    pub fn timeout(mut self, seconds: u64) -> Self {
        self.matcher = self.matcher.timeout(seconds);
        self
    }

    /// Blocks the guarded action if the hook fails. Requires a CLI that supports it: see
    /// [`Initialize::check`](crate::request::Initialize::check).
    pub fn block(mut self) -> Self {
        self.matcher = self.matcher.block();
        self
    }
}

impl Hook<HookInput> {
    /// Creates a hook for any event, e.g. one of a later CLI ([`HookEvent::Other`]). Its handler gets the input
    /// that every event has.
    pub fn for_event(event: HookEvent) -> Self {
        Self::on(event)
    }
}

macro_rules! events {
    ($($name:ident: $event:ident($input:ident),)+) => {$(
        impl Hook<hook::$input> {
            #[doc = concat!("Creates a hook for [`HookEvent::", stringify!($event), "`].")]
            pub fn $name() -> Self {
                Self::on(HookEvent::$event)
            }
        }
    )+};
}

events! {
    pre_tool_use: PreToolUse(PreToolUseHookInput),
    post_tool_use: PostToolUse(PostToolUseHookInput),
    post_tool_use_failure: PostToolUseFailure(PostToolUseFailureHookInput),
    post_tool_batch: PostToolBatch(PostToolBatchHookInput),
    notification: Notification(NotificationHookInput),
    user_prompt_submit: UserPromptSubmit(UserPromptSubmitHookInput),
    user_prompt_expansion: UserPromptExpansion(UserPromptExpansionHookInput),
    session_start: SessionStart(SessionStartHookInput),
    session_end: SessionEnd(SessionEndHookInput),
    stop: Stop(StopHookInput),
    stop_failure: StopFailure(StopFailureHookInput),
    subagent_start: SubagentStart(SubagentStartHookInput),
    subagent_stop: SubagentStop(SubagentStopHookInput),
    pre_compact: PreCompact(PreCompactHookInput),
    post_compact: PostCompact(PostCompactHookInput),
    pre_model_switch: PreModelSwitch(PreModelSwitchHookInput),
    post_model_switch: PostModelSwitch(PostModelSwitchHookInput),
    permission_request: PermissionRequest(PermissionRequestHookInput),
    permission_denied: PermissionDenied(PermissionDeniedHookInput),
    setup: Setup(SetupHookInput),
    teammate_idle: TeammateIdle(TeammateIdleHookInput),
    task_created: TaskCreated(TaskCreatedHookInput),
    task_completed: TaskCompleted(TaskCompletedHookInput),
    elicitation: Elicitation(ElicitationHookInput),
    elicitation_result: ElicitationResult(ElicitationResultHookInput),
    config_change: ConfigChange(ConfigChangeHookInput),
    instructions_loaded: InstructionsLoaded(InstructionsLoadedHookInput),
    worktree_create: WorktreeCreate(WorktreeCreateHookInput),
    worktree_remove: WorktreeRemove(WorktreeRemoveHookInput),
    cwd_changed: CwdChanged(CwdChangedHookInput),
    file_changed: FileChanged(FileChangedHookInput),
    directory_added: DirectoryAdded(DirectoryAddedHookInput),
    message_display: MessageDisplay(MessageDisplayHookInput),
    pre_skill_shell_command: PreSkillShellCommand(PreSkillShellCommandHookInput),
}

impl<I> fmt::Debug for Hook<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("event", &self.event).field("matcher", &self.matcher).finish()
    }
}
