import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { FaultPlan, faultsSchema, seededRandom } from './faults.js';

async function statuses(plan: FaultPlan, calls: number) {
  let reached = 0;
  const app = new Hono().use(plan.middleware()).get('/', (c) => {
    reached += 1;
    return c.text('fine');
  });
  const seen: number[] = [];
  for (let call = 0; call < calls; call += 1) seen.push((await app.request('/')).status);
  return { seen, reached };
}

describe('FaultPlan', () => {
  it('injects nothing until it is told', async () => {
    expect((await statuses(new FaultPlan(), 20)).seen).toEqual(Array(20).fill(200));
  });

  it('keeps to its rates, and does the same again for the same seed', async () => {
    const plan = new FaultPlan();
    const faults = faultsSchema.parse({ rateLimited: 0.2, badGateway: 0.2, lostAnswer: 0.2, seed: 3 });
    plan.set(faults);
    const first = await statuses(plan, 500);
    const count = (status: number) => first.seen.filter((one) => one === status).length;
    expect(count(429)).toBeGreaterThan(60);
    expect(count(502)).toBeGreaterThan(130);
    expect(plan.injected).toBe(count(429) + count(502));
    // A lost answer is one whose call was carried out.
    expect(first.reached).toBeGreaterThan(count(200));
    plan.set(faults);
    expect(await statuses(plan, 500)).toEqual(first);
  });

  it('says how long to wait, with the name of the limit', async () => {
    const plan = new FaultPlan();
    plan.set(faultsSchema.parse({ rateLimited: 1, retryAfterSeconds: 3 }));
    const response = await new Hono().use(plan.middleware()).request('/');
    expect(response.headers.get('retry-after-authenticated')).toBe('3');
  });
});

it('seededRandom stays between 0 and 1', () => {
  const random = seededRandom(1);
  const numbers = Array.from({ length: 1000 }, random);
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(new Set(numbers).size).toBeGreaterThan(990);
});
