# Run by quick-start.sh in the bare machine, with a shell that is not bash.
cd "$HOME/webhook-receiver"
echo "node $(node --version), npm $(npm --version), $(id -un)"

# Before anything is installed: an older Node.js is told of, not tripped over.
if node -e 'process.exit(parseInt(process.versions.node) < 24 ? 0 : 1)'; then
  status=0
  node bin/webhook-receiver.js serve >"$HOME/old-node.txt" 2>&1 || status=$?
  echo "with the machine's Node.js: status $status, $(cat "$HOME/old-node.txt")"
fi

npm ci >"$HOME/npm-ci.txt" 2>&1 || { cat "$HOME/npm-ci.txt"; exit 1; }
sed 's/^/npm ci: /' "$HOME/npm-ci.txt"
echo "installed node $(node_modules/.bin/node --version)"

PORT=0 npm start >"$HOME/receiver.txt" 2>&1 &
npm=$!
node test/machine/first-event.js "$HOME/receiver.txt"
kill -TERM "$npm"
wait "$npm" || true
node test/machine/first-event.js "$HOME/receiver.txt" gone

# One file of `npm test` that starts a database, and one that starts the program.
node_modules/.bin/node --conditions=source --test --test-reporter=spec \
  src/store/postgres/database.test.ts testkit/receiver-process.test.ts
