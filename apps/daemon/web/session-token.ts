const storageKey = 'iterate-daemon-token';

/**
 * The API token of this tab: from the address (`#token=…`, which is then stripped, so that it stays out of history,
 * bookmarks and screenshots), or kept from before in the session storage.
 */
export function takeSessionToken(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token !== null && token !== '') {
    keepSessionToken(token);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(storageKey);
}

export function keepSessionToken(token: string): void {
  sessionStorage.setItem(storageKey, token);
}

export function forgetSessionToken(): void {
  sessionStorage.removeItem(storageKey);
}
