import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** What is compressed already grows when it is compressed again. */
const TEXT = /\.(html|js|css|svg|json)$/;

/** Writes FILE.br and FILE.gz beside each text file of the build, so that the server never compresses. */
export function precompress(): Plugin {
  let directory = '';
  return {
    name: 'alto-precompress',
    apply: 'build',
    configResolved(config) {
      directory = config.build.outDir;
    },
    closeBundle() {
      for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
        if (!TEXT.test(name)) continue;
        const path = join(directory, name);
        const content = readFileSync(path);
        const hints = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
        writeFileSync(`${path}.br`, brotliCompressSync(content, { params: hints }));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}
