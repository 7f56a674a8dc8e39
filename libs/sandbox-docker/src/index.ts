export { DEFAULT_CAPABILITIES, DEFAULT_PIDS_LIMIT } from './container-config.js';
export type { DockerExtra, DockerExtraInput } from './docker-extra.js';
export { type DockerHost, findDockerHost, type HostSurroundings } from './docker-host.js';
export { IDEMPOTENCY_LABEL, SANDBOX_LABEL } from './docker-labels.js';
export { dockerProvider } from './docker-provider.js';
export { type EngineInfo, inspectEngine } from './inspect-engine.js';
export { SANDBOX_NETWORK } from './sandbox-network.js';
