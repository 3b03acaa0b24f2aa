import type { z } from 'zod';
import { UnlabelError } from '../../contract/errors.ts';
import { checkJsonBounds, checkJsonValues } from './json-bounds.ts';
import { decodeJsonText } from './text.ts';

/**
 * Reads bytes as JSON, within bounds that keep parsing and validating cheap.
 * @throws UnlabelError `invalid_request`; `invalid_parameter` that names the bound.
 */
export function parseJson(bytes: Uint8Array): unknown {
  checkJsonBounds(bytes);
  const text = decodeJsonText(bytes);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UnlabelError('invalid_request', 'The body must be JSON', { cause });
  }
  checkJsonValues(json);
  return json;
}

/**
 * Checks a value of a body by its schema.
 * @throws UnlabelError `invalid_parameter` that names the field: `vectors[3].metadata`.
 */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = reason(result.error.issues[0] as z.core.$ZodIssue);
  const field = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  throw new UnlabelError('invalid_parameter', message, { field: field.replace(/^\./, '') || undefined });
}

/** The issue of a schema; of a union, that of the form which the value is nearest to: by its keys, then by what is wrong. */
function reason(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union') return issue;
  const strangers = (issues: z.core.$ZodIssue[]) =>
    issues.filter(({ code }) => code === 'unrecognized_keys').length;
  const [nearest] = issue.errors.toSorted((a, b) => strangers(a) - strangers(b) || a.length - b.length);
  if (!nearest?.[0]) return issue;
  const inner = reason(nearest[0]);
  return { path: [...issue.path, ...inner.path], message: inner.message };
}
