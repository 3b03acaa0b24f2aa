/** How long a model takes on each device of this machine. It does not hold for other versions. */
export interface Timings {
  /** Milliseconds of one run. */
  wasm: number;
  webgpu: number;
  /** Versions of the model and of onnxruntime-web. */
  model: string;
  runtime: string;
}

/** Timings of this page, for pages without storage. */
const memory = new Map<string, string>();
const keyOf = (manifest: URL) => `unlabel:device:${manifest}`;

/** The timings of an earlier visit. */
export function recallTimings(manifest: URL): Timings | undefined {
  try {
    const timings: Partial<Timings> = JSON.parse(read(keyOf(manifest)) ?? '{}');
    if (typeof timings.wasm === 'number' && typeof timings.webgpu === 'number') return timings as Timings;
  } catch {
    // Another script wrote it.
  }
  return undefined;
}

export function rememberTimings(manifest: URL, timings: Timings): void {
  const text = JSON.stringify(timings);
  try {
    localStorage.setItem(keyOf(manifest), text);
  } catch {
    // Denied, full, or absent in a Worker.
    memory.set(keyOf(manifest), text);
  }
}

function read(key: string): string | null | undefined {
  try {
    return localStorage.getItem(key) ?? memory.get(key);
  } catch {
    return memory.get(key);
  }
}
