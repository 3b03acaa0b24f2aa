import type { InferenceSession, TensorConstructor } from 'onnxruntime-web';
import type { NetworkSession } from '../runtime/runtime.ts';

/** The part of onnxruntime-web that a session needs; every build of it has this. */
export interface Ort {
  InferenceSession: {
    create(weights: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  Tensor: TensorConstructor;
}

/** Makes a {@link NetworkSession} with whichever build of onnxruntime-web is given. */
export async function createOrtSession(
  ort: Ort,
  weights: Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<NetworkSession> {
  const session = await ort.InferenceSession.create(weights, options);
  return {
    async run(pixels, [batch, height, width]) {
      const image = new ort.Tensor('uint8', pixels, [batch, height, width, 3]);
      const { probabilities, embedding } = await session.run({ image });
      if (!probabilities || !embedding) throw new Error('the graph lacks an output');
      return { probabilities: probabilities.data as Float32Array, embedding: embedding.data as Float32Array };
    },
    release: () => session.release(),
  };
}
