/** Runs of zeros shorter than this are kept within a range, which costs a few bytes itself. */
const minGap = 16;

/** An instance of `ort.wasm`, and its memory. */
export interface Parts {
  instance: WebAssembly.Instance;
  memory: WebAssembly.Memory;
}

/** Makes an instance with the imports of onnxruntime's script. */
export async function instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): Promise<Parts> {
  const memory = Object.values(imports.a ?? {}).find((value) => value instanceof WebAssembly.Memory);
  if (!memory) throw new Error("Expected onnxruntime-web's script to make a memory");
  return { instance: await WebAssembly.instantiate(module, imports), memory };
}

/**
 * Packs the state of a started instance: its globals, and its memory without what is zero. Little-endian 32-bit words:
 * the number of globals and their values, then each range of the memory as its address, its length in bytes and these
 * bytes.
 */
export function packState({ instance, memory }: Parts): Uint8Array<ArrayBuffer> {
  const globals = globalsOf(instance);
  const source = new Uint8Array(memory.buffer);
  const ranges = [...filledRanges(source)];
  const start = 4 + 4 * globals.length;
  const words = new Uint32Array(ranges.reduce((sum, [from, to]) => sum + 8 + to - from, start) / 4);
  const state = new Uint8Array(words.buffer);
  words.set([globals.length, ...globals.map(({ value }) => value)]);
  let at = start;
  for (const [from, to] of ranges) {
    words.set([from, to - from], at / 4);
    state.set(source.subarray(from, to), at + 8);
    at += 8 + to - from;
  }
  return state;
}

/**
 * Gives a new instance the state of a started one of the same module.
 *
 * @param starters - exported functions that start an instance. They do nothing in the one that is returned.
 * @throws RangeError where it is that of another module.
 */
export function resumeState(
  { instance, memory }: Parts,
  state: Uint8Array<ArrayBuffer>,
  starters: readonly string[],
): WebAssembly.Instance {
  const words = new Uint32Array(state.buffer, state.byteOffset, state.length / 4);
  const globals = globalsOf(instance);
  if (words[0] !== globals.length) throw new RangeError('It is the state of another module');
  globals.forEach((global, i) => {
    global.value = words[1 + i] as number;
  });
  // The instance has copied its own data to where it is in the state too.
  let target = new Uint8Array(memory.buffer);
  for (let at = 1 + globals.length; at < words.length; ) {
    const [address, length] = [words[at] as number, words[at + 1] as number];
    const missing = address + length - target.length;
    if (missing > 0) {
      memory.grow(Math.ceil(missing / 65_536));
      target = new Uint8Array(memory.buffer);
    }
    target.set(new Uint8Array(state.buffer, state.byteOffset + 4 * at + 8, length), address);
    at += 2 + length / 4;
  }
  const skipped = Object.fromEntries(starters.map((name) => [name, () => 0]));
  return { exports: { ...instance.exports, ...skipped } };
}

/** Ranges of a memory that hold more than zeros, by address; all begin and end at a multiple of 8. */
export function* filledRanges(memory: Uint8Array): Generator<[from: number, to: number]> {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length >> 2);
  let from: number | undefined;
  let to = 0;
  for (let i = 0; i < words.length; i += 2) {
    if (words[i] === 0 && words[i + 1] === 0) continue;
    if (from !== undefined && 4 * i - to > minGap) {
      yield [from, to];
      from = undefined;
    }
    from ??= 4 * i;
    to = 4 * i + 8;
  }
  if (from !== undefined) yield [from, to];
}

/** The module's own variables; the build of `ort.wasm` exports them by these names. */
function globalsOf({ exports }: WebAssembly.Instance): WebAssembly.Global[] {
  return Object.keys(exports)
    .filter((name) => /^global\d+$/.test(name))
    .sort()
    .map((name) => exports[name] as WebAssembly.Global);
}
