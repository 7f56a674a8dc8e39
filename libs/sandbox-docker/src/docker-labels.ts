/** Marks a container, network or image as ours: nothing without it is ever listed, changed or removed. */
export const SANDBOX_LABEL = 'dev.iterate.sandbox';

/** `spec.idempotencyKey`. */
export const IDEMPOTENCY_LABEL = `${SANDBOX_LABEL}.idempotency-key`;
