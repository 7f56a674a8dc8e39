import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startEmulator } from './start-emulator.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'api-key': { type: 'string' },
    'step-ms': { type: 'string' },
    'minute-ms': { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`The Daytona API and toolbox API on the local Docker engine.

  --port <n>        port on 127.0.0.1 (default: a free one)
  --api-key <key>   key that calls must carry (default: a random one)
  --step-ms <n>     how long each passing state is shown (default: 300)
  --minute-ms <n>   what counts as a minute for auto-stop and expiry (default: 60000)
  --json            print the address as one line of JSON`);
  process.exit(0);
}

const emulator = await startEmulator({
  port: Number(values.port),
  ...(values['api-key'] === undefined ? {} : { apiKey: values['api-key'] }),
  ...(values['step-ms'] === undefined ? {} : { stepMs: Number(values['step-ms']) }),
  ...(values['minute-ms'] === undefined ? {} : { minuteMs: Number(values['minute-ms']) }),
});
const { apiUrl, apiKey, faultsUrl } = emulator;
console.log(
  values.json
    ? JSON.stringify({ apiUrl, apiKey, faultsUrl })
    : `export DAYTONA_API_URL=${apiUrl}\nexport DAYTONA_API_KEY=${apiKey}`,
);
if (!values.json) console.error('The emulator runs until Ctrl-C; then it removes what it made.');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
if (!stop.signal.aborted) await once(stop.signal, 'abort');
await emulator[Symbol.asyncDispose]();
process.exit(0);
