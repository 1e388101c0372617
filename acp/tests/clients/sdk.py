"""The official Python SDK as the agent's client: sdk.py AGENT [ARGUMENT...]

Prompts are scripts, which the mock CLI and the stand-in for the Messages API both read. A session on disk to load is named by
LOAD; without it the first session is loaded again, which needs the real CLI.
"""

import asyncio
import json
import os
import signal
import sys

from acp import PROTOCOL_VERSION, image_block, spawn_agent_process, text_block
from acp.schema import AllowedOutcome, DeniedOutcome, RequestPermissionResponse

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Client:
    """Client that keeps all updates, and responds to permission requests with `choice`."""

    def __init__(self):
        self.choice = "allow_once"
        self.shown = []
        self.was_requested = asyncio.Event()

    async def request_permission(self, options, session_id, tool_call, **_):
        self.was_requested.set()
        if self.choice == "wait":
            await asyncio.sleep(3600)
        fitting = [option for option in options if option.kind == self.choice]
        if not fitting:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=fitting[0].option_id))

    async def session_update(self, session_id, update, **_):
        self.shown.append(update)

    def on_connect(self, connection):
        pass

    def text(self):
        chunks = [update for update in self.shown if type(update).__name__ == "AgentMessageChunk"]
        return "".join(chunk.content.text for chunk in chunks)

    def calls(self):
        """Returns the last status of each call."""
        calls = {}
        for update in self.shown:
            if type(update).__name__ in ("ToolCallStart", "ToolCallProgress"):
                calls[update.tool_call_id] = update.status or calls.get(update.tool_call_id)
        return list(calls.values())


def script(*steps):
    return [text_block(json.dumps({"steps": steps}))]


TOUCH = {"tool": "Bash", "input": {"command": "touch made-by-the-agent", "description": "d"}}
MKDIR = {"tool": "Bash", "input": {"command": "mkdir -p made", "description": "d"}}
SLOW = {"text": "A " * 100, "chunks": 100, "delay_ms": 100}


def check(name, got, wanted):
    if got != wanted:
        sys.exit(f"{name}: {got!r}, not {wanted!r}")
    print(f"  {name}: ok")


async def main():
    client = Client()
    async with spawn_agent_process(client, *sys.argv[1:], env=dict(os.environ)) as (agent, process):
        hello = await agent.initialize(protocol_version=PROTOCOL_VERSION)
        check("initialize", (hello.protocol_version, hello.agent_info.name), (1, "claude-duplex-acp"))
        session = (await agent.new_session(cwd=os.getcwd(), mcp_servers=[])).session_id

        async def prompt(content):
            client.shown.clear()
            return (await agent.prompt(session_id=session, prompt=content)).stop_reason

        for text in ("hello", "again"):
            check(f"a turn: {text}", (await prompt(script({"text": text})), client.text()), ("end_turn", text))
        for choice, status in (("allow_once", "completed"), ("reject_once", "failed")):
            client.choice = choice
            stop = await prompt(script(TOUCH, {"text": "done"}))
            check(f"a permission: {choice}", (stop, client.calls()), ("end_turn", [status]))
        client.choice = "none of them"
        check("a permission: cancelled", await prompt(script(TOUCH, {"text": "done"})), "cancelled")

        client.choice = "wait"
        client.was_requested.clear()
        waiting = asyncio.create_task(prompt(script(TOUCH, {"text": "done"})))
        await client.was_requested.wait()
        await agent.cancel(session_id=session)
        check("cancel with an open permission", await waiting, "cancelled")

        client.choice = "allow_once"
        slow = asyncio.create_task(prompt(script(SLOW)))
        while not client.text():
            await asyncio.sleep(0.01)
        queued = asyncio.create_task(agent.prompt(session_id=session, prompt=script({"text": "never"})))
        await asyncio.sleep(0)
        await agent.cancel(session_id=session)
        check("cancel with one queued", (await slow, (await queued).stop_reason), ("cancelled", "cancelled"))

        client.shown.clear()
        three = [agent.prompt(session_id=session, prompt=script({"text": text})) for text in ("1", "2", "3")]
        stops = [response.stop_reason for response in await asyncio.gather(*three)]
        check("a queue", (stops, client.text()), (["end_turn"] * 3, "123"))

        image = [image_block(data=PIXEL, mime_type="image/png"), *script({"text": "a pixel"})]
        check("an image", (await prompt(image), client.text()), ("end_turn", "a pixel"))

        if "LOAD" not in os.environ:
            # The mock CLI suggests nothing to remember.
            client.choice = "allow_always"
            await prompt(script(MKDIR, {"text": "done"}))
            client.was_requested.clear()
            stop = await prompt(script(MKDIR, {"text": "done"}))
            check("a permission: allow_always", (stop, client.was_requested.is_set()), ("end_turn", False))
        listed = {known.session_id for known in (await agent.list_sessions()).sessions}
        old = os.environ.get("LOAD", session)
        check("a list", old in listed, True)
        if "LOAD" not in os.environ:
            await agent.close_session(session_id=session)
        client.shown.clear()
        await agent.load_session(cwd=os.getcwd(), session_id=old, mcp_servers=[])
        check("a history", "again" in client.text(), True)
        session = old
        check("a loaded session", (await prompt(script({"text": "goes on"})), client.text()), ("end_turn", "goes on"))

        dying = asyncio.create_task(prompt(script(SLOW)))
        while not client.text():
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        try:
            await dying
            ended = "a response"
        except Exception:
            ended = "an error"
        check("an agent that dies", ended, "an error")


try:
    asyncio.run(asyncio.wait_for(main(), 300))
except (BrokenPipeError, ConnectionError):
    # The SDK closes pipes that died with the agent.
    pass
