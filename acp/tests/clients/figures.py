"""What the agent costs: figures.py AGENT CLAUDE MOCK [TWIN...]

From the start to the end of the first answer, in alternation with the CLI alone (and a twin, another agent): the median of ten. Then the
resident memory of the agent with ten sessions of the mock CLI that have answered, and the size of the program.
"""

import json
import os
import statistics
import subprocess
import sys
import time

FLAGS = (
    "-p --input-format stream-json --output-format stream-json --verbose --permission-prompt-tool stdio"
    " --replay-user-messages --include-partial-messages"
).split()


class Lines:
    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1
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


def resident(process):
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def main(program, claude, mock, *twin):
    ours = [program, "--claude", claude]
    times = {"the CLI alone": [], "the agent": [], **({"the twin": []} if twin else {})}
    for _ in range(10):
        times["the CLI alone"].append(of_the_cli(claude))
        times["the agent"].append(of_an_agent(ours))
        if twin:
            times["the twin"].append(of_an_agent(twin))
    alone = statistics.median(times["the CLI alone"])
    for name, all_ in times.items():
        median = statistics.median(all_)
        print(f"{name}: {median:.2f} s ({min(all_):.2f} to {max(all_):.2f}), {median / alone:.2f} times")
    pairs = [agent / cli for cli, agent in zip(times["the CLI alone"], times["the agent"])]
    print(f"the agent over the CLI, median of the pairs: {statistics.median(pairs):.2f}")
    agent = Lines([program, "--claude", mock])
    agent.call(1, "initialize", protocolVersion=1, clientCapabilities={})
    for number in range(10):
        session(agent, 2 + 2 * number)
    print(f"resident with ten sessions: {resident(agent.process.pid) / 1024:.1f} MiB")
    agent.end()
    print(f"size of the program: {os.path.getsize(program) / 1e6:.1f} MB")


main(*sys.argv[1:])
