import type { App } from '../../environment.ts';
import { addFilterSchema } from './bodies.ts';

/** Adds `GET /openapi.json`: the routes added so far, described once, and where the app is mounted. */
export function addOpenApi(app: App): void {
  addFilterSchema(app);
  let json: string | undefined;
  app.get('/openapi.json', (c) => {
    json ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: '3.1.0',
        info: {
          title: 'Unlabel',
          version: '1',
          description: 'Classes and embeddings of images, from networks that learned them without labels.',
        },
      }),
    );
    const servers = JSON.stringify([{ url: c.var.mount || '/' }]);
    return c.body(`{"servers":${servers},${json.slice(1)}`, 200, { 'content-type': 'application/json' });
  });
}
