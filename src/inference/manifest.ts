import { UnlabelError } from '../contract/errors.ts';
import type { Manifest, ModelFile, Precision } from '../contract/manifest.ts';

/**
 * Reads a manifest and checks what running the model relies on.
 * @throws UnlabelError `model_unavailable`, naming the member that is wrong.
 */
export function parseManifest(json: string): Manifest {
  const manifest = parse(json);
  const wrong = (member: string) =>
    new UnlabelError('model_unavailable', `The model's manifest has no valid ${member}`);
  if (typeof manifest.name !== 'string') throw wrong('name');
  if (typeof manifest.version !== 'string') throw wrong('version');
  if (!isSize(manifest.input?.width) || !isSize(manifest.input?.height)) throw wrong('input');
  if (!Array.isArray(manifest.classes) || manifest.classes.length === 0) throw wrong('classes');
  if (!isSize(manifest.embedding?.dimensions)) throw wrong('embedding.dimensions');
  if (
    !Array.isArray(manifest.files) ||
    !manifest.files.every((file) => /^[0-9a-f]{64}$/.test(file?.sha256 ?? ''))
  )
    throw wrong('files');
  return manifest as Manifest;
}

/**
 * The file to run at a precision.
 * @throws UnlabelError `model_unavailable` where the model has none.
 */
export function fileOf(manifest: Manifest, precision: Precision): ModelFile {
  const file = manifest.files.find((candidate) => candidate.precision === precision);
  if (!file)
    throw new UnlabelError('model_unavailable', `The model ${manifest.name} has no ${precision} file`);
  return file;
}

function parse(json: string): Partial<Manifest> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value;
  } catch {}
  throw new UnlabelError('model_unavailable', "The model's manifest is not a JSON object");
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}
