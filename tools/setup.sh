#!/usr/bin/env bash
# Sets up one environment from its hash-pinned requirements. Called by the Makefile.
#   tools/setup.sh app|dev|engine
# Looks for a fitting Python (uv's own search, pyenv's folders, then a download by uv).
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1
UV_VERSION=0.13.9
uv=.tools/bin/uv

find_uv() {
  [ -x "$uv" ] && return
  if command -v uv >/dev/null 2>&1; then uv=$(command -v uv); return; fi
  echo "Fetching uv …"
  base=""
  for each in python3 python "$HOME"/.pyenv/versions/3.1[1-9].*/bin/python; do
    if "$each" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1; then base=$each; break; fi
  done
  [ -n "$base" ] || { echo "No Python with venv was found. Install Python 3 (and python3-venv) first." >&2; exit 1; }
  "$base" -m venv .tools
  .tools/bin/python -m pip install --quiet "uv==$UV_VERSION"
}

find_python() {  # prints the path of a Python of one of the wanted versions
  for version in "$@"; do
    for path in "$HOME"/.pyenv/versions/"$version".*/bin/python"$version" "${PYENV_ROOT:-/nonexistent}"/versions/"$version".*/bin/python"$version"; do
      [ -x "$path" ] && { echo "$path"; return; }
    done
    path=$("$uv" python find --no-python-downloads "$version" 2>/dev/null || true)
    if [ -n "$path" ] && "$path" -c 'pass' 2>/dev/null; then echo "$path"; return; fi
  done
  echo "$1"  # uv downloads it
}

build() {  # folder, requirements, python versions…
  local folder=$1 requirements=$2; shift 2
  local stamp="$folder/.requirements"
  if [ -f "$stamp" ] && cmp -s "$requirements" "$stamp"; then return; fi
  find_uv
  echo "Building $folder from $requirements …"
  [ -x "$folder/bin/python" ] || "$uv" venv --quiet --python "$(find_python "$@")" "$folder"
  "$uv" pip sync --quiet --python "$folder/bin/python" --require-hashes "$requirements"
  cp "$requirements" "$stamp"
}

case $kind in
  app)
    # A work tree set up for development has everything the app needs.
    if [ -f .venv/.requirements ] && cmp -s requirements/dev.txt .venv/.requirements; then exit 0; fi
    build .venv requirements/app.txt 3.12 3.13 3.11 ;;
  dev) build .venv requirements/dev.txt 3.12 3.13 3.11 ;;
  engine) build engine/.venv engine/requirements.txt 3.10 ;;
  *) echo "unknown environment: $kind" >&2; exit 2 ;;
esac
