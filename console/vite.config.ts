import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { precompress } from './precompress.ts';

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), precompress()],
  // Vitest would otherwise take what Svelte has for servers.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  build: {
    // Browsers since 2024: light-dark() and oklch() stay as they are written.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // The policy of the server allows no data: but images, and inlined scripts not at all.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  test: {
    include: ['tests/unit/**/*.test.ts'],
    environment: './tests/unit/environment.ts',
    setupFiles: ['tests/unit/setup.ts'],
  },
}));
