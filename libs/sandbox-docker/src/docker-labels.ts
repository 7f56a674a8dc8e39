/** Marks a container, network, volume or image as ours: nothing without it is ever listed, changed or removed. */
export const SANDBOX_LABEL = 'dev.iterate.sandbox';

/** Value of {@link SANDBOX_LABEL} on the container of a sandbox. */
export const SANDBOX_MARK = '1';

/** `spec.idempotencyKey`. */
export const IDEMPOTENCY_LABEL = `${SANDBOX_LABEL}.idempotency-key`;
