/**
 * Node's HTTP client and server, loaded when first asked for. An `import` of them would also read every getter
 * that they export, one of which loads undici: 30 ms of each start, and memory held for good, for nothing.
 */
export function nodeHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}

/** As {@link nodeHttp}, with TLS. */
export function nodeHttps(): typeof import('node:https') {
  return process.getBuiltinModule('node:https');
}
