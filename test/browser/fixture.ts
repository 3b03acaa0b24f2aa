/** The page of the browser tests: what a test needs of the package, by name, for the functions that it runs there. */

import { version as runtimeVersion } from '../../dist/runtime/version.js';
import { fitImage } from '../../src/image/fit-web.ts';
import { createClient } from '../../src/index.ts';
import { createBrowserCache } from '../../src/local/files/cache.ts';
import { compile } from '../../src/local/files/compile-web.ts';
import { deploymentOf } from '../../src/local/files/deployment.ts';
import { openModel } from '../../src/local/open.ts';
import { trimmed } from '../../src/local/runtimes/trimmed-web.ts';
import {
  createEngine,
  createEngineStore,
  createLocalEngine,
  type LocalEngine,
  type LocalOptions,
} from '../../src/local.ts';
import { stock } from '../../src/stock.ts';
import { webgpu } from '../../src/webgpu.ts';
import { bytesOf, failureOf, until } from '../helpers/realm-parts.ts';

/** Opens a model as an engine does; `fastEnough: 0` always compares the devices. */
const open = (options: LocalOptions, fastEnough?: number) =>
  openModel(
    deploymentOf(options, createBrowserCache()),
    { ...options, runtime: options.runtime ?? trimmed, compile, workers: 1, report: console.error },
    new AbortController().signal,
    fastEnough,
  );

const fixture = {
  createClient,
  createEngine,
  createEngineStore,
  createLocalEngine,
  fitImage,
  open,
  stock,
  webgpu,
  runtimeVersion,
  bytesOf,
  failureOf,
  until,
};
declare global {
  var unlabel: typeof fixture;
  var engine: LocalEngine;
}
globalThis.unlabel = fixture;
