import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { Logo } from './logo.js';

/** Asks for the token of the API. */
export function TokenForm({ refusal, enter }: { refusal: string | null; enter: (token: string) => void }) {
  const [token, setToken] = useState('');
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (token.trim() !== '') enter(token.trim());
  };
  return (
    <main class="token-page">
      <form class="panel token-form" onSubmit={submit}>
        <h1>
          <Logo /> Sandbox
        </h1>
        <p>
          Enter the token that <code>sandbox up</code> printed, or open the link it printed, which carries the
          token.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={token}
          aria-describedby={refusal === null ? undefined : 'refusal'}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        {refusal !== null && (
          <p id="refusal" class="error" role="alert">
            {refusal}
          </p>
        )}
        <button type="submit" class="primary" disabled={token.trim() === ''}>
          Open
        </button>
      </form>
    </main>
  );
}
