/** The page of the browser tests: what a test needs of the package, by name, for the functions that it runs there. */

import { version as runtimeVersion } from '../../dist/runtime/ort.js';
import { fitImage } from '../../src/image/fit-web.ts';
import { createClient } from '../../src/index.ts';
import { open } from '../../src/local/open.ts';
import { createEngine, createLocalEngine, type LocalEngine } from '../../src/local.ts';

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** Rejections as data, for they leave the page. */
async function failureOf(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    const { name, message, code, field } = error as Error & { code?: string; field?: string };
    return { name, message, code, field };
  }
  return undefined;
}

const fixture = {
  createClient,
  createEngine,
  createLocalEngine,
  fitImage,
  open,
  runtimeVersion,
  bytesOf,
  failureOf,
};
declare global {
  var unlabel: typeof fixture;
  var engine: LocalEngine;
}
globalThis.unlabel = fixture;
