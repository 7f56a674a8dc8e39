import { bars, meetsBar } from './bars.js';
import type { Figure } from './measurement.js';

/** One row per figure, one column per supervisor, the bar in the last; `!` marks a bar that is missed. */
export function table(figures: readonly Figure[]): string {
  const supervisors = [...new Set(figures.map(({ supervisor }) => supervisor))];
  const names = [...new Set(figures.map(({ name }) => name))];
  const rows = names.map((name) => {
    const unit = figures.find((figure) => figure.name === name)?.unit ?? '';
    const cells = supervisors.map((supervisor) => {
      const figure = figures.find(
        (candidate) => candidate.supervisor === supervisor && candidate.name === name,
      );
      if (!figure) return '–';
      return meetsBar(figure) === false ? `${figure.value} !` : `${figure.value}`;
    });
    const bar = bars[name];
    return [`${name} (${unit})`, ...cells, bar === undefined ? '' : `≤ ${bar}`];
  });
  return align([['', ...supervisors, 'bar for pidnap'], ...rows]);
}

/** Columns of equal width, the first to the left and the others to the right. */
export function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
