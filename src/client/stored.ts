import type { Connection } from './connection.ts';
import { createClasses } from './resources/classes.ts';
import { createVectors, type Search } from './resources/vectors.ts';

/** The vectors and classes that a service stores; loaded by the first call of theirs. */
export function createStored(connection: Connection, search: Search, model?: string) {
  return { vectors: createVectors(connection, search, model), classes: createClasses(connection, model) };
}
