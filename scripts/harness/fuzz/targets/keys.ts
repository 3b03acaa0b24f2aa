import { parseKeys } from '../../../../src/server/keys.ts';
import { must, type Target } from '../target.ts';

const digest = 'ab'.repeat(32);

/** The list of keys of a deployment. What is wrong in it must allow nothing, and not keep the others from being read. */
export const keys: Target = {
  seeds: [digest, `${digest.toUpperCase()}:read;namespaces=a+b`].map((text) =>
    new TextEncoder().encode(text),
  ),
  tokens: [';', ':', '+', '=', ' ', '\n', 'read', 'write', ';namespaces=', ';origins=', digest],
  run(input) {
    const text = new TextDecoder().decode(input);
    const list = parseKeys(text);
    const entries = text.split(/\s+/).filter(Boolean);
    must(list.length === entries.length, `${list.length} keys of ${entries.length}`);
    for (const [i, { digest, id, scopes, namespaces, origins }] of list.entries()) {
      must(digest.startsWith(id) && id.length <= 12, 'the id is the start of the digest');
      const restrictions = entries[i]?.split(';').slice(1) ?? [];
      const isRestricted = namespaces !== undefined || origins !== undefined;
      const isFull = [scopes, namespaces, origins].every((items) => items?.every(Boolean) ?? true);
      must(isFull || scopes.length === 0, 'an empty value allows something');
      must(restrictions.length === 0 || isRestricted || scopes.length === 0, 'a restriction is lost');
    }
    return JSON.stringify(list);
  },
};
