#!/usr/bin/env bash
# Renews the hash-pinned requirements (no index addresses in them).
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.tools/bin/uv; [ -x "$uv" ] || uv=uv
options="--quiet --generate-hashes --no-emit-index-url --no-header --no-annotate"
$uv pip compile $options requirements/app.in --python-version 3.11 -o requirements/app.txt "$@"
$uv pip compile $options requirements/dev.in --python-version 3.11 -c requirements/app.txt -o requirements/dev.txt "$@"
$uv pip compile $options engine/requirements.in --python-version 3.10 -o engine/requirements.txt "$@"
