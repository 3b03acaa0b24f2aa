import { type Collection, type DataStore, type Kind, planOf, type Row } from './store.ts';

/** Keeps collections as long as the page is open. */
export function memoryStore(): DataStore {
  const all = new Map<string, { about: Collection; rows: Map<string, Row> }>();
  const list = (kind: Kind) =>
    Array.from(all.values(), ({ about }) => about)
      .filter((about) => about.kind === kind)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const keyOf = (kind: Kind, name: string) => `${kind}/${name}`;
  return {
    isPersistent: false,
    list: async (kind) => list(kind),
    about: async (kind, name) => all.get(keyOf(kind, name))?.about,
    async read(kind, name) {
      const found = all.get(keyOf(kind, name));
      return (
        found && { about: found.about, rows: [...found.rows.values()].sort((a, b) => a.order - b.order) }
      );
    },
    async write(kind, name, change) {
      const key = keyOf(kind, name);
      const { about, rows = new Map<string, Row>() } = all.get(key) ?? {};
      const { after, put, remove } = planOf(kind, name, change, about, rows);
      const others = list(kind).filter((other) => other.name !== name);
      change.check?.(about, after, others);
      if (change.replace) rows.clear();
      for (const { id } of remove) rows.delete(id);
      for (const row of put) rows.set(row.id, row);
      if (after) all.set(key, { about: after, rows });
      else all.delete(key);
      return { ...(about && { before: about }), ...(after && { after }) };
    },
  };
}
