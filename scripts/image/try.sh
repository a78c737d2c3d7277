#!/usr/bin/env bash
# Builds the container image and the sandbox's with buildah, without a container engine, and tries
# them as an engine would run them (image.test.ts), in a network that holds nothing else.
#
# Needs root on Linux, buildah, npm, ip and unshare; and debootstrap, unless NODE_IMAGE names a base
# image that can be pulled. Without NODE_IMAGE the base is made of Debian's packages and of Node
# from npm: the whole Dockerfile is tried then, but not on the official base image.
set -euo pipefail
cd "$(dirname "$0")/../.."
state=$PWD/.ci/image

skip() {
  printf 'skipped: the image was not tried: %s\n' "$1"
  exit 0
}
[ "$(id -u)" -eq 0 ] || skip 'that needs root'
for tool in buildah npm ip unshare; do
  command -v "$tool" >/dev/null || skip "there is no $tool"
done
[ -n "${NODE_IMAGE:-}" ] || command -v debootstrap >/dev/null \
  || skip 'there is neither debootstrap nor the name of a base image in NODE_IMAGE'

buildah() {
  command buildah --root "$state/storage" --runroot "$state/run" --storage-driver "${STORAGE_DRIVER:-overlay}" "$@"
}
clean() {
  buildah rm --all >/dev/null 2>&1 || true
  rm -rf "$state/storage" "$state/run"
}
mkdir -p "$state"
trap clean EXIT
clean

if [ -n "${NODE_IMAGE:-}" ]; then
  build=(--build-arg "NODE_IMAGE=$NODE_IMAGE")
else
  printf 'skipped: the official base image; its stand-in is Debian with Node from npm\n'
  if [ ! -e "$state/base/usr/local/bin/npm" ]; then
    rm -rf "$state/base"
    debootstrap --variant=minbase --include=ca-certificates stable "$state/base" \
      >"$state/debootstrap.log"
    node24="node-linux-$(node -p process.arch)"
    npm install --prefix "$state/npm" --no-save --ignore-scripts "$node24@24" npm@11
    cp "$state/npm/node_modules/$node24/bin/node" "$state/base/usr/local/bin/"
    mkdir -p "$state/base/usr/local/lib/node_modules"
    cp -R "$state/npm/node_modules/npm" "$state/base/usr/local/lib/node_modules/"
    # Whom this machine trusts, its build may trust.
    cp /etc/ssl/certs/ca-certificates.crt "$state/base/etc/ssl/certs/"
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$state/base/usr/local/bin/npm"
  fi
  base=$(buildah from scratch)
  buildah copy --quiet "$base" "$state/base" / >/dev/null
  buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$base"
  buildah commit --quiet "$base" localhost/node:24-slim >/dev/null
  buildah rm "$base" >/dev/null
  build=(--pull-never)
fi

# The docker format, since OCI images know no health check.
build+=(--isolation chroot --format docker --layers)
buildah bud "${build[@]}" --tag localhost/playlist-proxy .
buildah bud "${build[@]}" --tag localhost/playlist-proxy-sandbox --target sandbox .
for image in playlist-proxy playlist-proxy-sandbox; do
  buildah inspect --type image "localhost/$image" >"$state/$image.json"
  buildah mount "$(buildah from --pull-never "localhost/$image")" >"$state/$image.root"
done

# What is mounted in there ends with it.
unshare --net --mount sh -c 'ip link set lo up && exec "$@"' sh \
  npx tap --disable-coverage --reporter=tap scripts/image/image.test.ts
