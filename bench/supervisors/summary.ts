import { bars, meetsBar } from './bars.js';
import type { Figure } from './measurement.js';
import { align } from './report.js';

/** What pidnap is to be better in than every peer of the run; less is better. */
const races = ['restart'];

/** One line per target of pidnap: the target, what was measured, and whether that meets it. */
export function summary(figures: readonly Figure[]): string {
  const own = (name: string): Figure | undefined =>
    figures.find((figure) => figure.supervisor === 'pidnap' && figure.name === name);
  const rows = Object.entries(bars).map(([name, bar]) => {
    const figure = own(name);
    if (!figure) return [name, `≤ ${bar}`, 'not measured', ''];
    return [name, `≤ ${bar} ${figure.unit}`, result(figure), meetsBar(figure) ? 'met' : 'MISSED'];
  });
  for (const name of races) {
    const figure = own(name);
    const peers = figures.filter((peer) => peer.name === name && peer.supervisor !== 'pidnap');
    const best = peers.toSorted((a, b) => a.value - b.value)[0];
    if (!figure || !best) continue;
    const target = `< ${best.value} ${best.unit} (${best.supervisor}, the best of ${peers.length} peers)`;
    rows.push([name, target, result(figure), figure.value < best.value ? 'met' : 'MISSED']);
  }
  return align([['pidnap', 'target', 'result', ''], ...rows]);
}

function result({ value, unit }: Figure): string {
  return `${value} ${unit}`;
}
