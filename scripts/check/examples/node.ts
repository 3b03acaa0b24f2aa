import { type Check, expectAnswer } from './example.ts';
import { run } from './package.ts';

export const checkNode: Check = async ({ folder, picture, url }) => {
  return expectAnswer(
    run(folder, { UNLABEL_URL: url }, 'node', 'classify.js', picture),
    /picture\.png: \w+, [\d.]+ %$/,
  );
};
