/** What a comparison of the devices on this machine came to. It says nothing of other versions. */
export interface Verdict {
  /** Milliseconds of one run. */
  wasm: number;
  webgpu: number;
  /** Versions of the model and of onnxruntime-web. */
  model: string;
  runtime: string;
}

/** Verdicts of this page, where it has no storage. */
const memory = new Map<string, string>();
const keyOf = (manifest: URL) => `unlabel:device:${manifest}`;

/** The verdict of an earlier visit. */
export function recallVerdict(manifest: URL): Verdict | undefined {
  try {
    const verdict: Partial<Verdict> = JSON.parse(read(keyOf(manifest)) ?? '{}');
    if (typeof verdict.wasm === 'number' && typeof verdict.webgpu === 'number') return verdict as Verdict;
  } catch {
    // Not of our writing.
  }
  return undefined;
}

export function rememberVerdict(manifest: URL, verdict: Verdict): void {
  const text = JSON.stringify(verdict);
  try {
    localStorage.setItem(keyOf(manifest), text);
  } catch {
    // Denied or full, or a Worker: it is remembered for this page alone.
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
