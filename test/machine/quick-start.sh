#!/usr/bin/env bash
# Runs the commands of the README in a Debian 12 that has nothing but Node.js and npm: no libatomic, ps, curl or git.
#
#   quick-start.sh NODE_MAJOR NPM_MAJOR root|user
set -euo pipefail
source "$(dirname "$0")/machine.sh"
in_own_namespaces "$@"
node_major=$1 npm_major=$2 account=$3

archive=$(bare_debian)
machine=$(mktemp -d)
trap 'umount -l "$machine"/{proc,dev} 2>/dev/null || true; rm -rf --one-file-system "$machine"' EXIT
tar -C "$machine" -xf "$archive"
put_node "$machine" "$node_major" "$npm_major"
put_network "$machine"
mount -t proc proc "$machine/proc"
mount --rbind /dev "$machine/dev"
for absent in libatomic.so.1; do
  [ -z "$(find "$machine/usr/lib" "$machine/lib" -name "$absent*")" ] || { echo "$absent is there" >&2; exit 1; }
done
for absent in ps curl git; do
  ! chroot "$machine" sh -c "command -v $absent" || { echo "$absent is there" >&2; exit 1; }
done

home=/root
if [ "$account" = user ]; then
  home=/home/user
  chroot "$machine" useradd --create-home --home-dir "$home" user
fi
put_repository "$machine$home/webhook-receiver"
# Where most people clone: a home that nobody else may enter.
chroot "$machine" chown -R "$account" "$home"
chmod 700 "$machine$home"

chroot --userspec="$account" "$machine" \
  env -i HOME="$home" PATH=/usr/local/bin:/usr/bin:/bin sh -eu "$home/webhook-receiver/test/machine/commands.sh"
