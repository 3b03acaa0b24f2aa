import { UnlabelError } from '../contract/errors.ts';
import { decodeBase64 } from '../util/base64.ts';
import type { Model } from './model.ts';

/**
 * Largest difference of a probability to the manifest's. Other builds of the same integer kernels round a
 * requantization differently now and then; a broken runtime is off by far more.
 */
const tolerance = 0.02;

/**
 * Runs the manifest's golden input and compares the probabilities.
 * @throws UnlabelError `model_unavailable` where they differ, or where the manifest has none for this precision.
 */
export async function selfTest(model: Model): Promise<void> {
  const expected = model.manifest.golden.outputs[model.precision];
  if (!expected)
    throw new UnlabelError('model_unavailable', `The model has no golden output for ${model.precision}`);
  const { probabilities } = await model.run([decodeBase64(model.manifest.golden.input)]);
  const off = Math.max(
    ...expected.probabilities.map((value, i) => Math.abs(value - (probabilities[i] ?? Number.NaN))),
  );
  if (!(off <= tolerance))
    throw new UnlabelError(
      'model_unavailable',
      `The model's golden output is off by ${off}, more than ${tolerance}`,
    );
}
