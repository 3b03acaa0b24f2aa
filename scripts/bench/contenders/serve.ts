import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { build } from 'esbuild';
import { forPages } from '../../harness/servers/serve-page.ts';
import { withPixelValues } from './onnx.ts';

const root = new URL('../../../', import.meta.url);
const types: Record<string, string> = {
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
  json: 'application/json',
  html: 'text/html',
};

/**
 * Serves the pages of all contenders, such as `/ours.html`, and all of their files: scripts and runtimes with brotli,
 * weights uncompressed.
 */
export async function serveContenders(rivals: string): Promise<{ url: string; stop(): void }> {
  const files = new Map<string, { body: Uint8Array; encoding: string | undefined }>();
  const add = async (path: string, body: Uint8Array | string) => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const isWeights = path.endsWith('.onnx');
    const params = { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_LGWIN]: 24 };
    files.set(path, {
      body: isWeights ? bytes : await promisify(brotliCompress)(bytes, { params }),
      encoding: isWeights ? undefined : 'br',
    });
  };
  const pages = ['ours', 'stages', 'bare', 'transformers', 'tensorflow'];
  const scripts = [
    ...pages.map((name) => `scripts/bench/contenders/page-${name}.ts`),
    ...['trimmed', 'stock', 'webgpu'].map((name) => `src/local/runtimes/worker-${name}-web.ts`),
  ];
  // Each of its own, as bundlers make pages and their Workers.
  for (const script of scripts) {
    const { outputFiles } = await build({
      absWorkingDir: fileURLToPath(root),
      entryPoints: [script],
      nodePaths: [`${rivals}node_modules`],
      entryNames: '[name]',
      ...forPages,
      logLevel: 'error',
    });
    for (const { path, contents } of outputFiles) await add(`/${basename(path)}`, contents);
  }
  const html = (script: string) =>
    `<!doctype html><title>${script}</title><link rel="icon" href="data:,">${script && `<script type="module" src="/page-${script}.js"></script>`}`;
  for (const name of ['', ...pages]) await add(`/${name || 'empty'}.html`, html(name));

  const ort = 'ort-wasm-simd-threaded';
  const packages = `${rivals}node_modules/`;
  for (const [path, source] of [
    ['/runtime/ort.wasm', new URL('dist/runtime/ort.wasm', root)],
    ...['mjs', 'wasm'].map((end) => [
      `/stock/${ort}.${end}`,
      new URL(`node_modules/onnxruntime-web/dist/${ort}.${end}`, root),
    ]),
    ...['mjs', 'wasm'].map((end) => [
      `/rival/${ort}.asyncify.${end}`,
      `${packages}onnxruntime-web/dist/${ort}.asyncify.${end}`,
    ]),
    ...['', '-simd', '-threaded-simd'].map((kind) => [
      `/tensorflow/tfjs-backend-wasm${kind}.wasm`,
      `${packages}@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm${kind}.wasm`,
    ]),
  ] as [string, string | URL][])
    await add(path, await readFile(source));

  const model = new URL('model/cifar10/', root);
  const text = await readFile(new URL('manifest.json', model), 'utf8');
  const manifest = JSON.parse(text);
  const { height, width } = manifest.input;
  await add('/model/manifest.json', text);
  await add('/model/classes.json', JSON.stringify({ classes: manifest.classes }));
  for (const [precision, name] of [
    ['int8', 'model_quantized'],
    ['fp32', 'model'],
  ]) {
    const weights = await readFile(new URL(`cifar10.${precision}.onnx`, model));
    await add(`/model/cifar10.${precision}.onnx`, weights);
    await add(`/models/cifar10/onnx/${name}.onnx`, withPixelValues(weights, height, width));
  }
  const id2label = Object.fromEntries(manifest.classes.map((label: string, i: number) => [i, label]));
  await add(
    '/models/cifar10/config.json',
    JSON.stringify({ model_type: 'resnet', architectures: ['ResNetForImageClassification'], id2label }),
  );
  await add(
    '/models/cifar10/preprocessor_config.json',
    JSON.stringify({
      image_processor_type: 'ImageFeatureExtractor',
      do_resize: true,
      size: { height, width },
      do_rescale: false,
      do_normalize: false,
    }),
  );

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const file = files.get(pathname);
    if (!file) return void response.writeHead(404).end();
    response
      .writeHead(200, {
        'content-type': types[pathname.split('.').at(-1) as string] ?? 'application/octet-stream',
        'content-length': file.body.length,
        'cache-control': 'public, max-age=31536000, immutable',
        ...(file.encoding && { 'content-encoding': file.encoding }),
      })
      .end(request.method === 'HEAD' ? undefined : file.body);
  });
  // A slow link still sends what the server has sent long ago.
  server.keepAliveTimeout = 300_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => void server.close(),
  };
}
