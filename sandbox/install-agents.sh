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

# OpenCode's installer picks the build for the CPU it runs on; the image must run on other machines too, so the one
# without AVX2 takes its place. The platform packages are not read after that.
opencode="$(npm root --global)/opencode-ai"
for baseline in "$opencode"/node_modules/opencode-linux-*-baseline/bin/opencode; do
  if [ -f "$baseline" ]; then ln -f "$baseline" "$opencode/bin/opencode.exe"; fi
done
rm -rf "$opencode"/node_modules/opencode-linux-*

# An image whose agents do not start is no image.
opencode --version
claude --version
pi --version
bun --version
pnpm --version
