import { expect, test } from 'vitest';
import { readCorpus } from '../../scripts/harness/fuzz/corpus.ts';
import { Judge } from '../../scripts/harness/fuzz/judge.ts';
import { targetNames, targets } from '../../scripts/harness/fuzz/targets.ts';

const files = targetNames.flatMap((target) => readCorpus(target).map((file) => ({ target, ...file })));

// What `npm run stress -- fuzz` found, or kept for the code that it reaches.
test.each(files)('$target/$name is read as it must be', async ({ target, input }) => {
  const judge = new Judge(await targets[target].load());
  expect(await judge.wrongWith(input)).toBeUndefined();
});
