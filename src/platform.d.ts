/** A `.wasm` import is a compiled module, as wrangler bundles it. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** The part of workerd's own module that the Worker uses, for compilers without @cloudflare/workers-types. */
declare module 'cloudflare:workers' {
  export function waitUntil(work: Promise<unknown>): void;
  export abstract class DurableObject {
    constructor(state: unknown, env: unknown);
  }
}
