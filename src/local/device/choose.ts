import { UnlabelError } from '../../contract/errors.ts';
import type { Manifest, Precision } from '../../contract/manifest.ts';
import type { Device } from '../../contract/model.ts';
import { fileOf } from '../../inference/manifest.ts';
import type { Host } from '../host/host.ts';
import { findWebGpu } from './webgpu.ts';

/** Loads a device's network; it has then given its golden output. */
export type Load = (device: Device, precision: Precision) => Promise<Host>;

/** Milliseconds of one run on each device. */
export type Times = Record<Device, number>;

/** What the choice of a device needs to know and to do. */
export interface Candidates {
  manifest: Manifest;
  load: Load;
  /** What an earlier comparison on this machine came to. */
  times: Times | undefined;
  remember(times: Times): void;
  signal: AbortSignal;
  /**
   * Milliseconds of a run on WASM below which WebGPU is not tried: it could save no time that a person notices.
   * @default 5
   */
  fastEnough?: number | undefined;
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
  const { manifest, load, times, remember, signal, fastEnough = 5 } = candidates;
  const wasm = async (because: string): Promise<Choice> => ({
    device: 'wasm',
    host: await load('wasm', wasmPrecision(manifest)),
    because,
  });
  const failed = (error: unknown) => {
    signal.throwIfAborted();
    return `WebGPU failed (${error instanceof Error ? error.message : error})`;
  };

  const found = await findWebGpu(manifest);
  if ('obstacle' in found) return wasm(found.obstacle);
  if (times && times.wasm <= times.webgpu) return wasm(compared(times));
  if (times)
    return load('webgpu', found.precision).then(
      (host) => ({ device: 'webgpu', host, because: compared(times) }),
      (error: unknown) => wasm(failed(error)),
    );

  const choice = await wasm('');
  const time = await choice.host.time();
  if (time <= fastEnough)
    return { ...choice, because: `it takes ${time.toFixed(1)} ms, too little for WebGPU to be worth a try` };
  try {
    const host = await load('webgpu', found.precision);
    const measured = { wasm: time, webgpu: await host.time() };
    remember(measured);
    const winner = measured.webgpu < time ? ({ device: 'webgpu', host } as const) : choice;
    return { ...winner, because: compared(measured) };
  } catch (error) {
    return { ...choice, because: failed(error) };
  }
}

/** The weights to run on WASM: int8 where the model has them. */
export function wasmPrecision(manifest: Manifest): Precision {
  const hasInt8 = manifest.files.some((file) => file.precision === 'int8');
  return fileOf(manifest, hasInt8 ? 'int8' : 'fp32').precision;
}

/**
 * WebGPU and nothing else.
 * @throws UnlabelError `model_unavailable` where it cannot be used.
 */
export async function chooseWebGpu(manifest: Manifest, load: Load): Promise<Choice> {
  const found = await findWebGpu(manifest);
  if ('obstacle' in found)
    throw new UnlabelError('model_unavailable', `WebGPU was asked for, but ${found.obstacle}`);
  return { device: 'webgpu', host: await load('webgpu', found.precision), because: 'it was asked for' };
}

function compared({ wasm, webgpu }: Times): string {
  const [time, other] = [Math.min(wasm, webgpu), Math.max(wasm, webgpu)];
  return `faster on this machine, ${time.toFixed(1)} ms against ${other.toFixed(1)}`;
}
