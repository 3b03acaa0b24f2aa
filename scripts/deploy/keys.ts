/**
 * Makes, lists and revokes API keys. A key is shown once; what is kept, in `.keys.json`, is its SHA-256 and what it may do.
 *
 *     npm run keys                                                     lists them
 *     npm run keys -- add [--scopes read+write] [--namespaces a+b [--vectors 1000]]
 *         [--origins https://shop.example]
 *     npm run keys -- revoke ID
 *
 * `npm run deploy` takes them along; `npx wrangler secret bulk .keys.json` changes them in seconds. A key with origins
 * may be seen by anybody who reads the page: browsers hold to it, other programs need not. Give it the scope `read`, and
 * namespaces.
 */
import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { parseKeys, quotaPattern } from '../../src/server/keys.ts';
import { keyFile, readEntries, writeEntries } from './key-file.ts';

/** What Cloudflare gives a secret (5 KB): some 50 keys. */
const secretBytes = 5_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scopes: { type: 'string', default: 'read+write' },
    namespaces: { type: 'string' },
    vectors: { type: 'string' },
    origins: { type: 'string' },
    file: { type: 'string', default: keyFile },
  },
});
const [command = 'list', id] = positionals;
const entries = readEntries(values.file);

if (command === 'add') add();
else if (command === 'revoke') revoke();
else if (command !== 'list') throw new Error(`There is no ${command}: add, revoke or list`);
for (const { id, scopes, namespaces, vectors, origins } of parseKeys(readEntries(values.file).join(' ')))
  console.log(
    id,
    scopes.join('+'),
    namespaces ? `in ${namespaces.join(', ')}` : 'in all namespaces',
    vectors ? `with at most ${vectors} vectors each` : '',
    origins ? `from ${origins.join(', ')}` : '',
  );

function add(): void {
  const { scopes, namespaces, vectors, origins } = values;
  check('scopes', scopes, /^(read|write)$/);
  if (namespaces) check('namespaces', namespaces, /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/);
  if (vectors !== undefined) {
    check('vectors', vectors, quotaPattern);
    if (!namespaces) throw new Error('--vectors bounds what a key of some --namespaces can store: name them');
  }
  if (origins) check('origins', origins, /^https?:\/\/[^/\s+;]+$/);
  const key = `unl_${randomBytes(32).toString('base64url')}`;
  const digest = createHash('sha256').update(key).digest('hex');
  const restrictions = Object.entries({ namespaces, vectors, origins }).flatMap(([name, value]) =>
    value ? [`${name}=${value}`] : [],
  );
  const entry = [`${digest}:${scopes}`, ...restrictions].join(';');
  if ([...entries, entry].join(' ').length > secretBytes)
    throw new Error(`There is no room for one more key: a secret has at most ${secretBytes} bytes`);
  writeEntries(values.file, [...entries, entry]);
  console.log(`The key, shown this once:\n\n  ${key}\n\nIts entry in API_KEY_HASHES:\n\n  ${entry}\n`);
}

function revoke(): void {
  const kept = entries.filter((entry) => !id || !entry.startsWith(id));
  if (kept.length !== entries.length - 1) throw new Error('Name one key by its id, as the list shows it');
  writeEntries(values.file, kept);
  console.log('It is off as soon as this is run: npx wrangler secret bulk .keys.json\n');
}

function check(name: string, value: string, pattern: RegExp): void {
  for (const part of value.split('+'))
    if (!pattern.test(part)) throw new Error(`--${name} cannot have ${JSON.stringify(part)}`);
}
