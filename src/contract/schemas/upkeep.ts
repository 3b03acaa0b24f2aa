import { z } from 'zod';
import { limits } from '../limits.ts';
import type { MetadataPatch } from '../resources/vectors.ts';
import type { AliasItem, AliasList, DeletedWhere, NamespaceList, Updated } from '../wire.ts';
import { modelRef, wholeNumber } from './inference.ts';
import type { Same } from './same.ts';
import { cursor, filter, key, metadata, metadataValue, name, namespace } from './vectors.ts';

/** The wire format of looking after stored vectors as schemas, as in `vectors.ts`. */

export { namespaceQuery, vectorPath } from './vectors.ts';

export const updateBody = z.strictObject({
  metadata: z
    .record(key, metadataValue.nullable())
    .refine(
      (value) => Object.keys(value).length <= 2 * limits.metadataKeys,
      `metadata must have at most ${2 * limits.metadataKeys} keys`,
    )
    .meta({ description: 'What changes', example: { label: 'cat', draft: null } }),
});
export const updated = z.object({ id: z.string(), namespace: z.string(), metadata }).meta({ id: 'Updated' });

export const deleteWhereBody = z
  .strictObject({ namespace: namespace.optional(), filter })
  .refine((body) => Object.keys(body.filter).length > 0, {
    path: ['filter'],
    message: 'filter must have a condition: DELETE /v1/vectors empties a namespace',
  });
export const deletedWhere = z
  .object({
    namespace: z.string(),
    deleted: z.int(),
    hasMore: z.boolean().meta({ description: 'Whether vectors that meet the filter are left' }),
  })
  .meta({ id: 'DeletedWhere' });

export const namespaceListQuery = z.object({
  limit: wholeNumber('limit', 1, limits.namespacesPerPage).default(limits.namespacesPerPage),
  cursor,
});
export const namespaceList = z
  .object({
    namespaces: z.array(z.object({ name: z.string(), model: modelRef, count: z.int() })),
    cursor: z.string().optional().meta({ description: 'For the next page; absent at the last' }),
  })
  .meta({ id: 'NamespaceList' });

export const aliasPath = z.object({ name: name('name').meta({ example: 'products' }) });
export const aliasBody = z.strictObject({
  namespace: name('namespace').meta({ description: 'What the name stands for', example: 'products-v2' }),
});
export const alias = z.object({ name: z.string(), namespace: z.string() }).meta({ id: 'Alias' });
export const aliasList = z.object({ aliases: z.array(alias) }).meta({ id: 'AliasList' });

const schemasMatch: [
  Same<z.infer<typeof updateBody>, MetadataPatch>,
  Same<z.infer<typeof updated>, Updated>,
  Same<z.infer<typeof deletedWhere>, DeletedWhere>,
  Same<z.infer<typeof namespaceList>, NamespaceList>,
  Same<z.infer<typeof alias>, AliasItem>,
  Same<z.infer<typeof aliasList>, AliasList>,
] = [true, true, true, true, true, true];
void schemasMatch;
