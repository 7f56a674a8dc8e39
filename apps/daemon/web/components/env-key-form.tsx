import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';

/** What the daemon accepts as a name. */
const keyPattern = '[A-Za-z_][A-Za-z0-9_]{0,127}';

/** Sets one key. @param submit Returns whether it worked; only then the form is emptied */
export function EnvKeyForm({ submit }: { submit: (key: string, value: string) => Promise<boolean> }) {
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    if (await submit(key, value)) {
      setKey('');
      setValue('');
      setShown(false);
    }
    setBusy(false);
  };
  return (
    <form class="env-form" onSubmit={onSubmit} autocomplete="off">
      <label for="env-key">Key</label>
      <input
        id="env-key"
        required
        pattern={keyPattern}
        title="Letters, digits and _, no digit first"
        placeholder="ANTHROPIC_API_KEY"
        spellcheck={false}
        autocapitalize="off"
        value={key}
        onInput={(event) => setKey(event.currentTarget.value)}
      />
      <label for="env-value">Value</label>
      {/* A text area, since a value may have several lines, such as a private key. */}
      <textarea
        id="env-value"
        class={shown ? undefined : 'secret'}
        rows={shown ? 4 : 1}
        spellcheck={false}
        autocapitalize="off"
        value={value}
        onInput={(event) => setValue(event.currentTarget.value)}
      />
      <div class="actions">
        <button type="submit" class="primary" disabled={busy || key === ''}>
          Set key
        </button>
        <label class="check">
          <input
            type="checkbox"
            checked={shown}
            onChange={(event) => setShown(event.currentTarget.checked)}
          />{' '}
          Show value
        </label>
      </div>
    </form>
  );
}
