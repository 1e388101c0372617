"""Scenarios of editors and agents: scenarios.py [--twin COMMAND] AGENT [ARGUMENT...]

The agent runs the real CLI, whose model the prompts script. Each scenario gives a trace by meaning: responses with their reasons, texts,
permission requests, in their order. That of the agent must be as written here; where that of the twin, another agent, differs, both are
printed.
"""

import json
import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import threading
import time


# Time limit of a wait in seconds, long enough for a busy machine.
LONG = 180

# The client's MCP server.
NOTES = {
    "name": "notes",
    "command": sys.executable,
    "args": [os.path.join(os.path.dirname(os.path.abspath(__file__)), "notes.py")],
    "env": [{"name": "NOTES_PREFIX", "value": "noted: "}],
}


class Agent:
    def __init__(self, command, choice=None, servers=(), capabilities=None, form_response=None):
        self.command, self.capabilities, self.servers = command, capabilities or {}, list(servers)
        self.choice, self.form_response, self.last, self.trace, self.open_requests, self.all_text = choice, form_response, 0, [], [], ""
        self.names = {}
        self.start()
        new = self.wait(self.request("session/new", cwd=os.getcwd(), mcpServers=self.servers))
        self.session = new["result"]["sessionId"]
        self.wait(self.request("session/set_mode", sessionId=self.session, modeId="default"))
        self.trace = []

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.lines = queue.Queue()
        threading.Thread(target=self.read, args=(self.process, self.lines), daemon=True).start()
        self.wait(self.request("initialize", protocolVersion=1, clientCapabilities=self.capabilities))

    def load(self):
        """Kills the agent, and loads its session in another one."""
        self.process.kill()
        self.process.wait()
        self.trace, self.all_text = [], ""
        self.start()
        self.wait(self.request("session/load", sessionId=self.session, cwd=os.getcwd(), mcpServers=self.servers))

    def read(self, process, lines):
        for line in process.stdout:
            lines.put(json.loads(line))
        lines.put(None)

    def send(self, **message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def request(self, method, **params):
        self.last += 1
        self.send(id=self.last, method=method, params=params)
        return self.last

    def prompt(self, name, *steps):
        text = json.dumps({"steps": steps})
        number = self.request("session/prompt", sessionId=self.session, prompt=[{"type": "text", "text": text}])
        self.names[number] = name
        return number

    def cancel(self):
        self.send(method="session/cancel", params={"sessionId": self.session})

    def until(self, fits, seconds=LONG):
        """Reads on until a message fits."""
        end = time.time() + seconds
        while True:
            try:
                message = self.lines.get(timeout=max(0.01, end - time.time()))
            except queue.Empty:
                return None
            if message is None:
                raise EOFError(self.trace)
            self.record(message)
            if fits(message):
                return message

    def wait(self, number):
        got = self.until(lambda message: message.get("id") == number and "method" not in message)
        if got is None:
            self.trace.append(f"no response to {self.names.get(number, number)}")
        return got

    def record(self, message):
        update = message.get("params", {}).get("update", {})
        if message.get("method") == "session/request_permission":
            self.trace.append("permission?")
            self.open_requests.append(message["id"])
            if self.choice:
                fitting = [o["optionId"] for o in message["params"]["options"] if o["kind"] == self.choice]
                self.respond(message["id"], {"outcome": "selected", "optionId": fitting[0]})
        elif message.get("method") == "elicitation/create":
            self.trace.append(f"{message['params']['mode']}?")
            self.send(id=message["id"], result=self.form_response)
        elif update.get("sessionUpdate") == "tool_call_update" and update.get("status") in ("completed", "failed"):
            # Results of other tools are the CLI's own texts, which change.
            text = " ".join(part.get("content", {}).get("text", "") for part in update.get("content") or [])
            if "mcp__" in json.dumps(update.get("_meta", {})):
                self.trace.append(f"tool {text}")
        elif update.get("sessionUpdate") == "agent_message_chunk":
            # Pieces of one text are one event, however often a text is repeated.
            self.all_text += update["content"].get("text", "")
            text = update["content"].get("text", "").strip()
            if text and (not self.trace or self.trace[-1] != f"text {text}"):
                self.trace.append(f"text {text}")
        elif update.get("_meta", {}).get("claudeDuplex", {}).get("turn") == "ended":
            self.trace.append(f"ended {update['_meta']['claudeDuplex'].get('stopReason')}")
        elif "method" not in message and message["id"] in self.names:
            reason = message.get("result", {}).get("stopReason") or "error"
            self.trace.append(f"{self.names[message['id']]} {reason}")

    def respond(self, request, outcome):
        self.send(id=request, result={"outcome": outcome})

    def text(self, message):
        return message.get("params", {}).get("update", {}).get("sessionUpdate") == "agent_message_chunk"

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(LONG)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.trace.append("the agent does not end")
        return self.trace


def slow(text, count=40):
    return {"text": f"{text} " * count, "chunks": count, "delay_ms": 100}


def cancel_at_once(agent):
    first = agent.prompt("A", slow("a"))
    agent.cancel()
    agent.wait(first)
    agent.wait(agent.prompt("B", {"text": "b"}))


def two_queued(agent):
    prompts = [agent.prompt("A", slow("a", 15))]
    agent.until(agent.text)
    prompts += [agent.prompt("B", {"text": "b"}), agent.prompt("C", {"text": "c"})]
    for prompt in prompts:
        if f"{agent.names[prompt]} end_turn" not in agent.trace:
            agent.wait(prompt)


def cancel_with_one_queued(agent):
    first = agent.prompt("A", slow("a"))
    agent.until(agent.text)
    agent.prompt("B", {"text": "b"})
    time.sleep(0.3)
    agent.cancel()
    agent.wait(first)
    agent.wait(agent.prompt("C", {"text": "c"}))


def background(agent):
    task = {"tool": "Bash", "input": {"command": "sleep 2; echo x", "description": "d", "run_in_background": True}}
    agent.wait(agent.prompt("A", task, {"text": "started"}, {"text": "woken"}))
    agent.until(lambda message: agent.text(message) and "woken" in json.dumps(message))
    agent.wait(agent.prompt("B", {"text": "b"}))


def cancel_under_a_permission(agent):
    touch = {"tool": "Bash", "input": {"command": "touch never", "description": "d"}}
    first = agent.prompt("A", touch, {"text": "done"})
    agent.until(lambda message: message.get("method") == "session/request_permission")
    agent.cancel()
    agent.wait(first)
    for request in agent.open_requests:
        agent.respond(request, {"outcome": "cancelled"})
    agent.wait(agent.prompt("B", {"text": "b"}))


def the_cli_is_killed(agent):
    first = agent.prompt("A", slow("a", 100))
    agent.until(agent.text)
    with open(f"/proc/{agent.process.pid}/task/{agent.process.pid}/children") as children:
        for child in children.read().split():
            with open(f"/proc/{child}/cmdline") as line:
                if "stream-json" in line.read():
                    os.kill(int(child), signal.SIGKILL)
    agent.wait(first)
    agent.wait(agent.prompt("B", {"text": "b"}))


def cancel_and_prompt_at_once(agent):
    first = agent.prompt("A", slow("a"))
    agent.until(agent.text)
    agent.cancel()
    second = agent.prompt("B", {"text": "b"})
    agent.wait(first)
    agent.wait(second)


def tool_of_a_server(agent):
    agent.wait(agent.prompt("A", {"tool": "mcp__notes__note", "input": {"text": "tea"}}, {"text": "done"}))


def form_of_a_server(agent):
    agent.wait(agent.prompt("A", {"tool": "mcp__notes__ask", "input": {}}, {"text": "done"}))


def declined_form_of_a_server(agent):
    form_of_a_server(agent)


def cancelled_form_of_a_server(agent):
    form_of_a_server(agent)


def form_without_the_capability(agent):
    form_of_a_server(agent)


def link_of_a_server(agent):
    agent.wait(agent.prompt("A", {"tool": "mcp__notes__visit", "input": {}}, {"text": "done"}))


def the_agent_is_killed(agent):
    agent.wait(agent.prompt("A", {"text": "hello "}))
    touch = {"text": "before ", "tool": "Bash", "input": {"command": "touch kept", "description": "d"}}
    agent.prompt("B", touch, {"text": "after "})
    agent.until(lambda message: message.get("method") == "session/request_permission")
    agent.choice = "allow_once"
    agent.load()
    agent.until(lambda message: "ended end_turn" in agent.trace)
    agent.wait(agent.prompt("C", {"text": "next"}))
    # The text of each turn, once.
    agent.trace.append(f"all {agent.all_text}")
    agent.wait(agent.request("session/close", sessionId=agent.session))


def with_notes(capability=None, form_response=None):
    capabilities = {"elicitation": {capability: {}}} if capability else {}
    return {"choice": "allow_once", "servers": [NOTES], "capabilities": capabilities, "form_response": form_response}


# Settings of the client of a scenario, if they are not the usual ones.
CLIENTS = {
    background: {"choice": "allow_once"},
    tool_of_a_server: with_notes(),
    form_of_a_server: with_notes("form", {"action": "accept", "content": {"name": "Ada"}}),
    declined_form_of_a_server: with_notes("form", {"action": "decline"}),
    cancelled_form_of_a_server: with_notes("form", {"action": "cancel"}),
    form_without_the_capability: with_notes(),
    link_of_a_server: with_notes("url", {"action": "accept"}),
}

# Options of the agent in a scenario. Another agent has no such option.
OPTIONS = {the_agent_is_killed: ["--keep"]}

# The trace of the agent, as a pattern: one event a line.
SCENARIOS = {
    cancel_at_once: r"A cancelled\ntext b\nB end_turn",
    two_queued: r"text a\nA end_turn\ntext b\nB end_turn\ntext c\nC end_turn",
    cancel_with_one_queued: r"text a\n(B cancelled\nA cancelled|A cancelled\nB cancelled)\ntext c\nC end_turn",
    background: r"(permission\?\n)?text started\nA end_turn\ntext woken\ntext b\nB end_turn",
    cancel_under_a_permission: r"permission\?\nA cancelled\ntext b\nB end_turn",
    the_cli_is_killed: r"text a\nA error\ntext b\nB end_turn",
    cancel_and_prompt_at_once: r"text a\nA cancelled\ntext b\nB end_turn",
    tool_of_a_server: r"permission\?\ntool noted: tea\ntext done\nA end_turn",
    form_of_a_server: r"permission\?\nform\?\ntool accept Ada\ntext done\nA end_turn",
    declined_form_of_a_server: r"permission\?\nform\?\ntool decline\ntext done\nA end_turn",
    cancelled_form_of_a_server: r"permission\?\nform\?\ntool cancel\ntext done\nA end_turn",
    form_without_the_capability: r"permission\?\ntool decline\ntext done\nA end_turn",
    the_agent_is_killed: r"text hello\ntext before\npermission\?\ntext after\nended end_turn\ntext next\nC end_turn\n"
    r"all hello before after next",
    # 2.1.143 refuses links of servers by itself.
    link_of_a_server: r"permission\?\n(url\?\ntool accept|tool error)\ntext done\nA end_turn",
}


def main(arguments):
    twin = None
    if arguments[0] == "--twin":
        twin, arguments = shlex.split(arguments[1]), arguments[2:]
    failed = False
    for scenario, pattern in SCENARIOS.items():
        traces = []
        own = arguments[:1] + OPTIONS.get(scenario, []) + arguments[1:]
        for command in [own] + ([twin] if twin and scenario not in OPTIONS else []):
            agent = Agent(command, **CLIENTS.get(scenario, {}))
            scenario(agent)
            traces.append("\n".join(agent.end()))
        as_written = re.fullmatch(pattern, traces[0]) is not None
        failed |= not as_written
        shown = [trace.replace("\n", ", ") for trace in traces]
        print(f"  {scenario.__name__}: {'ok' if as_written else 'NOT as written: ' + shown[0]}")
        if len(traces) > 1 and traces[1] != traces[0]:
            print(f"    the agent: {shown[0]}\n    the twin:  {shown[1]}")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
