/** Makes, lists and revokes API keys. See `--help`. */
import { createHash, randomBytes } from 'node:crypto';
import { isKeyValue, parseKeys } from '../../src/server/keys.ts';
import { typed } from '../command-line/place.ts';
import { fail, parseCommand } from '../harness/command.ts';
import { keyFileOf, readEntries, restrict, writeEntries } from './key-file.ts';

/** Cloudflare's limit of a secret, 5 KB: some 50 keys. */
const maxSecretBytes = 5_000;

const help = `Usage: ${typed('keys')}
       ${typed('keys', 'add [options]')}
       ${typed('keys', 'revoke ID')}

Lists the API keys of a deployment; makes one, and shows it this once; or removes one. Keeps the SHA-256 of each key, and
what it may do, in .keys.json. ${typed('deploy')} takes the keys along; npx wrangler secret bulk .keys.json changes those of a
deployed Worker in seconds.

  --scopes read+write    what the key may do (default: both)
  --namespaces a+b       the only namespaces that it may use (default: all)
  --vectors N            most vectors in each of those namespaces
  --origins URL+URL      the only pages that may use it, for a key that a page contains. Browsers obey this; other
                         programs need not, so give such a key the scope read, and namespaces.
  --env NAME             the keys of another environment of the configuration, in .NAME.keys.json
  --file FILE            another file than .keys.json`;
const { values, positionals, tokens } = parseCommand(
  help,
  {
    scopes: { type: 'string', default: 'read+write' },
    namespaces: { type: 'string' },
    vectors: { type: 'string' },
    origins: { type: 'string' },
    env: { type: 'string' },
    file: { type: 'string' },
  },
  { allowPositionals: true, tokens: true },
);
const [command = 'list', id, ...rest] = positionals;
const options = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
const repeated = options.find((name, index) => options.indexOf(name) < index);
if (repeated) fail(`--${repeated}: expected once, with its values joined by +`);
if (rest.length > 0 || (id !== undefined && command !== 'revoke'))
  fail(`Unexpected ${JSON.stringify(rest[0] ?? id)}`, help);
for (const name of ['env', 'file'] as const)
  if (values[name] === '') fail(`--${name}: expected a name, got ""`);
const { env = '', file = keyFileOf(env) } = values;
const entries = readEntries(file);
restrict(file);

if (command === 'add') add();
else if (command === 'revoke') revoke();
else if (command !== 'list') fail(`Expected add, revoke or list, got ${command}`, help);
for (const { id, scopes, namespaces, vectors, origins } of parseKeys(readEntries(file).join(' ')))
  if (scopes.length === 0) console.log(id, 'allows nothing: its entry is not valid');
  else
    console.log(
      id,
      scopes.join('+'),
      namespaces ? `in ${namespaces.join(', ')}` : 'in all namespaces',
      vectors ? `with at most ${vectors} vectors each` : '',
      origins ? `from ${origins.join(', ')}` : '',
    );

function add(): void {
  const { scopes, namespaces, vectors, origins } = values;
  for (const [name, value] of Object.entries({ scopes, namespaces, vectors, origins }))
    if (value !== undefined && !isKeyValue(name, value))
      fail(`--${name}: unexpected ${JSON.stringify(value)}`);
  if (vectors !== undefined && namespaces === undefined)
    fail('--vectors limits the namespaces of a key: name them with --namespaces');
  const key = `unl_${randomBytes(32).toString('base64url')}`;
  const digest = createHash('sha256').update(key).digest('hex');
  const restrictions = Object.entries({ namespaces, vectors, origins }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const entry = [`${digest}:${scopes}`, ...restrictions].join(';');
  if ([...entries, entry].join(' ').length > maxSecretBytes)
    fail(`The keys would exceed the ${maxSecretBytes} bytes of a secret: revoke one first`);
  writeEntries(file, [...entries, entry]);
  console.log(`The key, shown this once:\n\n  ${key}\n\nIts entry in API_KEY_HASHES:\n\n  ${entry}\n`);
}

/** Removes all entries of one key. */
function revoke(): void {
  const digests = parseKeys(entries.join(' ')).map(({ digest }) => digest);
  const [digest, ...others] = new Set(digests.filter((each) => id && each.startsWith(id)));
  if (digest === undefined || others.length > 0)
    fail(`Expected the id of one key, as ${typed('keys')} lists them, got ${id ?? 'none'}`);
  writeEntries(
    file,
    entries.filter((_, index) => digests[index] !== digest),
  );
  console.log(
    `The deployed Worker takes it until you run ${typed('deploy', env && `--env ${env}`)}, or: npx wrangler secret bulk ${file}${env && ` --env ${env}`}\n`,
  );
}
