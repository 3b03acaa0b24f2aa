import { type Check, expectAnswer } from './example.ts';
import { run } from './package.ts';

export const checkPython: Check = async ({ folder, picture, url }) => {
  return expectAnswer(
    run(folder, { UNLABEL_URL: url }, 'python3', 'classify.py', picture),
    /picture\.png: \w+, [\d.]+ %$/,
  );
};
