import { readIndex } from './index-file.ts';
import { MemoryIndex } from './memory-index.ts';

/** An index file in memory, ready to search: the same answers as the namespace that it was exported from. */
export class LoadedIndex extends MemoryIndex {
  /** @throws UnlabelError `invalid_request` if the file is not an index. */
  constructor(bytes: Uint8Array) {
    const { model, dimensions, entries, vector } = readIndex(bytes);
    super(
      { ...model, dimensions },
      entries.map(([id, metadata], place) => ({
        id,
        metadata,
        // Made when it is asked for: int8 rows stay a quarter of the size.
        get vector() {
          return vector(place);
        },
      })),
    );
  }
}
