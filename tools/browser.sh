#!/usr/bin/env bash
# The browser tests need Chromium and fonts with every letter; on Debian they are installed when missing.
set -euo pipefail
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium for the browser tests …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-core fonts-noto-cjk >/dev/null
else
  echo "The browser tests need Chromium: apt-get install chromium fonts-noto-core fonts-noto-cjk" >&2
  exit 1
fi
