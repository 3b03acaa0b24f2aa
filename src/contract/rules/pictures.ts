import { UnlabelError } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkText } from './names.ts';

/** A picture of a class, and its name in errors. */
export interface LabeledSource<Source> {
  label: string;
  source: Source;
  field: string;
}

/**
 * The pictures of a set, one by one; the lists are read before control returns.
 * @throws UnlabelError `invalid_parameter`.
 */
export function listPictures<Source>(pictures: Record<string, readonly Source[]>): LabeledSource<Source>[] {
  const labels = Object.entries(Object(pictures) as Record<string, unknown>);
  if (labels.length < 1 || labels.length > limits.classesPerSet)
    throw refusal('pictures', `1 to ${limits.classesPerSet} labels, got ${labels.length}`);
  const listed = labels.flatMap(([label, sources]) => {
    const field = `pictures.${label}`;
    checkText(label, 'pictures');
    if (!Array.isArray(sources) || sources.length < 1) throw refusal(field, 'at least one picture or vector');
    return Array.from(sources, (source: Source, i) => ({ label, source, field: `${field}[${i}]` }));
  });
  if (listed.length > limits.examplesPerSet)
    throw refusal(
      'pictures',
      `at most ${limits.examplesPerSet} pictures and vectors in all, got ${listed.length}`,
    );
  return listed;
}

function refusal(field: string, expected: string): UnlabelError {
  return new UnlabelError('invalid_parameter', `${field} must have ${expected}`, { field });
}
