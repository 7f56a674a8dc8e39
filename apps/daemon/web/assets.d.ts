// Vite bundles what is imported from here; the import itself gives nothing.
declare module '*.css';
