import type { AliasItem } from '../contract/wire.ts';
import { foreignNamespace, type NamespaceStub } from './durable.ts';
import { namesObject } from './namespace/namespace-names.ts';
import { type ObjectBinding, unwrap } from './rpc.ts';

/** Names that stand for namespaces. Arguments have been checked by `checkAlias`. */
export interface AliasStore {
  /** All of them, by name. */
  list(): Promise<AliasItem[]>;
  /** @throws UnlabelError `invalid_parameter`, `quota_exceeded`, `forbidden`. */
  put(name: string, namespace: string): Promise<void>;
  /** Resolves when there is no alias of that name any more. */
  delete(name: string): Promise<void>;
}

/**
 * The aliases of a deployment. The object of all names sets them, one after the other; the object of each alias knows what
 * it stands for, so that a change holds for every call that begins after it, and a namespace costs no more than before.
 * @param mayUse - whether the caller may use a namespace; of an alias both names.
 */
export function durableAliases(
  binding: ObjectBinding<NamespaceStub>,
  mayUse: (namespace: string) => boolean,
): AliasStore {
  const names = binding.getByName(namesObject);
  /** An alias that is there belongs to who may use what it stands for. */
  const check = async (...needed: string[]) => {
    const [name] = needed;
    const found = (await unwrap(names.listAliases())).find((alias) => alias.name === name);
    if (![...needed, ...(found ? [found.namespace] : [])].every(mayUse)) throw foreignNamespace();
  };
  return {
    async list() {
      const all = await unwrap(names.listAliases());
      return all.filter(({ name, namespace }) => mayUse(name) && mayUse(namespace));
    },
    async put(name, namespace) {
      await check(name, namespace);
      await unwrap(names.putAlias({ name, namespace }));
    },
    async delete(name) {
      await check(name);
      await unwrap(names.deleteAlias(name));
    },
  };
}
