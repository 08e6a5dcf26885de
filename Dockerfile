# One image for all processes of production: the gateway, the worker and the migration (see docker-compose.yml).
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund
COPY migrations ./migrations
COPY src ./src
COPY scripts/warm.ts ./scripts/warm.ts
# Workflow bundle and letters, compiled once: containers then start at once, also on a read-only file system.
RUN node scripts/warm.ts
USER node
EXPOSE 3000
CMD ["node", "src/api/main.ts"]
