/** The mark beside the name; says nothing a screen reader needs. */
export function Logo() {
  return <img class="logo" src="/icon.svg" alt="" width="28" height="28" />;
}
