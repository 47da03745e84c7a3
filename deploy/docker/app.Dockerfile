# syntax=docker/dockerfile:1
# The app on Spin, and Spin alone for SpinKube's executor:
#   docker build -f deploy/docker/app.Dockerfile --target app -t messaging-app .
#   docker build -f deploy/docker/app.Dockerfile --target spin -t messaging-spin .
#
# The components need Spin 4.1 (WASI 0.3 as it was released, spin:postgres 4.2). Where Spin comes from is SPIN_FROM:
#   source    SPIN_COMMIT of its repository, built here (the default: as long as no 4.1 is released there is no other way).
#             The commit's hash is its checksum
#   release   SPIN_VERSION of its releases, once 4.1 is among them, with SPIN_SHA256 from the release's checksums file
#             (spin-v<version>-linux-amd64.tar.gz; SPIN_ARCH=aarch64 for ARM). Without a checksum the build ends
# Tags can be moved: for a build that is to be the same again, give the arguments of images with digests.
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm
ARG DEBIAN_IMAGE=debian:bookworm-slim
ARG NODE_IMAGE=node:22-bookworm-slim
ARG SPIN_FROM=source

FROM ${RUST_IMAGE} AS spin-source
ARG SPIN_REPOSITORY=https://github.com/spinframework/spin
ARG SPIN_COMMIT=94a8fc8a7804ec2519bb8d12df70ab77ad2e4f60
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git build-essential cmake pkg-config libssl-dev \
    && rm -rf /var/lib/apt/lists/*
# Some of Spin's crates build small components of their own.
RUN rustup target add wasm32-wasip1 wasm32-wasip2 wasm32-unknown-unknown
WORKDIR /spin
RUN git init -q . \
    && git fetch -q --depth 1 "${SPIN_REPOSITORY}" "${SPIN_COMMIT}" \
    && git checkout -q FETCH_HEAD \
    && test "$(git rev-parse HEAD)" = "${SPIN_COMMIT}"
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/spin/target \
    cargo build --locked --release \
    && install -D -m 0755 target/release/spin /out/spin

FROM ${DEBIAN_IMAGE} AS spin-release
ARG SPIN_VERSION
ARG SPIN_SHA256
ARG SPIN_ARCH=amd64
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /out
RUN test -n "${SPIN_VERSION}" && test -n "${SPIN_SHA256}" \
    && curl -fsSL -o /tmp/spin.tar.gz "https://github.com/spinframework/spin/releases/download/v${SPIN_VERSION}/spin-v${SPIN_VERSION}-linux-${SPIN_ARCH}.tar.gz" \
    && echo "${SPIN_SHA256}  /tmp/spin.tar.gz" > /tmp/spin.sha256 \
    && sha256sum -c /tmp/spin.sha256 \
    && tar -xzf /tmp/spin.tar.gz -C /out spin \
    && rm /tmp/spin.tar.gz

# hadolint ignore=DL3006
FROM spin-${SPIN_FROM} AS spin-binary

# The web page, which needs nothing of Rust, and of what it is built with nothing is left in an image.
FROM ${NODE_IMAGE} AS page
COPY components/web /src/components/web
WORKDIR /src/components/web/page
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts && npm run build

FROM ${RUST_IMAGE} AS components
WORKDIR /src
COPY . .
ENV RUSTUP_TOOLCHAIN=1.95.0
RUN rustup target add wasm32-wasip2
# As `spin build` does it, and into the folder that spin.toml names.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release --target wasm32-wasip2 --workspace --exclude ws-relay --exclude local-host --exclude dev \
    && mkdir -p /out/target/wasm32-wasip2/release \
    && cp target/wasm32-wasip2/release/*.wasm /out/target/wasm32-wasip2/release/ \
    && cp spin.toml runtime-config.toml /out/
COPY --from=page /src/components/web/built /out/components/web/built

FROM ${DEBIAN_IMAGE} AS spin
# SpinKube has Spin listen at port 80, and not every container runtime lets others than root do that: hence the capability,
# given where the file is written, so that it is in the image once.
RUN --mount=type=bind,from=spin-binary,source=/out,target=/out \
    apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 libcap2-bin \
    && install -m 0755 /out/spin /usr/local/bin/spin \
    && setcap cap_net_bind_service=+ep /usr/local/bin/spin \
    && apt-get purge -y --auto-remove libcap2-bin \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --create-home --home-dir /home/spin --shell /usr/sbin/nologin spin
COPY deploy/docker/healthy deploy/docker/drain deploy/docker/new-enough /usr/local/bin/
USER 10001:10001
WORKDIR /home/spin
# Spin writes what it has compiled and pulled below HOME. Seconds between SIGTERM and Spin's end: see drain.
ENV HOME=/home/spin DRAIN_SECONDS=20
STOPSIGNAL SIGTERM
ENTRYPOINT ["drain", "new-enough", "spin"]

FROM spin AS app
COPY --from=components /out /app
EXPOSE 3000
# Spin compiles all components when it starts, which takes minutes on a slow machine.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s CMD ["healthy", "3000", "/health"]
# Without a state folder Spin keeps no logs on disk, where nothing would rotate them: what components write is on stderr.
CMD ["up", "--from", "/app/spin.toml", "--runtime-config-file", "/app/runtime-config.toml", "--state-dir", "", "--listen", "0.0.0.0:3000"]
