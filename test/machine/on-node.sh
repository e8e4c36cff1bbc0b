#!/usr/bin/env bash
# Runs the suite on another Node.js than the pinned one: on-node.sh VERSION, such as 24.15.0 or 26. What reads the
# repository (architecture, docs) and the benchmark's own tests say nothing about a Node.js, and are left out.
set -euo pipefail
source "$(dirname "$0")/machine.sh"
cd "$repository"
node=$(from_registry node "$1")/bin/node
echo "the suite on Node.js $("$node" --version)"
script=$("$node" -p "require('./package.json').scripts.test")
every='{src,testkit,test,bench}/**/*.test.ts'
[[ $script == *"$every"* ]] || { echo "on-node.sh: the test script does not name $every" >&2; exit 1; }
# Outside of npm, which would put the pinned one first on the PATH.
PATH=$(dirname "$node"):$PATH exec sh -c "${script/"$every"/'{src,testkit,test/!(architecture|docs)}/**/*.test.ts'}"
