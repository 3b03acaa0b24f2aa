import type { Manifest, Precision } from '../../contract/manifest.ts';

/** The weights to run on WebGPU, or why it cannot be used: a clause. */
export type WebGpu = { precision: Precision } | { obstacle: string };

/** The part of `navigator.gpu` that is asked; TypeScript's DOM library does not have it. */
interface Gpu {
  requestAdapter(): Promise<{ features: ReadonlySet<string> } | null>;
}

/** Finds out what WebGPU would run. int8 never: its kernels are known to answer wrongly, without an error. */
export async function findWebGpu({ files }: Manifest): Promise<WebGpu> {
  const has = (precision: Precision) => files.some((file) => file.precision === precision);
  if (!has('fp16') && !has('fp32')) return { obstacle: 'the model has no fp16 or fp32 weights' };
  const gpu = (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu;
  if (!gpu) return { obstacle: 'this browser has no WebGPU' };
  if (!('Suspending' in WebAssembly))
    return { obstacle: 'this browser has no JSPI, which the runtime needs for WebGPU' };
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (!adapter) return { obstacle: 'this machine offers no GPU to the browser' };
  if (adapter.features.has('shader-f16') && has('fp16')) return { precision: 'fp16' };
  return has('fp32')
    ? { precision: 'fp32' }
    : { obstacle: 'the GPU has no 16-bit floats, and the model no fp32 weights' };
}
