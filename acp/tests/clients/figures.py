"""Costs of the agent: figures.py AGENT CLAUDE MOCK [TWIN...]

From the start to the end of the first answer, without and with `--keep`, in alternation with the CLI alone (and a twin, another agent): the
median of all rounds, and of the ratios to the CLI of the same round. Then the resident memory of the agent, and of the keepers, with ten
sessions of the mock CLI that have answered, and the size of the program. `acp/tests/clients/real --figures` runs it. On a busy machine
ROUNDS=30 takes more rounds than ten.
"""

import json
import os
import statistics
import subprocess
import sys
import time

ROUNDS = int(os.environ.get("ROUNDS", "10"))
SESSIONS = 10
FLAGS = (
    "-p --input-format stream-json --output-format stream-json --verbose --permission-prompt-tool stdio"
    " --replay-user-messages --include-partial-messages"
).split()


class Lines:
    def __init__(self, command):
        # Linux shares a busy processor between the sessions of processes, and a keeper has one of its own: so has each command.
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            start_new_session=True,
        )

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")

    def until(self, fits):
        for line in self.process.stdout:
            message = json.loads(line)
            if fits(message):
                return message
        sys.exit(f"{self.process.args[0]} has ended")

    def call(self, number, method, **params):
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        message = self.until(lambda message: message.get("id") == number and "method" not in message)
        return message.get("result") or sys.exit(f"{method}: {message}")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def of_the_cli(claude):
    start = time.monotonic()
    cli = Lines([claude, *FLAGS])
    cli.send({"type": "control_request", "request_id": "1", "request": {"subtype": "initialize"}})
    cli.until(lambda message: message["type"] == "control_response")
    cli.send({"type": "user", "message": {"role": "user", "content": "hello"}, "parent_tool_use_id": None})
    cli.until(lambda message: message["type"] == "result")
    took = time.monotonic() - start
    cli.end()
    return took


def session(agent, number):
    new = agent.call(number, "session/new", cwd=os.getcwd(), mcpServers=[])
    prompt = [{"type": "text", "text": "hello"}]
    agent.call(number + 1, "session/prompt", sessionId=new["sessionId"], prompt=prompt)


def of_an_agent(command):
    start = time.monotonic()
    agent = Lines(command)
    agent.call(1, "initialize", protocolVersion=1, clientCapabilities={})
    session(agent, 2)
    took = time.monotonic() - start
    agent.end()
    return took


def field(process, name):
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(f"{name}:"))


def resident(process):
    return field(process, "VmRSS") / 1024


def keepers(program):
    """Returns the processes of the keepers: each is the parent of the CLI that it keeps."""
    listed = subprocess.run([program, "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    clis = [int(line.split("pid ")[1].split()[0]) for line in listed.splitlines() if "pid " in line]
    return [field(cli, "PPid") for cli in clis]


def memory(program, *options):
    agent = Lines([program, *options])
    agent.call(1, "initialize", protocolVersion=1, clientCapabilities={})
    for number in range(SESSIONS):
        session(agent, 2 + 2 * number)
    kept = [resident(process) for process in keepers(program)]
    name = "with --keep" if "--keep" in options else "without --keep"
    print(f"resident with ten sessions, {name}: {resident(agent.process.pid):.1f} MiB")
    if "--keep" in options:
        assert len(kept) == SESSIONS, kept
        print(f"resident, each of the keepers: {statistics.median(kept):.1f} MiB ({min(kept):.1f} to {max(kept):.1f})")
    else:
        assert not kept, kept
    agent.end()


def main(program, claude, mock, *twin):
    ours = [program, "--claude", claude]
    commands = {"the agent": ours, "the agent with --keep": [*ours, "--keep"], **({"the twin": twin} if twin else {})}
    alone = []
    times = {name: [] for name in commands}
    for _ in range(ROUNDS):
        alone.append(of_the_cli(claude))
        for name, command in commands.items():
            times[name].append(of_an_agent(command))
    median = statistics.median(alone)
    print(f"the CLI alone: {median:.2f} s ({min(alone):.2f} to {max(alone):.2f})")
    for name, all_ in times.items():
        pairs = statistics.median(took / cli for cli, took in zip(alone, all_))
        own = statistics.median(all_)
        print(f"{name}: {own:.2f} s ({min(all_):.2f} to {max(all_):.2f}), {own / median:.2f} times; pairs {pairs:.2f}")
    memory(program, "--claude", mock)
    memory(program, "--claude", mock, "--keep")
    print(f"size of the program: {os.path.getsize(program) / 1e6:.2f} MB")


main(*sys.argv[1:])
