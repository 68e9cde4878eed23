import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['src/lib/api/schema.d.ts'] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  {
    rules: {
      // Svelte's own check knows the types; links here are plain paths, resolved by no framework.
      'no-undef': 'off',
      'svelte/no-navigation-without-resolve': 'off',
      // What a stranger wrote is never set as markup.
      'svelte/no-at-html-tags': 'error',
    },
  },
);
