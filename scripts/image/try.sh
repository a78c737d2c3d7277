#!/usr/bin/env bash
# Builds the service and sandbox images with buildah, without a container engine, and runs them like an engine
# (image.test.ts), in an empty network.
#
# Needs root on Linux, buildah, npm, ip and unshare; and debootstrap, unless NODE_IMAGE names a base image to
# pull. Without NODE_IMAGE, the script builds a base image from Debian's packages and Node from npm. This tests
# the whole Dockerfile, but not the official base image.
set -euo pipefail
cd "$(dirname "$0")/../.."
state=$PWD/.ci/image

skip() {
  printf 'skipped: image not tested: %s\n' "$1"
  exit 0
}
[ "$(id -u)" -eq 0 ] || skip 'needs root'
for tool in buildah npm ip unshare; do
  command -v "$tool" >/dev/null || skip "needs $tool"
done
[ -n "${NODE_IMAGE:-}" ] || command -v debootstrap >/dev/null \
  || skip 'needs debootstrap, or a base image in NODE_IMAGE'

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
  printf 'skipped: the official base image; using Debian with Node from npm\n'
  if [ ! -e "$state/base-26/usr/local/bin/npm" ]; then
    rm -rf "$state/base-26"
    debootstrap --variant=minbase --include=ca-certificates,libatomic1 stable "$state/base-26" \
      >"$state/debootstrap.log"
    node26="node-linux-$(node -p process.arch)"
    npm install --prefix "$state/npm" --no-save --ignore-scripts "$node26@26" npm@11
    cp "$state/npm/node_modules/$node26/bin/node" "$state/base-26/usr/local/bin/"
    mkdir -p "$state/base-26/usr/local/lib/node_modules"
    cp -R "$state/npm/node_modules/npm" "$state/base-26/usr/local/lib/node_modules/"
    # The build trusts this machine's certificate authorities.
    cp /etc/ssl/certs/ca-certificates.crt "$state/base-26/etc/ssl/certs/"
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$state/base-26/usr/local/bin/npm"
  fi
  base=$(buildah from scratch)
  buildah copy --quiet "$base" "$state/base-26" / >/dev/null
  buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$base"
  buildah commit --quiet "$base" localhost/node:26-slim >/dev/null
  buildah rm "$base" >/dev/null
  build=(--pull-never)
fi

# Docker format, because OCI images have no health check.
build+=(--isolation chroot --format docker --layers)
buildah bud "${build[@]}" --tag localhost/playlist-proxy .
buildah bud "${build[@]}" --tag localhost/playlist-proxy-sandbox --target sandbox .
for image in playlist-proxy playlist-proxy-sandbox; do
  buildah inspect --type image "localhost/$image" >"$state/$image.json"
  buildah mount "$(buildah from --pull-never "localhost/$image")" >"$state/$image.root"
done

# The mounts end with the namespace.
unshare --net --mount sh -c 'ip link set lo up && exec "$@"' sh \
  npx tap --disable-coverage --reporter=tap scripts/image/image.test.ts
