#!/usr/bin/env bash
# Installs pnpm and the agents at the versions that the Dockerfile pins. Runs as root while the image is built.
set -euo pipefail

if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi
npm install --global --no-audit --no-fund --loglevel=error \
  --allow-scripts=opencode-ai,@anthropic-ai/claude-code,bun \
  "pnpm@${SANDBOX_PNPM_VERSION:?}" \
  "opencode-ai@${SANDBOX_OPENCODE_VERSION:?}" \
  "@anthropic-ai/claude-code@${SANDBOX_CLAUDE_CODE_VERSION:?}" \
  "@earendil-works/pi-coding-agent@${SANDBOX_PI_CODING_AGENT_VERSION:?}" \
  "bun@${SANDBOX_BUN_VERSION:?}"

# An image whose agents do not start is no image.
opencode --version
claude --version
pi --version
bun --version
pnpm --version
