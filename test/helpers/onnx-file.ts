/** Writes ONNX files for tests, field by field: a file is a protocol buffer. */
import { encodeVarint } from '../../src/util/varint.ts';

const [uint8, float, int64] = [2, 1, 7];

/**
 * A network in the form of ours: `image`, uint8 `[N, 4, 4, 3]`, to `embedding`, the mean of each channel after some
 * operators of one input, and `probabilities`, its softmax.
 */
export function onnxFile(operators: readonly string[]): Uint8Array<ArrayBuffer> {
  const nodes = [
    node('Transpose', ['image'], 'planes', numbers('perm', [0, 3, 1, 2])),
    node('Cast', ['planes'], 'step0', number('to', float)),
    ...operators.map((operator, i) => node(operator, [`step${i}`], `step${i + 1}`)),
    node('ReduceMean', [`step${operators.length}`, 'axes'], 'embedding', number('keepdims', 0)),
    node('Softmax', ['embedding'], 'probabilities', number('axis', 1)),
  ];
  const axes = [
    ...field(1, 2),
    ...field(2, int64),
    ...field(8, 'axes'),
    ...field(
      9,
      [2, 3].flatMap((axis) => [axis, 0, 0, 0, 0, 0, 0, 0]),
    ),
  ];
  const graph = [
    ...nodes.flatMap((bytes) => field(1, bytes)),
    ...field(2, 'test'),
    ...field(5, axes),
    ...field(11, value('image', uint8, ['N', 4, 4, 3])),
    ...field(12, value('probabilities', float, ['N', 3])),
    ...field(12, value('embedding', float, ['N', 3])),
  ];
  return Uint8Array.from([...field(1, 8), ...field(7, graph), ...field(8, field(2, 18))]);
}

function node(operator: string, inputs: string[], output: string, attribute: number[] = []): number[] {
  const attributes = attribute.length > 0 ? field(5, attribute) : [];
  return [
    ...inputs.flatMap((name) => field(1, name)),
    ...field(2, output),
    ...field(4, operator),
    ...attributes,
  ];
}

function number(name: string, value: number): number[] {
  return [...field(1, name), ...field(3, value), ...field(20, 2)];
}

function numbers(name: string, values: number[]): number[] {
  return [...field(1, name), ...values.flatMap((value) => field(8, value)), ...field(20, 7)];
}

function value(name: string, type: number, shape: (number | string)[]): number[] {
  const dimensions = shape.flatMap((size) => field(1, field(typeof size === 'number' ? 1 : 2, size)));
  return [...field(1, name), ...field(2, field(1, [...field(1, type), ...field(2, dimensions)]))];
}

/** A field of a message: a number, a text, or bytes of whatever it holds. */
function field(id: number, content: number | string | number[]): number[] {
  if (typeof content === 'number') return [...encodeVarint(id * 8), ...encodeVarint(content)];
  const bytes = typeof content === 'string' ? [...new TextEncoder().encode(content)] : content;
  return [...encodeVarint(id * 8 + 2), ...encodeVarint(bytes.length), ...bytes];
}
