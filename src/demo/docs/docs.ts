import { errorCodes } from '../../contract/error-codes.ts';
import { find, make } from '../dom.ts';
import type { OpenApi } from './openapi.ts';
import { operationSection, typeBlock } from './operation.ts';

const contents = find('#contents', HTMLElement);
const operations = find('#operations', HTMLElement);

for (const [code, [status, title]] of Object.entries(errorCodes)) {
  find('#codes', HTMLElement).append(
    make(
      'div',
      { id: code },
      make('dt', {}, make('code', {}, code)),
      make('dd', {}, make('b', {}, `${status}`), ` ${title}`),
    ),
  );
}

try {
  const response = await fetch('openapi.json');
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  draw((await response.json()) as OpenApi);
} catch (error) {
  operations.textContent = `The document cannot be read: ${error instanceof Error ? error.message : error}.`;
}
contents.append(make('a', { href: '#errors' }, make('b', {}, 'Errors')));
// The place that was asked for exists, or has its place, only now.
if (location.hash) location.replace(location.hash);

function draw({ servers: [server], paths, components: { schemas } }: OpenApi): void {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path: server.url.replace(/\/$/, '') + path,
      method: method.toUpperCase(),
      operation,
    })),
  );
  operations.replaceChildren();
  operations.role = null;
  for (const [tag, group] of Map.groupBy(all, ({ operation }) => operation.tags[0])) {
    operations.append(make('h2', {}, tag));
    contents.append(make('b', {}, tag));
    for (const { path, method, operation } of group) {
      const id = `${method}${path}`.toLowerCase().replaceAll(/\W+/g, '-');
      operations.append(operationSection(id, method, path, operation, schemas));
      contents.append(make('a', { href: `#${id}` }, make('span', { className: 'method' }, method), path));
    }
  }
  if (schemas.Problem) find('#problem-type', HTMLElement).append(typeBlock(schemas.Problem, schemas));
}
