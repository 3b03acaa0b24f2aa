import { UnlabelError } from '../contract/errors.ts';
import type { AliasItem } from '../contract/wire.ts';
import { namesObject } from './namespace/namespace-names.ts';
import { type ObjectBinding, type RpcResult, resultOf, toRpcResult, unwrap } from './rpc.ts';
import { emptyNamespace, type VectorStore } from './store.ts';

/** What an object answers: the name of another one where its own is an alias. */
export type NamespaceResult<Value> = RpcResult<Value> | { alias: string };

/**
 * A namespace's Durable Object, as it is called: the methods of a store without the name; and the object of all names.
 * See `durable-workerd.ts`.
 */
export type NamespaceStub = {
  [Method in keyof VectorStore]: VectorStore[Method] extends (
    namespace: string,
    ...args: infer Args
  ) => Promise<infer Result>
    ? (...args: Args) => Promise<NamespaceResult<Result>>
    : never;
} & {
  hasName(name: string): Promise<RpcResult<boolean>>;
  addName(name: string): Promise<RpcResult<void>>;
  listNames(limit: number, after: string): Promise<RpcResult<string[]>>;
  listAliases(): Promise<RpcResult<AliasItem[]>>;
  putAlias(alias: AliasItem): Promise<RpcResult<void>>;
  deleteAlias(name: string): Promise<RpcResult<void>>;
  /** See `Namespace.pointTo`. */
  pointTo(namespace: string | undefined): Promise<RpcResult<void>>;
};

/** Runs a call in the object of a namespace, unless its name is an alias. */
export async function inNamespace<Value>(
  namespace: { readonly alias: string | undefined },
  work: () => Value | Promise<Value>,
): Promise<NamespaceResult<Value>> {
  const { alias } = namespace;
  return alias === undefined ? toRpcResult(work) : { alias };
}

/** Names of namespaces that were ever written to, in order. */
export type NamesAfter = (limit: number, after: string) => Promise<string[]>;

/** The names of all namespaces of {@link durableStore}. */
export function durableNames(binding: ObjectBinding<NamespaceStub>): NamesAfter {
  return (limit, after) => unwrap(binding.getByName(namesObject).listNames(limit, after));
}

/** What a call to a namespace of others throws. */
export function foreignNamespace(): UnlabelError {
  return new UnlabelError('forbidden', 'The API key is for other namespaces');
}

/**
 * Each namespace in a Durable Object of its own: exact search, and a write is on disk before it is acknowledged. The object
 * of an alias answers with what it stands for, which is then called in its place: an alias costs a call more.
 *
 * @param known - names that were written to, as far as this isolate knows; grows.
 * @param mayUse - whether the caller may use what an alias stands for.
 */
export function durableStore(
  binding: ObjectBinding<NamespaceStub>,
  known: Set<string>,
  mayUse: (namespace: string) => boolean = () => true,
): VectorStore {
  const object = (namespace: string) => binding.getByName(namespace);
  /** An object for reading; undefined where nobody wrote to the namespace. */
  const find = async (namespace: string) => {
    if (!known.has(namespace)) {
      if (!(await unwrap(object(namesObject).hasName(namespace)))) return undefined;
      known.add(namespace);
    }
    return object(namespace);
  };
  const create = async (namespace: string) => {
    if (!known.has(namespace)) await unwrap(object(namesObject).addName(namespace));
    known.add(namespace);
    return object(namespace);
  };

  type Call<Value> = (object: NamespaceStub) => Promise<NamespaceResult<Value>>;
  const write = (name: string, call: Call<void>) => follow(create, name, call, nothing);
  const read = <Value>(name: string, call: Call<Value>, otherwise: () => Promise<Value>) =>
    follow(find, name, call, otherwise);
  const follow = async <Value>(
    open: typeof find,
    name: string,
    call: Call<Value>,
    otherwise: () => Promise<Value>,
  ): Promise<Value> => {
    const own = await open(name);
    const result = await (own && call(own));
    if (!result) return otherwise();
    if (!('alias' in result)) return resultOf(result);
    if (!mayUse(result.alias)) throw foreignNamespace();
    const other = await open(result.alias);
    const answer = await (other && call(other));
    if (!answer) return otherwise();
    // Set while this call was under way.
    if ('alias' in answer)
      throw new UnlabelError('store_unavailable', 'The alias is being changed: try again');
    return resultOf(answer);
  };

  const empty = emptyNamespace;
  return {
    upsert: (name, ...args) => write(name, (object) => object.upsert(...args)),
    check: (name, ...args) => write(name, (object) => object.check(...args)),
    update: (name, ...args) =>
      read(
        name,
        (object) => object.update(...args),
        () => empty.update(name, ...args),
      ),
    delete: (name, id) => read(name, (object) => object.delete(id), nothing),
    deleteWhere: (name, ...args) =>
      read(
        name,
        (object) => object.deleteWhere(...args),
        async () => ({ deleted: 0, hasMore: false }),
      ),
    clear: (name) => read(name, (object) => object.clear(), nothing),
    get: (name, id) =>
      read(
        name,
        (object) => object.get(id),
        () => empty.get(name, id),
      ),
    list: (name, ...args) =>
      read(
        name,
        (object) => object.list(...args),
        () => empty.list(name, ...args),
      ),
    search: (name, ...args) =>
      read(
        name,
        (object) => object.search(...args),
        () => empty.search(name, ...args),
      ),
    searchAll: (name, ...args) =>
      read(
        name,
        (object) => object.searchAll(...args),
        () => empty.searchAll(name, ...args),
      ),
    etag: (name) =>
      read(
        name,
        (object) => object.etag(),
        () => empty.etag(name),
      ),
    export: (name) =>
      read(
        name,
        (object) => object.export(),
        () => empty.export(name),
      ),
  };
}

async function nothing(): Promise<void> {}
