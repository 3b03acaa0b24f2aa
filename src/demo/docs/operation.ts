import { errorCodes } from '../../contract/error-codes.ts';
import { make } from '../dom.ts';
import type { Content, Operation, Schema } from './openapi.ts';
import { notes, typeText } from './type-text.ts';

/** Draws an operation: what it does, what it takes, what it answers. */
export function operationSection(
  id: string,
  method: string,
  path: string,
  operation: Operation,
  definitions: Record<string, Schema>,
): HTMLElement {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const section = make(
    'section',
    { id, className: 'card operation' },
    make('h3', {}, make('span', { className: 'method' }, method), make('code', {}, path)),
    make('p', {}, ...prose(`${summary}.`)),
  );
  if (description) section.append(make('p', {}, ...prose(description)));

  if (parameters.length > 0) {
    const rows = parameters.map(({ name, in: place, required, schema, ...parameter }) => {
      const type = `${name}${required ? '' : '?'}: ${typeText(schema, definitions)}`;
      const note = `In the ${place}. ${notes({ ...schema, ...parameter })}`;
      return make('div', {}, make('dt', {}, make('code', {}, type)), make('dd', {}, ...prose(note)));
    });
    section.append(make('h4', {}, 'Parameters'), make('dl', {}, ...rows));
  }
  if (requestBody) {
    section.append(make('h4', {}, 'Body'), make('p', {}, ...prose(requestBody.description ?? '')));
    section.append(contentList(requestBody.content, definitions));
  }
  section.append(make('h4', {}, 'Answers'));
  for (const [status, answer] of Object.entries(responses)) {
    section.append(make('p', {}, make('b', {}, status), ' ', ...prose(answer.description)));
    // Problems are all alike, and shown once, with the errors.
    if (Number(status) < 400 && answer.content) section.append(contentList(answer.content, definitions));
  }
  return section;
}

/** Draws a schema as a type, its comments set off. */
export function typeBlock(schema: Schema, definitions: Record<string, Schema>): HTMLElement {
  const lines = typeText(schema, definitions)
    .split(/(?<=\n)/)
    .map((line) => (line.trimStart().startsWith('//') ? make('i', {}, line) : line));
  return make('pre', {}, make('code', {}, ...lines));
}

/** Media types of one schema are named together; a schema of bytes needs no more words. */
function contentList(content: Content, definitions: Record<string, Schema>): HTMLElement {
  const bySchema = Map.groupBy(Object.entries(content), ([, { schema }]) => JSON.stringify(schema));
  const list = make('div');
  for (const entries of bySchema.values()) {
    const names = entries.flatMap(([mediaType], i) => [i > 0 ? ', ' : '', make('code', {}, mediaType)]);
    const schema = entries[0]?.[1].schema ?? {};
    list.append(make('p', { className: 'media' }, ...names, schema.format === 'binary' ? ': the bytes' : ''));
    if (schema.format !== 'binary') list.append(typeBlock(schema, definitions));
  }
  return list;
}

/** Text with `code` in backticks; an error code becomes a link to its place below. */
function prose(text: string): (Node | string)[] {
  return text.split('`').map((part, i) => {
    if (i % 2 === 0) return part;
    const code = make('code', {}, part);
    return Object.hasOwn(errorCodes, part) ? make('a', { href: `#${part}` }, code) : code;
  });
}
