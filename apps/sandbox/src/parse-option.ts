import { InvalidArgumentError } from 'commander';

/** `3000=8080` (port inside, port on the host), collected over several `--port`. */
export function parsePort(value: string, before: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const [inside, host] = value.split('=').map(Number);
  if (!isPort(inside) || !isPort(host))
    throw new InvalidArgumentError('Expected <port inside>=<port on the host>, such as 3000=8080.');
  if ([...before.values()].includes(host)) throw new InvalidArgumentError(`Port ${host} is named twice.`);
  return new Map([...before, [inside, host]]);
}

/** A port. */
export function parsePortNumber(value: string): number {
  if (!isPort(Number(value))) throw new InvalidArgumentError('Expected a port from 1 to 65535.');
  return Number(value);
}

/** A whole or fractional number of seconds above zero. */
export function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !Number.isFinite(seconds) || seconds <= 0)
    throw new InvalidArgumentError('Expected a number of seconds above zero.');
  return seconds;
}

/** A whole number above zero. */
export function parseCount(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError('Expected a whole number above zero.');
  return Number(value);
}

/** A whole number of lines. */
export function parseLines(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('Expected a whole number of lines.');
  return Number(value);
}

function isPort(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
