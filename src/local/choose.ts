import type { Device } from '../contract/engine.ts';
import type { Manifest, Precision } from '../contract/manifest.ts';
import { fileOf } from '../inference/manifest.ts';
import type { Host } from './host.ts';
import type { Verdict } from './verdict.ts';
import { findWebGpu } from './webgpu.ts';

/** Milliseconds of a run on WASM below which WebGPU is not tried: it could save no time that a person notices. */
const fastEnough = 5;

/** What the choice of a device needs to know and to do. */
export interface Candidates {
  manifest: Manifest;
  /** Loads a device's network; it has then given its golden output. */
  open(device: Device, precision: Precision): Promise<Host>;
  /** What an earlier comparison on this machine came to. */
  verdict: Verdict | undefined;
  remember(verdict: Verdict): void;
  signal: AbortSignal;
  /** Default: {@link fastEnough}. */
  fastEnough?: number;
}

/** The network on the chosen device. */
export interface Choice {
  device: Device;
  host: Host;
  /** Why this device: a clause. */
  because: string;
}

/**
 * Chooses between WASM and WebGPU, by what was measured on this machine.
 * @throws what opening the last resort throws.
 */
export async function chooseDevice(candidates: Candidates): Promise<Choice> {
  const { manifest, open, verdict, remember, signal } = candidates;
  const wasm = async (because: string): Promise<Choice> => ({
    device: 'wasm',
    host: await open('wasm', wasmPrecision(manifest)),
    because,
  });

  const webgpu = await findWebGpu(manifest);
  if ('obstacle' in webgpu) return wasm(webgpu.obstacle);
  if (verdict && verdict.wasm <= verdict.webgpu) return wasm(compared('WASM', verdict.wasm, verdict.webgpu));
  if (verdict) {
    try {
      const host = await open('webgpu', webgpu.precision);
      return { device: 'webgpu', host, because: compared('WebGPU', verdict.webgpu, verdict.wasm) };
    } catch (error) {
      signal.throwIfAborted();
      return wasm(failed(error));
    }
  }

  const fallback = await wasm('');
  const wasmTime = await fallback.host.time();
  if (wasmTime <= (candidates.fastEnough ?? fastEnough))
    return {
      ...fallback,
      because: `it runs in ${wasmTime.toFixed(1)} ms, too fast for WebGPU to be worth a try`,
    };
  try {
    const host = await open('webgpu', webgpu.precision);
    const measured = { wasm: wasmTime, webgpu: await host.time() };
    remember(measured);
    if (measured.webgpu < wasmTime)
      return { device: 'webgpu', host, because: compared('WebGPU', measured.webgpu, wasmTime) };
    return { ...fallback, because: compared('WASM', wasmTime, measured.webgpu) };
  } catch (error) {
    signal.throwIfAborted();
    return { ...fallback, because: failed(error) };
  }
}

/** The weights to run on WASM: int8 where the model has them. */
export function wasmPrecision(manifest: Manifest): Precision {
  const hasInt8 = manifest.files.some((file) => file.precision === 'int8');
  return fileOf(manifest, hasInt8 ? 'int8' : 'fp32').precision;
}

function compared(winner: string, time: number, other: number): string {
  return `${winner} was faster on this machine, ${time.toFixed(1)} ms against ${other.toFixed(1)}`;
}

function failed(error: unknown): string {
  return `WebGPU failed (${error instanceof Error ? error.message : error})`;
}
