#!/usr/bin/env bash
# Install the official SDKs for tests/sdks: install-sdks.sh DIR
# Python into DIR/python (a venv), TypeScript into DIR/typescript/node_modules, both without the CLI that they bring.
set -euo pipefail

PYTHON_SDK=0.2.189
TYPESCRIPT_SDK=0.3.332

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)
python=$dir/python
typescript=$dir/typescript
package=@anthropic-ai/claude-agent-sdk

has_python() {
    [ "$("$python/bin/python" -c 'import claude_agent_sdk as sdk; print(sdk.__version__)' 2>/dev/null)" = "$PYTHON_SDK" ]
}

has_typescript() {
    local json=$typescript/node_modules/$package/package.json
    [ -f "$json" ] && grep -Eq "\"version\": *\"${TYPESCRIPT_SDK//./\\.}\"" "$json"
}

if ! has_python; then
    python3 -m venv --clear "$python"
    # The wheels carry a CLI; the source does not.
    "$python/bin/pip" install --quiet --disable-pip-version-check --no-binary claude-agent-sdk \
        "claude-agent-sdk==$PYTHON_SDK" >&2
    has_python || { echo "$0: $python has no claude-agent-sdk $PYTHON_SDK" >&2; exit 1; }
fi

if ! has_typescript; then
    mkdir -p "$typescript"
    # An own package.json, so that npm does not climb to one above DIR.
    [ -f "$typescript/package.json" ] || echo '{"private":true}' >"$typescript/package.json"
    # The CLI is an optional dependency.
    npm install --prefix "$typescript" --omit=optional --ignore-scripts --no-audit --no-fund --no-package-lock \
        --no-save "$package@$TYPESCRIPT_SDK" >&2
    has_typescript || { echo "$0: $typescript has no $package $TYPESCRIPT_SDK" >&2; exit 1; }
fi
