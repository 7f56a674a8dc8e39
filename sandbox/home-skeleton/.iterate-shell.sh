# Shell settings of the sandbox, for bash and sh.
case ":$PATH:" in
  *":$HOME/.local/bin:"*) ;;
  *) export PATH="$HOME/.local/bin:$PATH" ;;
esac
export GIT_TERMINAL_PROMPT=0
# The agents' versions are the image's.
export OPENCODE_DISABLE_AUTOUPDATE=1 DISABLE_AUTOUPDATER=1 PI_SKIP_VERSION_CHECK=1 PI_TELEMETRY=0
