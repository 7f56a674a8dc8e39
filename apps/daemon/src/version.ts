import manifest from '../package.json' with { type: 'json' };

/** The daemon's version. */
export const version: string = manifest.version;
