import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Check, expectAnswer } from './example.ts';
import { run } from './package.ts';

/** Classifies with Python's own library; stores and searches with requests, as its user would install it. */
export const checkPython: Check = async ({ folder, picture, url }) => {
  const env = { UNLABEL_URL: url };
  const answer = expectAnswer(
    run(folder, env, 'python3', 'classify.py', picture),
    /picture\.png: \w+, [\d.]+ %$/,
  );
  run(folder, {}, 'python3', '-m', 'venv', 'venv');
  const python = join(folder, 'venv/bin/python');
  run(folder, {}, python, '-m', 'pip', 'install', '--quiet', '--requirement', 'requirements.txt');
  const copy = join(folder, 'copy.png');
  await copyFile(picture, copy);
  expectAnswer(run(folder, env, python, 'search.py', picture, copy), /^copy\.png: 1\.000$/);
  return answer;
};
