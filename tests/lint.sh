#!/usr/bin/env bash
# The laws of the house: `tests/lint.sh [--build DIR] [--fast]`; `make lint` builds before.
set -euo pipefail
cd "$(dirname "$0")/.."
exec node tests/lint/lint.mjs "$@"
