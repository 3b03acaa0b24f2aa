import { createRoute, z } from '@hono/zod-openapi';
import { selfTest } from '../../inference/self-test.ts';
import type { App } from '../environment.ts';
import { problemResponses } from './problem-responses.ts';

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  tags: ['Operation'],
  summary: 'Whether the Worker runs',
  responses: {
    200: {
      description: 'It runs',
      content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
    },
  },
});

const readyRoute = createRoute({
  method: 'get',
  path: '/ready',
  tags: ['Operation'],
  summary: 'Whether the default model answers its golden input as its manifest says',
  responses: {
    200: {
      description: 'It does',
      content: {
        'application/json': { schema: z.object({ status: z.literal('ready'), model: z.string() }) },
      },
    },
    ...problemResponses('model_unavailable'),
  },
});

export function addHealth(app: App): void {
  app.openapi(healthRoute, (c) => c.json({ status: 'ok' } as const, 200));
  app.openapi(readyRoute, async (c) => {
    const { manifest } = await c.var.models.use(undefined, async (model) => {
      await selfTest(model);
      return model;
    });
    return c.json({ status: 'ready', model: manifest.name } as const, 200);
  });
}
