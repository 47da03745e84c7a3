# syntax=docker/dockerfile:1
# ws-relay, which also migrates the database: docker build -f deploy/docker/ws-relay.Dockerfile -t ws-relay .
# Tags can be moved: for a build that is to be the same again, give the arguments with digests (rust:…@sha256:…).
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
WORKDIR /src
COPY . .
# The image has the pinned toolchain; without this rustup would fetch what rust-toolchain.toml names besides.
ENV RUSTUP_TOOLCHAIN=1.95.0
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --profile production --package ws-relay \
    && install -D -m 0755 target/production/ws-relay /out/ws-relay

FROM ${DEBIAN_IMAGE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin messaging
COPY deploy/docker/healthy /usr/local/bin/healthy
COPY --from=build /out/ws-relay /usr/local/bin/ws-relay
# By number, so that Kubernetes sees that it is not root.
USER 10001:10001
# Without an address for /metrics alone, whoever reaches WebSockets would read it.
ENV WS_LISTEN=0.0.0.0:3001 METRICS_LISTEN=0.0.0.0:3002 LOG_FORMAT=json
EXPOSE 3001 3002
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["healthy", "3001", "/health"]
ENTRYPOINT ["ws-relay"]
