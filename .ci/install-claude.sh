#!/usr/bin/env bash
# Install one published version of the `claude` CLI: install-claude.sh VERSION DIR
# The last line on stdout is the path to run: a native binary, or a cli.js for node (old versions).
set -euo pipefail

if [ $# -ne 2 ]; then
    echo "usage: $0 VERSION DIR" >&2
    exit 2
fi
version=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
scope=$dir/node_modules/@anthropic-ai

# The path to run, if exactly this version is installed whole.
installed() {
    local candidate
    is_version "$scope/claude-code" || return 1
    if [ -f "$scope/claude-code/cli.js" ]; then
        echo "$scope/claude-code/cli.js"
        return 0
    fi
    # Else the platform's package beside it.
    for candidate in "$scope"/claude-code-*/claude; do
        # npm passes over a platform's package that it could not fetch: an older one may still be there.
        if [ -x "$candidate" ] && is_version "${candidate%/claude}" && runs_here "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

is_version() {
    [ -f "$1/package.json" ] && grep -Eq "\"version\": *\"${version//./\\.}\"" "$1/package.json"
}

# npm may have taken the packages of both C libraries. Told by name: the CLI is run in the tests' namespace only.
runs_here() {
    local libc=gnu wanted=gnu
    case $(ldd --version 2>&1 || true) in *musl*) libc=musl ;; esac
    case $1 in
        *-musl/claude) wanted=musl ;;
        */claude-code-darwin-*) return 0 ;;
    esac
    [ "$libc" = "$wanted" ]
}

if ! path=$(installed); then
    # An own package.json, so that npm does not climb to one above DIR. No install scripts: nothing here needs them.
    [ -f "$dir/package.json" ] || echo '{"private":true}' >"$dir/package.json"
    npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --no-package-lock --no-save \
        "@anthropic-ai/claude-code@$version" >&2
    if ! path=$(installed); then
        echo "$0: npm installed $version into $dir, but neither a native binary nor a cli.js is there" >&2
        exit 1
    fi
fi
echo "$path"
