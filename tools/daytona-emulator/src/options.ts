import * as z from 'zod';

/** How the emulator runs. */
export const optionsSchema = z.strictObject({
  /** Loopback address to listen on. */
  host: z.enum(['127.0.0.1', '::1', 'localhost']).default('127.0.0.1'),
  /** 0 takes a free port. */
  port: z.int().min(0).max(65_535).default(0),
  /** The key that every call must carry. @default a random one */
  apiKey: z.string().min(8).optional(),
  /** How long each state before the last is shown, in ms: a client sees every state when it is longer than its poll. */
  stepMs: z.int().min(0).default(300),
  /** What counts as one minute for the auto-stop, auto-delete and TTL timers, in ms. */
  minuteMs: z.int().positive().default(60_000),
  /** How long a deactivated snapshot must rest before it may be activated, in ms. The hosted service: 10 minutes. */
  activateCooldownMs: z.int().min(0).default(0),
});

/** {@link optionsSchema} as callers write it. */
export type EmulatorOptions = z.input<typeof optionsSchema>;

/** {@link optionsSchema} with its defaults. */
export type ValidOptions = z.output<typeof optionsSchema>;
