import Table from 'cli-table3';
import { TABLE_STYLE } from './table-style.js';

/** A table with a line for the names of its columns. */
export function formatTable(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const table = new Table({ ...TABLE_STYLE, head: [...head] });
  for (const row of rows) table.push([...row]);
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
