/**
 * Works on every item, some at a time. What fails is noted and does not stop the rest.
 *
 * @returns the results of those that did not fail
 */
export async function eachOf<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  failures: unknown[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const waiting = [...items];
  const results: Result[] = [];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        results.push(await work(item));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return results;
}
