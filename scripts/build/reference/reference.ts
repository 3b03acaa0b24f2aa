import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Declaration, readExports } from './declarations.ts';
import { pageOf } from './markdown.ts';

/** Entries, by the file of `src/`; what one exports as another before it does is described there. */
const entries: Record<string, [specifier: string, about: string]> = {
  index: [
    'unlabel',
    'A deployment over HTTP: [the client](../client.md), [search and classes](../lookup.md).',
  ],
  local: ['unlabel/local', 'The network in the page: [in the page](../in-the-page.md).'],
  node: ['unlabel/node', 'The network in Node, Bun and Deno: [in Node](../node.md).'],
  react: ['unlabel/react', 'Hooks: [in the page](../in-the-page.md#react).'],
  webgpu: ['unlabel/webgpu', 'A runtime of the page: [device](../in-the-page.md#device).'],
  stock: ['unlabel/stock', 'A runtime of the page: [runtime](../in-the-page.md#runtime).'],
  server: ['unlabel-server', 'The app for Cloudflare Workers: [deploying](../deploying.md).'],
};

/**
 * Makes the reference of what the packages export, of their types and comments.
 *
 * @param root - folder of the repository.
 * @returns pages by file name.
 */
export async function makeReference(root: string): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(root, 'node_modules/.unlabel-reference-'));
  try {
    const config = {
      extends: join(root, 'tsconfig.build.json'),
      compilerOptions: { rootDir: join(root, 'src'), outDir: join(folder, 'out'), emitDeclarationOnly: true },
      files: [...Object.keys(entries), 'platform.d'].map((name) => join(root, `src/${name}.ts`)),
      include: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: root, stdio: 'inherit' });

    const pages: Record<string, string> = {};
    /** Where each declaration is described. */
    const places = new Map<string, string>();
    for (const [entry, [specifier, about]] of Object.entries(entries)) {
      const file = `${entry === 'index' ? 'client' : entry}.md`;
      const own: Declaration[] = [];
      const shared: string[] = [];
      for (const [name, declaration] of await readExports(join(folder, `out/${entry}.d.ts`))) {
        const place = places.get(`${name} ${declaration.code}`);
        if (place) shared.push(`[${name}](${place}#${name.toLowerCase()})`);
        else own.push(declaration);
        if (!place) places.set(`${name} ${declaration.code}`, file);
      }
      const also = shared.length > 0 ? `\n\nAlso: ${shared.join(', ')}.` : '';
      pages[file] = pageOf(`\`${specifier}\``, `${about}${also}`, own);
    }
    const lines = Object.entries(entries).map(
      ([entry, [specifier, about]]) =>
        `- [\`${specifier}\`](${entry === 'index' ? 'client' : entry}.md). ${about}`,
    );
    pages['README.md'] =
      `# Reference\n\nWhat the packages export, by entry. \`npm run build -- reference\` writes these pages of the types and their comments.\n\n${lines.join('\n')}\n`;
    return pages;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
