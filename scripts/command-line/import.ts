/** Stores the pictures of a folder in a deployment. See `--help`. */
import { statSync } from 'node:fs';
import { defaultNamespace } from '../../src/contract/limits.ts';
import { createClient, UnlabelError } from '../../src/index.ts';
import { fail, parseCommand } from '../harness/command.ts';
import { importPictures } from './import-pictures.ts';
import { findPictures, type Omission } from './pictures.ts';

/** Milliseconds between two lines of progress that go to a file. */
const lineMs = 5_000;

const { values, positionals } = parseCommand(
  `Usage: npx unlabel-server import FOLDER --url URL [options]

Stores the pictures of a folder, and of the folders in it, in a deployment, where a search finds them. The id of a picture is its
path in the folder; of a path longer than 64 bytes, its SHA-256. The path is in its metadata too. A picture whose id is stored
already is left as it is: after a break, run the same command again. Lists at the end what was skipped, as it is no JPEG, PNG or
WebP, and what failed. Leaves out what has a dot before its name, and follows no links.

  --url URL         the deployment (default: UNLABEL_URL), with any path that it is mounted under
  --namespace NAME  where the pictures are stored (default: ${defaultNamespace})
  --key KEY         an API key with the scopes read and write. Better in UNLABEL_API_KEY: other users of this machine can see
                    arguments
  --model NAME      the model that embeds them (default: that of the deployment)
  --labels          puts the name of a picture's folder into its metadata, as label: photos/cats/1.jpg gets cats
  --replace         stores all again, also those whose ids are stored

Ends with 1 where a picture failed.`,
  {
    url: { type: 'string', default: process.env.UNLABEL_URL ?? '' },
    namespace: { type: 'string', default: defaultNamespace },
    key: { type: 'string', default: process.env.UNLABEL_API_KEY ?? '' },
    model: { type: 'string' },
    labels: { type: 'boolean', default: false },
    replace: { type: 'boolean', default: false },
  },
  { allowPositionals: true },
);
const { url, namespace, key, model, labels, replace } = values;
const [folder, ...rest] = positionals;
if (folder === undefined || rest.length > 0) fail(`Expected one folder, got ${positionals.length}`);
if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) fail(`There is no folder ${folder}`);
if (url === '') fail('--url: expected the address of a deployment, got none');

const { pictures, skipped, failed } = await findPictures(folder);
const report = { stored: 0, failed };
let left = pictures;
try {
  const client = createClient({ url, ...(key && { apiKey: key }), ...(model && { model }) });
  if (!replace) {
    const present = new Set<string>();
    for await (const { id } of client.vectors.list({ namespace })) present.add(id);
    left = pictures.filter(({ id }) => !present.has(id));
  }
  await importPictures(client, left, report, { namespace, labels, onProgress: progress() });
  if (failed.length > 0) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UnlabelError || error instanceof TypeError)) throw error;
  console.error(`\nStopped: ${error.message}\nWhat is stored stays: run the same command again to go on.`);
  process.exitCode = 1;
}
list('skipped', skipped);
list('failed', failed);
const counts = [`${report.stored} stored`, `${pictures.length - left.length} stored before`];
console.log(`${folder}: ${[...counts, `${skipped.length} skipped`, `${failed.length} failed`].join(', ')}`);

/** Says how far it is: in place on a terminal, else in a line now and then. */
function progress(): () => void {
  const { isTTY } = process.stderr;
  const failedBefore = failed.length;
  let last = Date.now();
  return () => {
    const done = report.stored + failed.length - failedBefore;
    const isLast = done === left.length;
    if (!isTTY && !isLast && Date.now() - last < lineMs) return;
    last = Date.now();
    const text = `${done} of ${left.length} pictures, ${failed.length} failed`;
    process.stderr.write(isTTY ? `\r${text}${isLast ? '\n' : ''}` : `${text}\n`);
  };
}

function list(what: string, omissions: readonly Omission[]): void {
  if (omissions.length > 0) console.log(`${what}:`);
  for (const { path, reason } of omissions) console.log(`  ${path}: ${reason}`);
}
