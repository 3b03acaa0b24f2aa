import { UnlabelError } from '../contract/errors.ts';
import { decodeBase64 } from '../util/base64.ts';
import type { Model } from './model.ts';

/**
 * Largest accepted difference of a probability from the manifest's. Builds of the same integer kernels may round a
 * requantization differently; a broken runtime differs by far more.
 */
const tolerance = 0.02;

/**
 * Runs the manifest's golden input and compares the probabilities.
 *
 * @throws UnlabelError `model_unavailable` if they differ, or if the manifest has none for this precision.
 */
export async function selfTest(model: Model): Promise<void> {
  const expected = model.manifest.golden.outputs[model.precision];
  if (!expected)
    throw new UnlabelError('model_unavailable', `The model has no golden output for ${model.precision}`);
  const { probabilities } = await model.run([decodeBase64(model.manifest.golden.input)]);
  const difference = Math.max(
    ...expected.probabilities.map((value, i) => Math.abs(value - (probabilities[i] ?? Number.NaN))),
  );
  // NaN fails too.
  if (!(difference <= tolerance))
    throw new UnlabelError(
      'model_unavailable',
      `The model's golden output is off by ${difference}, more than ${tolerance}`,
    );
}
