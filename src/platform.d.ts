/** A `.wasm` import is a compiled module, as wrangler bundles it. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** What `npm run build -- runtime` makes of the script that comes with onnxruntime-web's `.wasm`. */
declare module '*/dist/runtime/ort.js' {
  const factory: import('./inference/ort/module.ts').OrtFactory;
  export default factory;
}

declare module '*/dist/runtime/version.js' {
  /** Names onnxruntime-web's version and the content of `ort.wasm`. */
  export const version: string;
}

/** The part of workerd's own module that the Worker uses, for compilers without @cloudflare/workers-types. */
declare module 'cloudflare:workers' {
  export function waitUntil(work: Promise<unknown>): void;
  export abstract class DurableObject {
    constructor(state: unknown, env: unknown);
  }
}
