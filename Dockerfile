# The base image for the build and for Node. A digest pins its exact bytes:
# --build-arg NODE_IMAGE=node:26-slim@sha256:…
ARG NODE_IMAGE=node:26-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY src src
RUN npm run build

# The root file system: Node, the C libraries it is linked with, the user and the host name lookup settings.
# Certificates and time zones are inside the Node binary. Debian's package records tell scanners the library
# versions.
FROM ${NODE_IMAGE} AS root
WORKDIR /root-fs
RUN set -eu \
 && mkdir -p app data etc usr/local/bin var/lib/dpkg/status.d \
 && chown 1000:1000 data \
 && cp /usr/local/bin/node usr/local/bin/ \
 && for library in $(ldd /usr/local/bin/node | grep -o '/[^ ]*'); do \
      cp --parents --dereference "$library" .; \
      package=$(dpkg-query --search "*/${library##*/}" | head -n 1 | cut -d : -f 1); \
      dpkg-query --status "$package" > "var/lib/dpkg/status.d/$package"; \
    done \
 && cp --dereference /etc/os-release etc/ \
 && echo 'node:x:1000:1000::/app:/nowhere' > etc/passwd \
 && echo 'node:x:1000:' > etc/group \
 && echo 'hosts: files dns' > etc/nsswitch.conf

FROM scratch AS runtime
COPY --from=root /root-fs /
ENV PATH=/usr/local/bin NODE_ENV=production
WORKDIR /app
USER 1000:1000

# A stand-in for Spotify, for the demo: docker build --target sandbox. Node strips the types.
FROM runtime AS sandbox
COPY package.json ./
COPY sandbox sandbox
ENV SANDBOX_HOST=0.0.0.0 SANDBOX_PORT=4100
EXPOSE 4100
CMD ["node", "sandbox/main.ts"]

FROM runtime
ARG VERSION=1.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="playlist-proxy" \
      org.opencontainers.image.description="All public playlists of a Spotify user in one response" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY package.json openapi.yaml ./
COPY --from=build /app/dist dist
ENV HOST=0.0.0.0 PORT=3000
# Two arenas, and a mapping for each block of at least 32 KiB, up to about half as many mappings as Linux
# allows: with these settings, glibc returns memory from evicted lists instead of retaining it.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_MMAP_MAX_=32768
EXPOSE 3000
# Liveness, not readiness: an orchestrator replaces an unhealthy container. While Spotify refuses the
# credentials, a new container is not ready either, and requests another token. Readiness is for load balancers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["node", "dist/healthcheck.js"]
# Without a shell in front, node is process 1 and gets the signals. By default, SIGUSR1 would open the
# inspector. A smaller young generation frees the buffers of old pages sooner.
CMD ["node", "--disable-sigusr1", "--max-semi-space-size=8", "dist/server.js"]
