import type { Environment } from 'vitest/runtime';

/** Modules as browsers get them, whose effects run; what they ask a browser for is in setup.ts. */
export default {
  name: 'page',
  viteEnvironment: 'client',
  setup: () => ({ teardown() {} }),
} satisfies Environment;
