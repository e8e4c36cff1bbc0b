# Stages: `build` has the compiler and its types, `dependencies` what the program needs while it runs; the image
# takes the output of both and has neither.

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:26-slim
LABEL org.opencontainers.image.title="webhook-receiver" \
      org.opencontainers.image.description="A durable inbox for webhooks: acknowledged means committed." \
      org.opencontainers.image.licenses="MIT"
# glibc raises these thresholds by itself and then keeps the memory of large bodies: a third more under the worst load.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DB_PATH=/data/events.db \
    MALLOC_MMAP_THRESHOLD_=1048576 \
    MALLOC_TRIM_THRESHOLD_=1048576
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin

# A named volume takes its owner from here; a bind mount has to be writable by uid 1000.
RUN install -d -o node -g node -m 0700 /data
VOLUME /data
USER node
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# No init is needed as PID 1: the program handles SIGTERM itself and starts no processes that could become zombies.
# The stop timeout has to exceed SHUTDOWN_GRACE (25 s): docker stop --time 35; compose.yaml sets it.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--max-semi-space-size=8", "bin/webhook-receiver.js"]
CMD ["serve"]
