import { singleFlight } from '../../util/single-flight.ts';
import { openDatabase } from './indexed-db-web.ts';
import { memoryStore } from './memory.ts';
import type { DataStore } from './store.ts';

/**
 * The store of the page, which all engines in it share, as IndexedDB is shared. Where the browser keeps nothing (some
 * private windows, a sandboxed frame) it is in memory, and says so.
 */
export const openStore = singleFlight(
  async (): Promise<DataStore> => openDatabase().catch(() => memoryStore()),
);
