import type { DriverSandbox } from './driver.js';
import { SandboxError } from './sandbox-error.js';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 256 * 1024;

/**
 * A `fetch` for servers that listen only inside, on the loopback of the sandbox: each request is a `curl`
 * there, and its answer streams out as it comes. The image needs `curl`, and whatever runs inside can read the
 * headers and the body, which are its arguments.
 *
 * @returns rejects with a `TypeError`, as `fetch` does, when nothing answers
 */
export function fetchInside(sandbox: Pick<DriverSandbox, 'spawn'>): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const curl = await sandbox.spawn(
      [
        ...['curl', '--silent', '--show-error', '--no-buffer', '--include', '--noproxy', '*'],
        ...['--request', request.method],
        ...[...request.headers].flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
        // An empty "Expect:" keeps curl from waiting for "100 Continue".
        ...['--header', 'Expect:'],
        ...(request.body === null ? [] : ['--data-raw', await request.text()]),
        request.url,
      ],
      { signal: request.signal },
    );
    const { stdout, exit } = curl;
    const failure = readFailure(curl.stderr, exit);
    // An answer that nobody reads to its end, such as an event stream, leaves nobody to tell.
    failure.catch(() => undefined);
    const source = stdout[Symbol.asyncIterator]();
    let head = Buffer.alloc(0);
    while (!head.includes(END_OF_HEAD)) {
      const next = await source.next();
      if (next.done === true) throw new TypeError('fetch failed', { cause: await failure });
      head = Buffer.concat([head, next.value]);
      if (head.length > MAX_HEAD_BYTES)
        throw new TypeError('fetch failed: the head of the answer does not end');
    }
    const end = head.indexOf(END_OF_HEAD);
    const body = ReadableStream.from(
      (async function* () {
        let over = false;
        try {
          yield head.subarray(end + END_OF_HEAD.length);
          for (let next = await source.next(); next.done !== true; next = await source.next())
            yield next.value;
          over = true;
        } finally {
          // A reader that leaves early ends the request; an abort has ended it already.
          if (!over && !request.signal.aborted) await curl.kill();
        }
        const { code } = await exit;
        if (code !== 0 && !request.signal.aborted)
          throw new TypeError('terminated', { cause: await failure });
      })(),
    );
    return toResponse(head.subarray(0, end).toString('latin1'), body);
  };
}

function toResponse(head: string, body: ReadableStream): Response {
  const [statusLine = '', ...lines] = head.split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const bodyless = status === 204 || status === 304;
  return new Response(bodyless ? null : body, { status, headers });
}

async function readFailure(
  stderr: AsyncIterable<Uint8Array>,
  exit: Promise<{ code: number }>,
): Promise<SandboxError | undefined> {
  let text = '';
  for await (const chunk of stderr) text += Buffer.from(chunk).toString('utf8');
  const { code } = await exit;
  if (code === 0) return undefined;
  return new SandboxError('CommandFailed', `The request inside the sandbox failed: ${text.trim()}`, {
    argv: ['curl'],
    exitCode: code,
    stdout: '',
    stderr: text,
  });
}
