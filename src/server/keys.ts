/** What a key may do: `write` for PUT and DELETE, `read` for all else. */
export type Scope = 'read' | 'write';

/** An API key, as a deployment knows it. */
export interface ApiKey {
  /** SHA-256 of the key, 64 hexadecimal digits. */
  digest: string;
  /** Its first 12 digits: names the key in the log and to `npm run keys`. */
  id: string;
  scopes: readonly string[];
  /** Namespaces that it may see and write to; undefined for all. */
  namespaces: readonly string[] | undefined;
  /** Origins of pages that may use it; undefined for any caller. */
  origins: readonly string[] | undefined;
}

/**
 * Reads the list of keys: `<digest>[:read|:write|:read+write][;namespaces=a+b][;origins=https://a.example+...]`,
 * separated by white space. An entry with anything else in it allows nothing.
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
  const isKnown = [...values.keys()].every((name) => name === 'namespaces' || name === 'origins');
  return {
    digest,
    id: digest.slice(0, 12),
    scopes: isKnown ? scopes.split('+') : [],
    namespaces: values.get('namespaces'),
    origins: values.get('origins'),
  };
}
