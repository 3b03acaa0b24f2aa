import { expect, test } from 'vitest';
import { memoryStorage } from '../../../scripts/harness/servers/sqlite.ts';
import { UnlabelError } from '../../../src/contract/errors.ts';
import { NamespaceNames } from '../../../src/vectors/namespace/namespace-names.ts';

const done = async () => {};
/** The object of the alias has it, but its answer does not come. */
const lose = async () => {
  throw new Error('Network connection lost.');
};

test('an alias whose object did not answer counts as set, and is set again', async () => {
  const names = new NamespaceNames(memoryStorage());
  const [first, moved] = ['v1', 'v2'].map((namespace) => ({ name: 'shop', namespace })) as [
    { name: string; namespace: string },
    { name: string; namespace: string },
  ];
  for (const alias of [first, moved]) {
    await expect(names.putAlias(alias, lose)).rejects.toThrow('lost');
    // Readers may follow it already.
    expect(names.aliases()).toEqual([alias]);
    for (let again = 0; again < 2; again++) await names.putAlias(alias, done);
    expect(names.aliases()).toEqual([alias]);
  }
  expect(names.list(10, '')).toEqual([]);
});

test('an alias that its object refuses stays what it was', async () => {
  const names = new NamespaceNames(memoryStorage());
  const refuse = async () => {
    throw new UnlabelError('invalid_parameter', 'The name has vectors', { field: 'name' });
  };
  const put = (namespace: string, point: () => Promise<void>) =>
    names.putAlias({ name: 'shop', namespace }, point);
  await expect(put('v1', refuse)).rejects.toMatchObject({ field: 'name' });
  expect(names.aliases()).toEqual([]);
  await put('v1', done);
  await expect(put('v2', refuse)).rejects.toMatchObject({ field: 'name' });
  expect(names.aliases()).toEqual([{ name: 'shop', namespace: 'v1' }]);
});

test('an alias whose object did not answer to its deletion is deleted again', async () => {
  const names = new NamespaceNames(memoryStorage());
  await names.putAlias({ name: 'shop', namespace: 'v1' }, done);
  await expect(names.deleteAlias('shop', lose)).rejects.toThrow('lost');
  expect(names.aliases()).toEqual([{ name: 'shop', namespace: 'v1' }]);
  for (let again = 0; again < 2; again++) await names.deleteAlias('shop', done);
  expect(names.aliases()).toEqual([]);
});
