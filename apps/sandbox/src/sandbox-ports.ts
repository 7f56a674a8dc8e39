/** Ports inside that every sandbox publishes. */
export const DAEMON_PORT = 3000;
export const OPENCODE_PORT = 4096;
