/** Fails to compile where a schema and the type that the client sees part ways. */
export type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
