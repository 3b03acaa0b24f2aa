import { UnlabelError } from '../../contract/errors.ts';
import type { Decode, Rgba } from '../pixels.ts';

/** The part of an Emscripten module factory that jSquash's decoders need. */
export type EmscriptenFactory = (options: {
  noInitialRun: boolean;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ): WebAssembly.Exports;
  print(line: string): void;
  printErr(line: string): void;
}) => Promise<{ decode(bytes: Uint8Array, ...options: boolean[]): Rgba | null }>;

/** Gets the glue code of a decoder, its default export, and its compiled module: for the first image of its kind. */
export type DecoderSource = () => Promise<{ factory: EmscriptenFactory; module: WebAssembly.Module }>;

/**
 * What libjpeg says when it made up pixels. Stray bytes between segments, which some cameras write, are no loss.
 */
const dataLoss = /^(Premature end|Corrupt JPEG data(?!: \d+ extraneous))/;

/**
 * Makes a decoder out of an Emscripten build. Its instance is made on first use, once for all callers, and thrown away
 * after an exception, which leaves its heap and stack as they were at that moment.
 *
 * @param source a failure to get or start it goes to all who wait, and is forgotten.
 * @param options what the build's `decode` takes after the bytes; it refuses any other number of arguments.
 */
export function wasmDecoder(source: DecoderSource, options: boolean[] = []): Decode {
  let current: Promise<Run> | undefined;
  return async (bytes) => {
    let starting: Promise<Run>;
    let decode: Run;
    do {
      starting = current ??= start(source, options);
      try {
        decode = await starting;
      } catch (error) {
        if (current === starting) current = undefined;
        throw error;
      }
      // Another caller may have broken this instance in the meantime.
    } while (current !== starting);
    try {
      const pixels = decode(bytes);
      if (pixels) return pixels;
    } catch {
      current = undefined;
    }
    throw new UnlabelError('invalid_image', 'The image data is damaged or cut off');
  };
}

/** Null when the decoder found the data damaged; it throws when it gave up midway. */
type Run = (bytes: Uint8Array) => Rgba | null;

async function start(source: DecoderSource, options: boolean[]): Promise<Run> {
  const { factory, module } = await source();
  let messages: string[] = [];
  const decoder = await factory({
    noInitialRun: true,
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
    print: () => {},
    printErr: (line) => messages.push(line),
  });
  return (bytes) => {
    messages = [];
    const pixels = decoder.decode(bytes, ...options);
    return messages.some((line) => dataLoss.test(line)) ? null : pixels;
  };
}
