"""A small MCP server on stdin and stdout, for tests: three tools, two of which send an elicitation.

`note` returns its text behind the value of NOTES_PREFIX. `ask` requests a name by a form, and `visit` the opening of a link; both
return the action of the user, with the name if there is one.
"""

import json
import os
import sys

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
FORM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
ELICITATIONS = {
    "ask": {"message": "who?", "requestedSchema": FORM},
    "visit": {"message": "log in", "mode": "url", "url": "https://localhost/login", "elicitationId": "visit-1"},
}


def send(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def respond(request, text):
    send(id=request, result={"content": [{"type": "text", "text": text}]})


def main():
    waiting = None
    for line in sys.stdin:
        message = json.loads(line)
        method, request, params = message.get("method"), message.get("id"), message.get("params", {})
        if method == "initialize":
            server = {"name": "notes", "version": "1"}
            version = params["protocolVersion"]
            send(id=request, result={"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server})
        elif method == "tools/list":
            tools = [{"name": name, "description": name, "inputSchema": TEXT} for name in ("note", "ask", "visit")]
            send(id=request, result={"tools": tools})
        elif method == "tools/call" and params["name"] in ELICITATIONS:
            waiting = request
            send(id="question", method="elicitation/create", params=ELICITATIONS[params["name"]])
        elif method == "tools/call":
            respond(request, os.environ.get("NOTES_PREFIX", "") + params["arguments"].get("text", ""))
        elif method and request is not None:
            send(id=request, result={})
        elif request == "question":
            result = message.get("result") or {"action": "error"}
            respond(waiting, " ".join([result["action"], *(result.get("content") or {}).values()]))


main()
