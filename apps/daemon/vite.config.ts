import { defineConfig } from 'vite';

export default defineConfig({
  root: 'web',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  // Inlined assets would need a wider content security policy; the preload polyfill is for browsers long gone.
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});
