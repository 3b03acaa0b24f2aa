import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { markComputedImports } from './computed-imports.ts';

const options: BuildOptions = {
  bundle: true,
  format: 'cjs',
  platform: 'neutral',
  target: 'es2022',
  external: ['react', 'onnxruntime-web'],
  // Not the syntax: it would put names of Node's modules, which are kept from bundlers, into their `import()`.
  minifyWhitespace: true,
  minifyIdentifiers: true,
  logLevel: 'warning',
};

/**
 * Adds CommonJS to the compiled ES modules of `unlabel`, with types of its own: the declarations of an ES module cannot be
 * required. Client and engine are one file, so that an `UnlabelError` of both is of one class.
 *
 * @param out - folder of the ES modules; CommonJS goes into its folder `cjs`.
 */
export async function addCommonJs(out: string): Promise<void> {
  const cjs = join(out, 'cjs');
  const shared = [
    'index',
    'local',
    'contract/errors',
    'local/engine-core',
    'local/files/cache',
    'local/files/deployment',
  ];
  const core = shared.map((file) => `export * from './${file}.js';`).join('\n');
  await build({
    ...options,
    stdin: { contents: core, resolveDir: out },
    outfile: join(cjs, 'core.js'),
    plugins: [runtimesAsModules],
  });
  const file = join(cjs, 'core.js');
  await writeFile(file, markComputedImports(await readFile(file, 'utf8')));
  await build({
    ...options,
    entryPoints: ['react', 'stock', 'webgpu'].map((entry) => join(out, `${entry}.js`)),
    outdir: cjs,
    plugins: [runtimesAsModules, shareCore],
  });
  await build({
    ...options,
    entryPoints: [join(out, 'node.js')],
    outdir: cjs,
    platform: 'node',
    packages: 'external',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [shareEngine],
  });
  for (const entry of ['index', 'local']) {
    const names = Object.keys(await import(pathToFileURL(join(out, `${entry}.js`)).href));
    // Node finds named exports of CommonJS in this form.
    const lines = names.map((name) => `exports.${name} = core.${name};\n`);
    await writeFile(
      join(cjs, `${entry}.js`),
      `'use strict';\nconst core = require('./core.js');\n${lines.join('')}`,
    );
  }
  for (const path of await readdir(out, { recursive: true }))
    if (path.endsWith('.d.ts') && !path.startsWith('cjs')) await cp(join(out, path), join(cjs, path));
  await writeFile(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
}

/** React's hook uses the engine of the core. */
const shareCore: Plugin = {
  name: 'share-core',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/(local\/store\/engine-store|contract\/errors)\.js$/ }, () => ({
      path: './core.js',
      external: true,
    }));
  },
};

/** So does the engine of a process, whose network throws errors of the same class. */
const shareEngine: Plugin = {
  name: 'share-engine',
  setup({ onResolve }) {
    onResolve({ filter: /\/(automatic|cache|deployment|engine-core|errors)\.js$/ }, () => ({
      path: './core.js',
      external: true,
    }));
  },
};

/**
 * CommonJS has no `import.meta.url`, by which the runtimes find their Workers, so they stay ES modules, which `import()`
 * loads.
 */
const runtimesAsModules: Plugin = {
  name: 'runtimes-as-modules',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.\.\/local\/runtimes\// }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
    onLoad({ filter: /local\/runtimes\/(trimmed|stock|webgpu)-web\.js$/ }, ({ path }) => {
      const name = basename(path, '-web.js');
      return {
        contents: `
export const ${name} = {
  name: '${name}',
  code: () => import('../local/runtimes/${name}-web.js').then((module) => module.${name}.code()),
};`,
      };
    });
  },
};
