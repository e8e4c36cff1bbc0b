#!/usr/bin/env bash
# Runs `npm test` on another Node.js than the pinned one: on-node.sh VERSION, such as 24.15.0 or 26.
set -euo pipefail
source "$(dirname "$0")/machine.sh"
cd "$repository"
node=$(from_registry node "$1")/bin/node
echo "the suite on Node.js $("$node" --version)"
# Outside of npm, which would put the pinned one first on the PATH.
PATH=$(dirname "$node"):$PATH exec sh -c "$("$node" -p "require('./package.json').scripts.test")"
