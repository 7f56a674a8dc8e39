import { randomBytes } from 'node:crypto';
import { Daytona } from '@daytonaio/sdk';
import { daytonaProvider } from '@iterate/sandbox-daytona';
import { startService } from '../../libs/sandbox-daytona/test/daytona-service.js';
import { timed } from '../up/measure.js';
import { interleaved } from './interleaved.js';
import { largeArchive } from './large-archive.js';
import { printHeading, printLine } from './report.js';

const ARCHIVE_BYTES = 100_000_000;

/**
 * The Daytona driver beside Daytona's SDK, both on the emulator, or on the service that the environment names.
 *
 * @returns whether every bar is met
 */
export async function measureDaytona(options: {
  image: string;
  rounds: number;
  dir: string;
}): Promise<boolean> {
  const { image, rounds, dir } = options;
  await using service = await startService();
  const access = { apiUrl: service.apiUrl, apiKey: service.apiKey, target: 'us' };
  await using connection = await daytonaProvider.connect(access);
  const sdk = new Daytona({ ...access, useDeprecatedPolling: true });
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const snapshot = await sdk.snapshot.create({ name, image, entrypoint: ['sleep', '3600'] });
  try {
    return await measure();
  } finally {
    await sdk.snapshot.delete(snapshot);
  }

  async function measure(): Promise<boolean> {
    await using sandbox = await connection.create({ image: name });
    const raw = await sdk.get(sandbox.id);
    const met: boolean[] = [];
    printHeading(`Daytona, ${rounds} rounds in turns`);
    const session = 'bench';
    await raw.process.createSession(session);
    const ours = async () => (await timed(() => sandbox.exec(['true']))).ms;
    met.push(
      printLine({
        what: "exec(['true']), p50: outputs apart, can be ended",
        peer: 'SDK, session command and its log',
        atMost: 1.2,
        outcome: await interleaved(rounds * 4, {
          ours,
          peer: async () =>
            (
              await timed(async () => {
                const own = `${session}-${randomBytes(4).toString('hex')}`;
                await raw.process.createSession(own);
                const { cmdId = '' } = await raw.process.executeSessionCommand(own, {
                  command: 'true',
                  runAsync: true,
                });
                await raw.process.getSessionCommandLogs(
                  own,
                  cmdId,
                  () => undefined,
                  () => undefined,
                );
                await raw.process.getSessionCommand(own, cmdId);
                await raw.process.deleteSession(own);
              })
            ).ms,
        }),
      }),
      printLine({
        what: '',
        peer: 'SDK, executeCommand: one output',
        outcome: await interleaved(rounds * 4, {
          ours,
          peer: async () => (await timed(() => raw.process.executeCommand('true'))).ms,
        }),
      }),
      printLine({
        what: 'create until the first exec has ended',
        peer: 'SDK, executeCommand',
        atMost: 1.3,
        outcome: await interleaved(rounds, {
          ours: async () => {
            const { value, ms } = await timed(async () => {
              const fresh = await connection.create({ image: name });
              await fresh.exec(['true']);
              return fresh;
            });
            await value.destroy();
            return ms;
          },
          peer: async () => {
            const { value, ms } = await timed(async () => {
              const fresh = await sdk.create({ snapshot: name });
              await fresh.process.executeCommand('true');
              return fresh;
            });
            await value.delete();
            return ms;
          },
        }),
      }),
    );
    const { file } = await largeArchive(dir, ARCHIVE_BYTES);
    met.push(
      printLine({
        what: 'upload of a file, 100 MB',
        peer: 'SDK, uploadFile',
        bytes: ARCHIVE_BYTES,
        outcome: await interleaved(rounds, {
          ours: async () => (await timed(() => sandbox.fs.upload(file, '/var/tmp/ours'))).ms,
          peer: async () => (await timed(() => raw.fs.uploadFile(file, '/var/tmp/theirs'))).ms,
        }),
      }),
    );
    return met.every(Boolean);
  }
}
