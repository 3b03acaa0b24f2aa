import { limits } from '../../src/contract/limits.ts';
import { type Client, ImageTooLargeError, UnlabelError } from '../../src/index.ts';
import type { Omission, Picture } from './pictures.ts';

/** What has become of pictures so far. */
export interface ImportReport {
  stored: number;
  /** Those that the service refused. */
  failed: Omission[];
}

/** Settings of {@link importPictures}. */
export interface ImportOptions {
  namespace: string;
  /** Puts the name of a picture's folder into its metadata, as `label`. */
  labels: boolean;
  /** Called after each batch. */
  onProgress(): void;
}

/**
 * Stores pictures, a batch at a time. A picture that the service refuses does not keep the others from being stored.
 *
 * @param report - is kept up to date.
 * @throws UnlabelError for a failure that is of no one picture: the rest is not stored.
 */
export async function importPictures(
  client: Client,
  pictures: readonly Picture[],
  report: ImportReport,
  { namespace, labels, onProgress }: ImportOptions,
): Promise<void> {
  for (let start = 0; start < pictures.length; start += limits.imagesPerRequest) {
    await store(pictures.slice(start, start + limits.imagesPerRequest));
    onProgress();
  }

  async function store(batch: readonly Picture[]): Promise<void> {
    if (batch.length === 0) return;
    const items = batch.map(({ id, path, file, parent }) => ({
      id,
      vector: file,
      metadata: { path, ...(labels && parent !== undefined && { label: parent }) },
    }));
    try {
      await client.vectors.upsert(items, { namespace });
      report.stored += batch.length;
    } catch (error) {
      if (!(error instanceof UnlabelError)) throw error;
      const index = /^items\[(\d+)\]/.exec(error.field ?? '')?.[1];
      const wrong = batch[Number(index)];
      if (index !== undefined && wrong) {
        report.failed.push({ path: wrong.path, reason: error.message });
        return store(batch.toSpliced(Number(index), 1));
      }
      // Their pixels together are too many.
      if (!(error instanceof ImageTooLargeError) || batch.length === 1) throw error;
      const half = Math.ceil(batch.length / 2);
      await store(batch.slice(0, half));
      await store(batch.slice(half));
    }
  }
}
