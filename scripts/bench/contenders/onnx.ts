/** Reads what the benchmarks need of our networks' ONNX files, and puts an ONNX file together of parts. */
import { decodeVarint, encodeVarint } from '../../../src/util/varint.ts';

/** A weight: its shape, and its values if they are float32. */
export interface Weight {
  shape: number[];
  floats: Float32Array;
}

export interface Node {
  operator: string;
  inputs: string[];
  outputs: string[];
  /** Numeric attributes only. */
  attributes: Record<string, number[]>;
}

/** Reads a network as operators in execution order, with their weights. */
export function readGraph(file: Uint8Array): { nodes: Node[]; weights: Map<string, Weight> } {
  const graph = only(fieldsOf(file), 7);
  const nodes = all(graph, 1).map((bytes) => {
    const texts = (id: number) => all(bytes, id).map(text);
    const attributes = all(bytes, 5).map((attribute) => {
      const numbers = Array.from(fieldsOf(attribute))
        .filter(({ id }) => id === 2 || id === 3 || id === 8)
        .flatMap(({ id, value }) => {
          if (typeof value === 'number') return [value];
          return id === 2 ? [new DataView(value.slice().buffer).getFloat32(0, true)] : varints(value);
        });
      return [text(only(fieldsOf(attribute), 1)), numbers] as const;
    });
    return {
      operator: texts(4)[0] as string,
      inputs: texts(1),
      outputs: texts(2),
      attributes: Object.fromEntries(attributes),
    };
  });
  const weights = all(graph, 5).map((bytes) => {
    const fields = Array.from(fieldsOf(bytes));
    const shape = fields
      .filter(({ id }) => id === 1)
      .flatMap(({ value }) => (typeof value === 'number' ? [value] : varints(value)));
    const isFloat = fields.some(({ id, value }) => id === 2 && value === 1);
    const raw = isFloat ? only(fields, 9).slice() : new Uint8Array();
    return [text(only(fields, 8)), { shape, floats: new Float32Array(raw.buffer) }] as const;
  });
  return { nodes, weights: new Map(weights) };
}

/**
 * Adapts our network to libraries that prepare images themselves, by four nodes around it: `pixel_values`, float32
 * `[N, 3, height, width]` from 0 to 255, in; `logits` and `last_hidden_state` out. Nodes and weights inside stay the same.
 */
export function withPixelValues(file: Uint8Array, height: number, width: number): Uint8Array {
  const parts = Array.from(fieldsOf(file)).map(({ id, value, bytes }) =>
    id === 7 ? wrap(value as Uint8Array) : bytes,
  );
  return Buffer.concat(parts);

  function wrap(graph: Uint8Array): Uint8Array {
    const kept = Array.from(fieldsOf(graph)).filter(({ id }) => id !== 11 && id !== 12);
    return message(7, [
      node('Transpose', 'pixel_values', 'bytes', [
        ...message(1, 'perm'),
        ...[0, 2, 3, 1].flatMap((axis) => [...key(8, 0), axis]),
        ...key(20, 0),
        7,
      ]),
      node('Cast', 'bytes', 'image', [...message(1, 'to'), ...key(3, 0), 2, ...key(20, 0), 2]),
      ...kept.map(({ bytes }) => bytes),
      node('Log', 'probabilities', 'logits'),
      node('Identity', 'embedding', 'last_hidden_state'),
      tensor(11, 'pixel_values', ['N', 3, height, width]),
      tensor(12, 'logits', ['N', 'classes']),
      tensor(12, 'last_hidden_state', ['N', 'dimensions']),
    ]);
  }
}

function node(operator: string, input: string, output: string, attribute?: number[]): Uint8Array {
  return message(1, [
    message(1, input),
    message(2, output),
    message(4, operator),
    attribute ? message(5, [Uint8Array.from(attribute)]) : new Uint8Array(),
  ]);
}

function tensor(id: number, name: string, shape: (string | number)[]): Uint8Array {
  const sizes = shape.map((size) =>
    message(1, [typeof size === 'number' ? Uint8Array.of(...key(1, 0), size) : message(2, size)]),
  );
  const type = message(1, [Uint8Array.of(...key(1, 0), 1), message(2, sizes)]);
  return message(id, [message(1, name), message(2, [type])]);
}

// An ONNX file is a protocol buffer: fields with a number and a value, which may be a message of fields.

function key(id: number, type: number): number[] {
  return encodeVarint(8 * id + type);
}

function message(id: number, content: string | readonly Uint8Array[]): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.concat(content);
  return Buffer.concat([Uint8Array.from([...key(id, 2), ...encodeVarint(bytes.length)]), bytes]);
}

interface Field {
  id: number;
  value: number | Uint8Array;
  /** The whole field, with its number and length. */
  bytes: Uint8Array;
}

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const next = () => {
    const [value, end] = decodeVarint(bytes, at);
    at = end;
    return value;
  };
  while (at < bytes.length) {
    const start = at;
    const tag = next();
    const type = tag % 8;
    let value: number | Uint8Array;
    if (type === 0) value = next();
    else {
      const length = type === 2 ? next() : type === 5 ? 4 : 8;
      value = bytes.subarray(at, at + length);
      at += length;
    }
    yield { id: Math.floor(tag / 8), value, bytes: bytes.subarray(start, at) };
  }
}

function varints(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, end] = decodeVarint(bytes, at);
    values.push(value);
    at = end;
  }
  return values;
}

function all(message: Uint8Array, id: number): Uint8Array[] {
  return Array.from(fieldsOf(message))
    .filter((field) => field.id === id)
    .map(({ value }) => value as Uint8Array);
}

function only(fields: Iterable<Field>, id: number): Uint8Array {
  return Array.from(fields).find((field) => field.id === id)?.value as Uint8Array;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
