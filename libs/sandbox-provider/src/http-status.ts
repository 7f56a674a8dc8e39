import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Endpoint } from './driver.js';

/**
 * The status with which a port answers. Rejects when nothing does.
 *
 * Not by `fetch`: that of Node 20 never settles when a port forwarder accepts the connection and closes it
 * before the request is sent, which is what happens until the program inside listens.
 */
export function httpStatus(
  { url, headers = {} }: Endpoint,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  const target = new URL(path, `${url}/`);
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(target, { headers: { ...headers }, signal, agent: false }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end();
  });
}
