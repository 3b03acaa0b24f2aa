import { UnlabelError } from '../errors.ts';

/**
 * The namespace of a call that must name it: without one it would empty the default.
 * @throws UnlabelError `invalid_parameter`.
 */
export function namedIn(options: { namespace: string }): string {
  const namespace: unknown = options?.namespace;
  if (typeof namespace === 'string' && namespace !== '') return namespace;
  const message = `namespace: expected { namespace: 'name' }, got ${JSON.stringify(options)}`;
  throw new UnlabelError('invalid_parameter', message, { field: 'namespace' });
}
