/** What the programs that run functions of a test have in common: the page of the browser tests, and a process. */

export const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** Rejections as data, for they leave the realm. */
export async function failureOf(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    const { name, message, code, field } = error as Error & { code?: string; field?: string };
    return { name, message, code, field };
  }
  return undefined;
}

/** Waits for what happens in the realm. */
export async function until(condition: () => boolean) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
