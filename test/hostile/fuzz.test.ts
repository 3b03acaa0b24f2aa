import { afterEach, expect, test } from 'vitest';
import { Coverage } from '../../scripts/harness/fuzz/coverage.ts';
import { fuzz } from '../../scripts/harness/fuzz/fuzz.ts';
import { must, type Target } from '../../scripts/harness/fuzz/target.ts';
import { targetNames, targets } from '../../scripts/harness/fuzz/targets.ts';
import { rounds } from './form.ts';

let coverage: Coverage | undefined;
afterEach(() => {
  coverage?.stop();
  coverage = undefined;
});

const upTo = (most: number) => (executions: number) => executions < most;
const one = { seeds: [new Uint8Array(8)], tokens: [] };

test('coverage leads to a planted fault that blind changes do not find', async () => {
  coverage = new Coverage(/fuzz\/planted\.ts/);
  const { planted } = await import('../../scripts/harness/fuzz/planted.ts');
  const target: Target = { ...one, run: planted };
  const goOn = upTo(30_000);
  expect((await fuzz(target, { seed: 1, goOn })).findings).toEqual([]);

  const { findings, corpus } = await fuzz(target, { seed: 1, goOn, coverage });
  expect(findings).toEqual([
    { input: Uint8Array.of(0x80, 0x01, 0xff, 0x40), reason: expect.stringContaining('RangeError: planted') },
  ]);
  const words = new Set(corpus.map(planted));
  expect(words).toEqual(new Set(['none', 'one', 'two', 'three']));
});

let calls = 0;
test.each<[what: string, run: Target['run']]>([
  ['the second answer differs', () => `${calls++}`],
  [
    'it takes',
    () => {
      const end = performance.now() + 4;
      while (performance.now() < end);
      return '';
    },
  ],
  [
    'it blocks',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const end = performance.now() + 8;
      while (performance.now() < end);
      return '';
    },
  ],
  ['it changes its input', (input) => `${input.fill(1).length}`],
  [
    'it pollutes Object.prototype',
    () => {
      Object.assign(Object.prototype, { polluted: true });
      return '';
    },
  ],
  ['TypeError', () => (undefined as unknown as string).trim()],
  [
    'broken rule: five',
    () => {
      must(false, 'five');
      return '';
    },
  ],
])('%s: is found', async (what, run) => {
  const bounds = what === 'it blocks' ? { maxBlockMs: 6 } : { maxMs: 2 };
  const { findings } = await fuzz({ ...one, run }, { seed: 1, ...bounds, goOn: upTo(40) });
  expect(findings.map(({ reason }) => reason)).toContainEqual(expect.stringContaining(what));
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('an input that takes long in short pieces does not block', async () => {
  const run = async () => {
    for (let i = 0; i < 25; i++) {
      const end = performance.now() + 2;
      while (performance.now() < end);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return '';
  };
  const { findings } = await fuzz({ ...one, run }, { seed: 1, maxBlockMs: 40, goOn: upTo(40) });
  expect(findings).toEqual([]);
});

test.each(targetNames)(
  '%s: nothing is found in a short run, and more is reached than by the seeds',
  async (name) => {
    const { sources, load, maxBlockMs } = targets[name];
    coverage = new Coverage(sources);
    const target = await load();
    const report = await fuzz(target, { seed: 1, coverage, maxBlockMs, goOn: upTo(rounds(20_000, 500)) });
    expect(report.findings).toEqual([]);
    expect(report.corpus.length).toBeGreaterThan(target.seeds.length);
  },
  300_000,
);
