/** Options of every table: columns without borders, as one can pipe through `awk`. */
export const TABLE_STYLE = {
  chars: Object.fromEntries(
    [
      ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
      ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
    ].map((part) => [part, '']),
  ),
  style: { head: [], 'padding-left': 0, 'padding-right': 3 },
};
