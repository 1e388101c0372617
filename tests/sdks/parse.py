"""Prints what the SDK's parser makes of each line of a file: parse.py FILE

One JSON object for each line: the kind of the message and its fields, under the names of the SDK. No CLI is started.
"""

import dataclasses
import json
import sys

from claude_agent_sdk._errors import MessageParseError
from claude_agent_sdk._internal.message_parser import parse_message


# Of the objects that the SDK passes on as they are: the counts, which every client reads.
USAGE = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "service_tier")
MODEL_USAGE = (
    "inputTokens",
    "outputTokens",
    "cacheReadInputTokens",
    "cacheCreationInputTokens",
    "costUSD",
    "contextWindow",
)
PARTS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}


def some(value, names):
    return value and {name: value[name] for name in names if name in value}


def event(value):
    """An event of the Messages API: its kind, its place, and what it adds."""
    kept = some(value, ("type", "index"))
    if value["type"] == "content_block_delta":
        delta = value["delta"]
        part = PARTS.get(delta["type"])
        kept["delta"] = {"type": delta["type"], "part": delta[part]} if part else {"type": "another"}
    if value["type"] == "message_delta":
        kept["stop_reason"] = value["delta"].get("stop_reason")
        kept["usage"] = some(value.get("usage"), USAGE)
    return kept


def shortened(message):
    if message["is"] in ("AssistantMessage", "ResultMessage"):
        message["usage"] = some(message["usage"], USAGE)
    if message["is"] == "ResultMessage" and message["model_usage"]:
        models = message["model_usage"]
        message["model_usage"] = {name: some(usage, MODEL_USAGE) for name, usage in models.items()}
    if message["is"] == "StreamEvent":
        message["event"] = event(message["event"])
    return message


def plain(value):
    """A value of the SDK as JSON. An object of a class gets the name of its class as `is`."""
    if dataclasses.is_dataclass(value):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        # The whole line or object again.
        fields.pop("data", None)
        fields.pop("raw", None)
        return {"is": type(value).__name__, **fields}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def parsed(line):
    try:
        data = json.loads(line)
    except ValueError:
        return {"is": "not JSON"}
    try:
        message = parse_message(data)
        return shortened(plain(message)) if message else {"is": "skipped"}
    except MessageParseError as error:
        return {"is": "error", "error": str(error)}
    except Exception as error:  # The parser itself fails.
        return {"is": "failure", "error": repr(error)}


with open(sys.argv[1], "rb") as lines:
    for line in lines:
        # In this way the SDK decodes the CLI's output.
        text = json.dumps(parsed(line.decode("utf-8", "replace")), ensure_ascii=False)
        # Half of a surrogate pair, which JSON can name and text cannot contain.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        sys.stdout.buffer.write(text.encode() + b"\n")
