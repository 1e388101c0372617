"""A host on the Python SDK: host.py SCENARIO PEER VERSION. Prints what the SDK delivers, one JSON object in a line."""

import asyncio
import json
import sys

from claude_agent_sdk import (
    AssistantMessage,
    ClaudeAgentOptions,
    ClaudeSDKClient,
    HookMatcher,
    PermissionResultAllow,
    PermissionResultDeny,
    ResultMessage,
    StreamEvent,
    SystemMessage,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
    UserMessage,
    create_sdk_mcp_server,
    tool,
)

SCENARIO, PEER, VERSION = sys.argv[1:]


def tell(kind, **fields):
    print(json.dumps({"kind": kind, **fields}), flush=True)


def told(message):
    if isinstance(message, SystemMessage) and message.subtype == "init":
        data = message.data
        tell("init", version=data.get("claude_code_version"), model=data["model"], servers=data["mcp_servers"])
    elif isinstance(message, (AssistantMessage, UserMessage)) and isinstance(message.content, list):
        for block in message.content:
            if isinstance(block, TextBlock):
                tell("text", of=type(message).__name__.removesuffix("Message").lower(), text=block.text)
            elif isinstance(block, ToolUseBlock):
                tell("tool_use", id=block.id, name=block.name, input=block.input)
            elif isinstance(block, ToolResultBlock):
                tell("tool_result", id=block.tool_use_id, content=block.content, is_error=bool(block.is_error))
    elif isinstance(message, ResultMessage):
        tell(
            "result",
            subtype=message.subtype,
            is_error=message.is_error,
            text=message.result,
            reason=message.terminal_reason,
            denials=message.permission_denials,
        )


async def decide(name, arguments, context):
    tell("asked", name=name, input=arguments, id=context.tool_use_id)
    if SCENARIO == "permission_denied":
        return PermissionResultDeny(message="not today")
    return PermissionResultAllow(updated_input={**arguments, "command": "ls -l"})


async def hook(given, tool_use_id, context):
    tell("hook", input=given, id=tool_use_id)
    return {}


@tool("add", "Adds two numbers", {"a": int, "b": int})
async def add(arguments):
    tell("called", name="add", input=arguments)
    return {"content": [{"type": "text", "text": str(arguments["a"] + arguments["b"])}]}


def options():
    more = {}
    if SCENARIO.startswith("permission"):
        more["can_use_tool"] = decide
    if SCENARIO == "hook":
        more["hooks"] = {
            "PreToolUse": [HookMatcher(matcher="Bash", hooks=[hook]), HookMatcher(matcher="Write", hooks=[hook])],
            "PostToolUse": [HookMatcher(hooks=[hook])],
        }
    if SCENARIO == "mcp":
        more["mcp_servers"] = {"calc": create_sdk_mcp_server("calc", tools=[add])}
        more["allowed_tools"] = ["mcp__calc__add"]
    if SCENARIO == "interrupt":
        more["include_partial_messages"] = True
    return ClaudeAgentOptions(cli_path=PEER, extra_args={"generation": VERSION}, **more)


async def main(prompts):
    async with ClaudeSDKClient(options()) as client:
        tell("ready")
        for number, prompt in enumerate(prompts):
            interrupts = SCENARIO == "interrupt" and number == 0
            await client.query(prompt)
            async for message in client.receive_response():
                told(message)
                if interrupts and isinstance(message, StreamEvent) and message.event["type"] == "content_block_delta":
                    interrupts = False
                    await client.interrupt()
                    tell("interrupted")
    tell("closed")


asyncio.run(main(json.load(sys.stdin)))
