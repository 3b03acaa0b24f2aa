import type { z } from 'zod';
import { UnlabelError } from '../contract/errors.ts';

/**
 * A value that came in a body, as its schema gives it.
 * @throws UnlabelError `invalid_parameter` that names the field: `vectors[3].metadata`.
 */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = reason(result.error.issues[0] as z.core.$ZodIssue);
  const field = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  throw new UnlabelError('invalid_parameter', message, { field: field.replace(/^\./, '') || undefined });
}

/** What is wrong, and where; of a union, what keeps the value from the form that it is nearest to. */
function reason(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union') return issue;
  const [nearest] = issue.errors.toSorted((a, b) => a.length - b.length);
  if (!nearest?.[0]) return issue;
  const inner = reason(nearest[0]);
  return { path: [...issue.path, ...inner.path], message: inner.message };
}
