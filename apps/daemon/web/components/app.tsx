import { useCallback, useMemo, useState } from 'preact/hooks';
import { DaemonClient } from '../daemon-client.js';
import { forgetSessionToken, keepSessionToken, takeSessionToken } from '../session-token.js';
import { Dashboard } from './dashboard.js';
import { TokenForm } from './token-form.js';

/** The page: the dashboard with a token, the form that asks for one without. */
export function App() {
  const [token, setToken] = useState(takeSessionToken);
  const [refusal, setRefusal] = useState<string | null>(null);
  const client = useMemo(() => (token === null ? null : new DaemonClient(token)), [token]);

  const refused = useCallback((message: string) => {
    forgetSessionToken();
    setToken(null);
    setRefusal(message);
  }, []);

  if (client !== null) return <Dashboard client={client} refused={refused} />;
  const enter = (entered: string): void => {
    keepSessionToken(entered);
    setRefusal(null);
    setToken(entered);
  };
  return <TokenForm refusal={refusal} enter={enter} />;
}
