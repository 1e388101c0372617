#!/usr/bin/env bash
# Install clients of the Agent Client Protocol for acp/tests/clients: install-acp-clients.sh DIR
# The official Python SDK into DIR/python (a venv), acpx and the Node that it needs into DIR/node_modules.
set -euo pipefail

SDK=0.12.1
ACPX=0.19.1
NODE=22.23.3

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)

installed() { "$dir/python/bin/python" -c 'from importlib.metadata import version; print(version("agent-client-protocol"))' 2>/dev/null; }
if [ "$(installed)" != "$SDK" ]; then
    python3 -m venv --clear "$dir/python"
    "$dir/python/bin/pip" install --quiet --disable-pip-version-check "agent-client-protocol==$SDK" >&2
fi
if [ "$("$dir/node_modules/.bin/node" "$dir/node_modules/.bin/acpx" --version 2>/dev/null)" != "$ACPX" ]; then
    # An own package.json, so that npm does not climb to one above DIR.
    [ -f "$dir/package.json" ] || echo '{"private":true}' >"$dir/package.json"
    npm install --prefix "$dir" --silent --no-audit --no-fund "acpx@$ACPX" "node@$NODE" >&2
fi
