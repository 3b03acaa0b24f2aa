import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { Manifest, ModelFile, Precision } from '../contract/manifest.ts';

/**
 * Reads a manifest and checks what running the model relies on.
 * @throws UnlabelError `model_unavailable`, naming the member that is wrong, what it must be and what it is.
 */
export function parseManifest(json: string): Manifest {
  const manifest = parse(json);
  const require = (isRight: boolean, member: string, expected: string, got: unknown) => {
    if (isRight) return;
    const text = `${typeof got === 'number' ? got : JSON.stringify(got)}`.slice(0, 100);
    throw new UnlabelError(
      'model_unavailable',
      `The model's manifest has no valid ${member}: expected ${expected}, got ${text}`,
    );
  };
  const requireFile = (field: string, entry: unknown) => {
    const { file, bytes, sha256 } = Object(entry) as Partial<ModelFile>;
    require(typeof file === 'string', `${field}.file`, 'a file name', file);
    require(/^[0-9a-f]{64}$/.test(`${sha256}`), `${field}.sha256`, '64 hexadecimal digits', sha256);
    require(isSize(bytes) &&
      bytes <= limits.weightBytes, `${field}.bytes`, `a whole number from 1 to ${limits.weightBytes}`, bytes);
  };
  const { name, version, input, classes, embedding, files, gallery, golden } = manifest;
  require(typeof name === 'string', 'name', 'a string', name);
  require(typeof version === 'string', 'version', 'a string', version);
  require(isSize(input?.width) &&
    isSize(input?.height) &&
    input.width * input.height * 3 <=
      limits.bodyBytes, 'input', `a width and height of at most ${limits.bodyBytes} bytes of RGB`, input);
  require(Array.isArray(classes) &&
    classes.length > 0 &&
    classes.every((label) => typeof label === 'string'), 'classes', 'an array of names', classes);
  require(isSize(embedding?.dimensions) &&
    embedding.dimensions <=
      limits.dimensions, 'embedding.dimensions', `a whole number from 1 to ${limits.dimensions}`, embedding?.dimensions);
  require(Array.isArray(files), 'files', 'an array', files);
  for (const [index, file] of (files ?? []).entries()) requireFile(`files[${index}]`, file);
  if (gallery !== undefined) {
    requireFile('gallery', gallery);
    const { count } = Object(gallery) as { count?: unknown };
    require(isSize(count), 'gallery.count', 'a whole number of vectors', count);
  }
  require(typeof golden?.input === 'string' &&
    typeof golden.outputs === 'object' &&
    golden.outputs !== null, 'golden', 'an input and outputs', golden);
  for (const [precision, output] of Object.entries(golden?.outputs ?? {})) {
    const { probabilities } = Object(output) as { probabilities?: unknown };
    require(Array.isArray(probabilities) &&
      probabilities.length ===
        classes?.length, `golden.outputs.${precision}`, 'a probability for each class', output);
  }
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
