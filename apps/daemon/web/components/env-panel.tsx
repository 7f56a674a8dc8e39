import { useEffect, useState } from 'preact/hooks';
import type { DaemonClient } from '../daemon-client.js';
import { ConfirmButton } from './confirm-button.js';
import { EnvKeyForm } from './env-key-form.js';

interface Props {
  readonly client: DaemonClient;
  /** Another number makes the panel read the keys again. */
  readonly version: number;
}

type Notice = { readonly tone: 'note' | 'error'; readonly text: string };

/** The names of the keys in the env file, with a form that sets one. */
export function EnvPanel({ client, version }: Props) {
  const [keys, setKeys] = useState<readonly string[] | null>(null);
  const [notice, setNotice] = useState<Notice | null>(null);

  const fail = (error: unknown): void =>
    setNotice({ tone: 'error', text: error instanceof Error ? error.message : String(error) });
  const load = (): Promise<void> => client.envKeys().then(setKeys, fail);
  useEffect(() => {
    // 0 is before the first connection.
    if (version > 0) void load();
  }, [client, version]);

  const set = async (key: string, value: string): Promise<boolean> => {
    try {
      const { unchanged } = await client.patchEnv({ set: { [key]: value } });
      setNotice({
        tone: 'note',
        text: unchanged.length > 0 ? `${key} already had this value.` : `${key} is set.`,
      });
      await load();
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  };
  const remove = async (key: string): Promise<void> => {
    try {
      await client.patchEnv({ remove: [key] });
      setNotice({ tone: 'note', text: `${key} is removed.` });
      await load();
    } catch (error) {
      fail(error);
    }
  };

  return (
    <section class="panel" aria-labelledby="env-title">
      <div class="panel-head">
        <h2 id="env-title">Environment keys</h2>
        <span class="summary">values are never shown</span>
      </div>
      {keys !== null && keys.length === 0 && <p class="empty">No keys yet.</p>}
      {keys !== null && keys.length > 0 && (
        <ul class="keys">
          {keys.map((key) => (
            <li key={key} data-key={key}>
              <code>{key}</code>
              <ConfirmButton
                label="Remove"
                question="Really remove?"
                description={`Remove ${key}`}
                confirmed={() => remove(key)}
              />
            </li>
          ))}
        </ul>
      )}
      <EnvKeyForm submit={set} />
      <p class={notice?.tone === 'error' ? 'notice error' : 'notice'} role="status">
        {notice?.text}
      </p>
    </section>
  );
}
