import type { Connection } from './connection.ts';
import { createClasses } from './resources/classes.ts';
import { createVectors } from './resources/vectors.ts';

/** The vectors and classes that a service stores; loaded by the first call of theirs. */
export function createStored(connection: Connection, model?: string) {
  return { vectors: createVectors(connection, model), classes: createClasses(connection, model) };
}
