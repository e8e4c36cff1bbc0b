#!/usr/bin/env bash
# container.sh COLLECTOR: builds the Dockerfile, runs the image as its user with /data and a URL to send traces to, sends an
# event and stops it by SIGTERM. No engine is
# needed: buildah builds and runs in a chroot, on a base image that is made here under the name that FROM has.
set -euo pipefail
source "$(dirname "$0")/machine.sh"
in_own_namespaces "$@"
mount -t proc proc /proc
collector=$1

archive=$(bare_debian libatomic1)
folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
b() { buildah --root "$folder/storage" --runroot "$folder/run" --storage-driver vfs "$@"; }

base=$(sed -nE 's/^FROM (\S+).*/\1/p' "$repository/Dockerfile" | sort -u)
major=$(sed -nE 's/^node:([0-9]+)-slim$/\1/p' <<<"$base")
[ -n "$major" ] || { echo "one base image node:N-slim was expected, not: $base" >&2; exit 1; }

mkdir "$folder/debian"
tar -C "$folder/debian" -xf "$archive"
put_node "$folder/debian" "$major" 11
put_network "$folder/debian"
chroot "$folder/debian" useradd --uid 1000 --create-home node
container=$(b from scratch)
b add --quiet "$container" "$folder/debian" / >/dev/null
b config --env PATH=/usr/local/bin:/usr/bin:/bin "$container"
b commit --quiet --rm "$container" "docker.io/library/$base" >/dev/null
rm -rf "$folder/debian"

echo "building on $base"
put_repository "$folder/checkout"
b build --isolation chroot --pull-never --format docker --quiet --tag webhook-receiver "$folder/checkout"

container=$(b from --pull-never webhook-receiver)
read_config() {
  b inspect "$container" | node -p "const { config } = JSON.parse(fs.readFileSync(0)).Docker; $1"
}
read -ra command < <(read_config "[...config.Entrypoint, ...config.Cmd].join(' ')")
user=$(read_config config.User)
signal=$(read_config config.StopSignal)
echo "user $user, signal $signal, command ${command[*]}"
b run --isolation chroot --env HOST=127.0.0.1 --env PORT=0 --env OTEL_EXPORTER_OTLP_ENDPOINT="$collector" "$container" \
  "${command[@]}" >"$folder/log.txt" 2>&1 &
runner=$!
trap 'cat "$folder/log.txt"; rm -rf --one-file-system "$folder"' EXIT
node "$repository/test/machine/first-event.js" "$folder/log.txt"
receiver=
for process in /proc/[0-9]*; do
  program=$(readlink "$process/exe" || true)
  arguments=$(tr '\0' ' ' <"$process/cmdline" || true)
  if [ "${program##*/}" = node ] && [[ $arguments == *"${command[*]:1} " ]]; then receiver=${process#/proc/}; fi
done 2>/dev/null
[ -n "$receiver" ] || { echo 'its process was not found among:' && cat /proc/[0-9]*/cmdline | tr '\0' ' '; exit 1; } >&2
echo "uid $(stat -c %u "/proc/$receiver") has $(cd "/proc/$receiver/root" && stat -c '%n %a' data data/events.db | tr '\n' ' ')"
kill -s "$signal" "$receiver"
status=0
wait "$runner" || status=$?
echo "ended with status $status"
node "$repository/test/machine/first-event.js" "$folder/log.txt" gone
