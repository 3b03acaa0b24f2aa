import { limits } from '../contract/limits.ts';

/** What a key may do: `write` for PUT, PATCH and DELETE and for POST /v1/deletions, `read` for all else. */
export type Scope = 'read' | 'write';

const name = `[A-Za-z0-9][A-Za-z0-9_-]{0,${limits.nameLength - 1}}`;
const origin = 'https?://([a-z0-9._-]+|\\[[0-9a-f:.]+\\])(:\\d+)?';
const listOf = (item: string) => new RegExp(`^${item}(\\+${item})*$`);

/** Values of an entry's members. Items of a list are joined by `+`. */
const patterns = new Map([
  ['scopes', listOf('(read|write)')],
  ['namespaces', listOf(name)],
  ['vectors', /^[1-9]\d{0,8}$/],
  ['origins', listOf(origin)],
]);

/**
 * Whether a member of a key's entry may have this value. An empty one, or a list with an empty or repeated item, is none;
 * `origins` must be as browsers send them (RFC 6454, section 6.1): lower case, without a path or a default port.
 * @param member - `scopes`, `namespaces`, `vectors` or `origins`.
 */
export function isKeyValue(member: string, value: string): boolean {
  const items = value.split('+');
  return (
    patterns.get(member)?.test(value) === true &&
    new Set(items).size === items.length &&
    (member !== 'origins' || items.every((item) => URL.canParse(item) && new URL(item).origin === item))
  );
}

/** An API key, as a deployment knows it. */
export interface ApiKey {
  /** SHA-256 of the key, 64 hexadecimal digits. */
  digest: string;
  /** Its first 12 digits: names the key in the log and to `npm run keys`. */
  id: string;
  /** None where the entry is not valid. */
  scopes: readonly string[];
  /** Namespaces that it may see and write to; undefined for all. */
  namespaces: readonly string[] | undefined;
  /** Vectors up to which it may fill each of its namespaces; undefined for as many as a namespace holds. */
  vectors: number | undefined;
  /** Origins of pages that may use it; undefined for any caller. */
  origins: readonly string[] | undefined;
}

/**
 * Reads the list of keys: `<digest>[:read|:write|:read+write][;namespaces=a+b][;vectors=1000][;origins=https://a.example+...]`,
 * separated by white space. An entry allows nothing where it has anything else in it, an empty value, a member or digest
 * twice, or `vectors` without `namespaces`, which would bound nothing.
 */
export function parseKeys(text: string): ApiKey[] {
  const keys = text.split(/\s+/).filter(Boolean).map(parseKey);
  const uses = new Map<string, number>();
  for (const { digest } of keys) uses.set(digest, (uses.get(digest) ?? 0) + 1);
  return keys.map((key) => (uses.get(key.digest) === 1 ? key : { ...key, scopes: [] }));
}

function parseKey(entry: string): ApiKey {
  const [head = '', ...restrictions] = entry.split(';');
  const [, digest = '', scopes = 'read+write'] = /^([^:]*)(?::(.*))?$/.exec(head.toLowerCase()) ?? [];
  const members = restrictions.map((text): [string, string] => {
    const [member = ''] = text.split('=', 1);
    return [member, text.slice(member.length + 1)];
  });
  const { namespaces, vectors, origins, ...others } = Object.fromEntries(members);
  const isValid =
    /^[0-9a-f]{64}$/.test(digest) &&
    isKeyValue('scopes', scopes) &&
    members.every(([member, value]) => isKeyValue(member, value)) &&
    Object.keys(others).length === 0 &&
    new Map(members).size === members.length &&
    (vectors === undefined || namespaces !== undefined);
  return {
    digest,
    id: digest.slice(0, 12),
    scopes: isValid ? scopes.split('+') : [],
    namespaces: namespaces?.split('+'),
    vectors: vectors === undefined ? undefined : Number(vectors),
    origins: origins?.split('+'),
  };
}
