# For the scripts beside it: bare systems to try the program in. They need root, debootstrap and a network.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Outside of the repository: a bare Debian takes minutes to make, and is the same each time.
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/webhook-receiver/machines
mkdir -p "$cache"

# Runs the script in namespaces of its own: what it mounts and starts is gone when it ends, however it ends.
in_own_namespaces() {
  [ -n "${HAS_OWN_NAMESPACES:-}" ] && return
  export HAS_OWN_NAMESPACES=1
  exec unshare --mount --pid --fork --kill-child bash "$0" "$@"
}

# bare_debian [PACKAGE,…]: prints the path of an archive of Debian 12 without anything but these packages.
bare_debian() {
  local archive=$cache/debian-12${1:+-${1//,/-}}.tar made
  if [ ! -e "$archive" ]; then
    made=$(mktemp -d "$cache/making.XXXXXX")
    debootstrap --variant=minbase ${1:+--include="$1"} bookworm "$made/root" >&2
    tar -C "$made/root" -cf "$made/root.tar" .
    mv "$made/root.tar" "$archive"
    rm -rf "$made"
  fi
  echo "$archive"
}

# from_registry PACKAGE MAJOR: prints the folder of the newest release of a package, installed outside of the repository.
from_registry() {
  local folder=$cache/$1-$2
  [ -e "$folder/node_modules/$1" ] ||
    (mkdir -p "$folder" && cd "$folder" && npm install --prefix . --no-save --silent "$1@$2" >&2)
  echo "$folder/node_modules/$1"
}

# put_node ROOT NODE_MAJOR NPM_MAJOR: installs Node.js and npm as distributions of Node.js do, below /usr/local.
put_node() {
  local bin=$1/usr/local/bin modules=$1/usr/local/lib/node_modules
  mkdir -p "$bin" "$modules"
  cp "$(from_registry node "$2")/bin/node" "$bin/node"
  cp -r "$(from_registry npm "$3")" "$modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$bin/npx"
}

# put_network ROOT: makes npm reach its registry from there as it does from here.
put_network() {
  local key value npmrc=$1/usr/local/etc/npmrc
  mkdir -p "$(dirname "$npmrc")" "$1/etc"
  cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
  for key in registry proxy https-proxy noproxy cafile; do
    value=$(cd / && npm config get "$key")
    case $value in null | undefined | '') continue ;; esac
    echo "$key=$value" >>"$npmrc"
    [ "$key" = cafile ] && mkdir -p "$1$(dirname "$value")" && cp -L "$value" "$1$value"
  done
  return 0
}

# put_repository FOLDER: copies the files that a clone would have, with the changes that are not committed yet.
put_repository() {
  mkdir -p "$1"
  (cd "$repository" && git -c safe.directory="$repository" ls-files -z --cached --others --exclude-standard |
    tar --null --ignore-failed-read -T - -cf - 2>/dev/null) | tar -C "$1" --no-same-owner -xf -
}
