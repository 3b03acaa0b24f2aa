import { createRoute } from '@hono/zod-openapi';
import { checkAlias } from '../../../contract/rules/aliases.ts';
import { alias, aliasBody, aliasList, aliasPath } from '../../../contract/schemas/upkeep.ts';
import type { App } from '../../environment.ts';
import { parse } from '../../request/json.ts';
import { readJson } from '../../request/read.ts';
import { aliasesOf } from '../../stores.ts';
import { jsonBody } from '../openapi/bodies.ts';
import { problemResponses, storeProblems } from '../openapi/problems.ts';
import { json, tags } from './vectors.ts';

const putRoute = createRoute({
  method: 'put',
  path: '/v1/aliases/{name}',
  tags,
  summary: 'Let a name stand for a namespace; it holds for every request that begins after the answer',
  description:
    'Needs a key with the scope `write`, for both names. The name must have no vectors of its own; the namespace must be no ' +
    'alias.',
  request: { params: aliasPath, body: jsonBody(aliasBody, 'What the name stands for') },
  responses: {
    ...json('The alias is set', alias),
    ...storeProblems,
    ...problemResponses('unsupported_media_type', 'body_too_large', 'request_timeout', 'quota_exceeded'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/aliases',
  tags,
  summary: 'List the aliases of namespaces, by name',
  description: 'Those of which the key may use both names.',
  responses: { ...json('All aliases', aliasList), ...storeProblems },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/v1/aliases/{name}',
  tags,
  summary: 'Delete an alias; the vectors stay',
  description: 'Needs a key with the scope `write`. Answers the same where there was none.',
  request: { params: aliasPath },
  responses: { ...json('There is no such alias any more', aliasPath), ...storeProblems },
});

/** Adds the routes below `/v1/aliases`. */
export function addAliases(app: App): void {
  app.openapi(putRoute, async (c) => {
    const { name } = c.req.valid('param');
    // Rights come before the body is read.
    const store = aliasesOf(c);
    const { namespace } = parse(aliasBody, await readJson(c));
    checkAlias(name, namespace);
    await store.put(name, namespace);
    return c.json({ name, namespace }, 200);
  });

  app.openapi(listRoute, async (c) => c.json({ aliases: await aliasesOf(c).list() }, 200));

  app.openapi(deleteRoute, async (c) => {
    const { name } = c.req.valid('param');
    await aliasesOf(c).delete(name);
    return c.json({ name }, 200);
  });
}
