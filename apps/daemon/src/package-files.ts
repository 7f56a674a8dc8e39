// This file lies one level below the package's root, in src/ as well as bundled in dist/.

/** The package's SQL migrations. */
export const migrationsDirectory = new URL('../migrations/', import.meta.url);

/** The built page. */
export const webDirectory = new URL('../dist/web/', import.meta.url);
