import { useEffect, useState } from 'preact/hooks';

interface Props {
  readonly label: string;
  /** What the button says after the first click. */
  readonly question: string;
  /** For screen readers, where the label alone does not say what it is about. */
  readonly description?: string;
  readonly disabled?: boolean;
  readonly confirmed: () => void;
}

/** How long the question stands. */
const patienceMs = 4_000;

/** A button that asks once more before it acts. */
export function ConfirmButton({ label, question, description, disabled = false, confirmed }: Props) {
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (!asking) return;
    const timer = setTimeout(() => setAsking(false), patienceMs);
    return () => clearTimeout(timer);
  }, [asking]);
  const click = (): void => {
    setAsking(!asking);
    if (asking) confirmed();
  };
  return (
    <button
      type="button"
      class={asking ? 'danger' : undefined}
      disabled={disabled}
      aria-label={asking ? undefined : description}
      onClick={click}
      onBlur={() => setAsking(false)}
    >
      {asking ? question : label}
    </button>
  );
}
