/** Milliseconds after which to stop. */
const maxMs = 20_000;

/** Shortens an input while it still fails alike: removes pieces, from half its length down to a byte. */
export async function shrink(
  input: Uint8Array,
  isSame: (shorter: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let bytes = input;
  const end = performance.now() + maxMs;
  for (let size = bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < bytes.length && performance.now() < end; ) {
      const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
      if (await isSame(shorter)) bytes = shorter;
      else at += size;
    }
  }
  return new Uint8Array(bytes);
}
