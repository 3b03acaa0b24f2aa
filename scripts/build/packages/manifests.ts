import { readFile } from 'node:fs/promises';

/** The fields of a package.json that are written here. */
export type PackageManifest = Record<string, unknown>;

interface RootManifest {
  version: string;
  license: string;
  homepage: string;
  bugs: unknown;
  repository: unknown;
  devDependencies: Record<string, string>;
}

/** Entries of `unlabel`; each has ES modules and CommonJS. */
export const clientEntries = ['index', 'local', 'node', 'react', 'stock', 'webgpu'] as const;

/** Workers of `unlabel`, which no module imports: bundlers find them by `new Worker(new URL(...))`. */
export const clientWorkers = ['trimmed', 'stock', 'webgpu'].map(
  (name) => `local/runtimes/worker-${name}-web`,
);

/** Entries of `unlabel-server`; Workers are ES modules only. */
export const serverEntries = { '.': 'server', './stock': 'server-stock' } as const;

/** What the server imports, and is installed with it. */
const serverDependencies = ['@hono/zod-openapi', '@jsquash/jpeg', '@jsquash/webp', 'hono', 'zod'];

/** `./jspi`, which WebGPU needs, came with 1.24; the rest works from 1.20 on. */
const onnxruntime = '>=1.20';

/**
 * Makes the manifests of both packages, with the version of the repository.
 *
 * @param root - of the repository.
 */
export async function packageManifests(
  root: URL,
): Promise<{ client: PackageManifest; server: PackageManifest }> {
  const { version, license, homepage, bugs, repository, devDependencies }: RootManifest = JSON.parse(
    await readFile(new URL('package.json', root), 'utf8'),
  );
  const publishConfig = { access: 'public', provenance: true };
  const common = { license, homepage, bugs, repository, publishConfig, type: 'module' };
  const optional = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, { optional: true }]));
  return {
    client: {
      name: 'unlabel',
      version,
      description:
        'Classes and embeddings of images, learned without labels: hosted or in the page, behind one typed API.',
      keywords: ['image-classification', 'embeddings', 'self-supervised', 'onnx', 'webgpu', 'react'],
      ...common,
      sideEffects: false,
      engines: { node: '>=20' },
      exports: {
        ...Object.fromEntries(
          clientEntries.map((entry) => [
            entry === 'index' ? '.' : `./${entry}`,
            {
              import: { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` },
              require: { types: `./dist/cjs/${entry}.d.ts`, default: `./dist/cjs/${entry}.js` },
            },
          ]),
        ),
        './package.json': './package.json',
      },
      peerDependencies: {
        '@jsquash/jpeg': devDependencies['@jsquash/jpeg'],
        '@jsquash/webp': devDependencies['@jsquash/webp'],
        'onnxruntime-web': onnxruntime,
        react: '>=16.8',
      },
      peerDependenciesMeta: optional('@jsquash/jpeg', '@jsquash/webp', 'onnxruntime-web', 'react'),
    },
    server: {
      name: 'unlabel-server',
      version,
      description:
        'The server of Unlabel for Cloudflare Workers: image classes, embeddings and search, with its models.',
      keywords: ['image-classification', 'embeddings', 'vector-search', 'onnx', 'cloudflare-workers', 'hono'],
      ...common,
      sideEffects: false,
      engines: { node: '>=20' },
      bin: { 'unlabel-server': 'dist/command-line/unlabel-server.js' },
      exports: {
        ...Object.fromEntries(
          Object.entries(serverEntries).map(([name, entry]) => [
            name,
            { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` },
          ]),
        ),
        './package.json': './package.json',
      },
      dependencies: Object.fromEntries(serverDependencies.map((name) => [name, devDependencies[name]])),
      peerDependencies: { 'onnxruntime-web': onnxruntime, wrangler: devDependencies.wrangler },
      peerDependenciesMeta: optional('onnxruntime-web', 'wrangler'),
    },
  };
}
