/** What a comparison of the devices on this machine came to: milliseconds of one run. */
export interface Verdict {
  wasm: number;
  webgpu: number;
}

/** Verdicts of this page, where it has no storage. */
const memory = new Map<string, string>();

/** What a verdict holds for: it says nothing of another model, version or runtime. */
export function verdictKey(...parts: string[]): string {
  return `unlabel:device:${parts.join(':')}`;
}

/** The verdict of an earlier visit. */
export function recallVerdict(key: string): Verdict | undefined {
  try {
    const { wasm, webgpu }: Partial<Verdict> = JSON.parse(storage(key) ?? '{}');
    if (typeof wasm === 'number' && typeof webgpu === 'number') return { wasm, webgpu };
  } catch {}
  return undefined;
}

export function rememberVerdict(key: string, verdict: Verdict): void {
  const text = JSON.stringify(verdict);
  memory.set(key, text);
  try {
    localStorage.setItem(key, text);
  } catch {
    // Denied or full, or a Worker: it is remembered for this page alone.
  }
}

function storage(key: string): string | null | undefined {
  try {
    return localStorage.getItem(key);
  } catch {
    return memory.get(key);
  }
}
