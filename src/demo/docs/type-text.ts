import type { Schema } from './openapi.ts';

/**
 * Writes a schema as a TypeScript type, with its descriptions and ranges as comments above the members.
 * @param definitions - by name: what a `$ref` may point to, in the document's components or beside the schema.
 */
export function typeText(schema: Schema, definitions: Record<string, Schema>, indent = ''): string {
  const known = { ...definitions, ...schema.$defs };
  const text = (inner: Schema, deeper = indent) => typeText(inner, known, deeper);

  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    // A definition that is part of itself has its name there.
    const { [name]: definition, ...others } = known;
    return definition ? typeText(definition, others, indent) : name;
  }
  if (schema.anyOf) return schema.anyOf.map((option) => text(option)).join(' | ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  if (schema.type === 'array') {
    const items = text(schema.items ?? {});
    const isUnion = schema.items?.anyOf || schema.items?.enum || Array.isArray(schema.items?.type);
    return isUnion ? `(${items})[]` : `${items}[]`;
  }
  if (schema.type !== 'object') return schema.format === 'binary' ? 'bytes' : (schema.type ?? 'unknown');
  if (!schema.properties) {
    const values = schema.additionalProperties;
    return `Record<string, ${typeof values === 'object' ? text(values) : 'unknown'}>`;
  }
  const inside = `${indent}  `;
  const members = Object.entries(schema.properties).map(([name, member]) => {
    const note = notes(member);
    const optional = schema.required?.includes(name) ? '' : '?';
    return `${note && `${inside}// ${note}\n`}${inside}${name}${optional}: ${text(member, inside)}\n`;
  });
  return `{\n${members.join('')}${indent}}`;
}

/** Description, range and default of a schema, as a phrase; empty where it has none. */
export function notes(schema: Schema): string {
  const maximum = schema.maximum === Number.MAX_SAFE_INTEGER ? undefined : schema.maximum;
  const count = rangeText(schema.minItems, schema.maxItems);
  const parts = [
    schema.description,
    schema.format !== 'binary' && schema.format,
    rangeText(schema.minimum, maximum),
    count && `${count} items`,
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ];
  return parts.filter(Boolean).join('; ');
}

function rangeText(from?: number, to?: number): string | undefined {
  if (to === undefined) return from === undefined ? undefined : `at least ${from}`;
  return from === undefined ? `at most ${to}` : `${from} to ${to}`;
}
