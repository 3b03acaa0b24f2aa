/** What a key may do: `write` for PUT and DELETE, `read` for all else. */
export type Scope = 'read' | 'write';

/** A number of vectors, as a key's entry has it. */
export const quotaPattern = /^[1-9]\d{0,8}$/;

/** An API key, as a deployment knows it. */
export interface ApiKey {
  /** SHA-256 of the key, 64 hexadecimal digits. */
  digest: string;
  /** Its first 12 digits: names the key in the log and to `npm run keys`. */
  id: string;
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
 * separated by white space. An entry with anything else in it allows nothing, nor does one with `vectors` and without
 * `namespaces`, which would bound nothing.
 */
export function parseKeys(text: string): ApiKey[] {
  return text.split(/\s+/).filter(Boolean).map(parseKey);
}

function parseKey(entry: string): ApiKey {
  const [head = '', ...restrictions] = entry.split(';');
  const [digest = '', scopes = 'read+write'] = head.toLowerCase().split(':');
  const values = new Map(
    restrictions.map((text) => [text.split('=', 1)[0], text.slice(text.indexOf('=') + 1).split('+')]),
  );
  const isKnown = [...values.keys()].every((name) => /^(namespaces|vectors|origins)$/.test(name ?? ''));
  const quota = values.get('vectors')?.join('+');
  const isBound = quota === undefined || (values.has('namespaces') && quotaPattern.test(quota));
  return {
    digest,
    id: digest.slice(0, 12),
    scopes: isKnown && isBound ? scopes.split('+') : [],
    namespaces: values.get('namespaces'),
    vectors: quota === undefined ? undefined : Number(quota),
    origins: values.get('origins'),
  };
}
