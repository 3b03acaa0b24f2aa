import { UnlabelError } from '../errors.ts';
import { galleryNamespace, limits } from '../limits.ts';
import type { AliasItem } from '../wire.ts';
import { checkName, galleryIsReadOnly } from './names.ts';

/**
 * Checks an alias before it is set.
 * @throws UnlabelError `invalid_parameter`.
 */
export function checkAlias(name: unknown, namespace: unknown): void {
  checkName(name, 'name');
  checkName(namespace, 'namespace');
  if (name === galleryNamespace) throw galleryIsReadOnly();
  if (namespace === galleryNamespace)
    throw refusal('namespace', 'an alias cannot stand for the gallery, which each model has for itself');
  if (name === namespace) throw refusal('namespace', 'expected another name than that of the alias');
}

/**
 * Holds an alias against all that there are.
 * @throws UnlabelError `invalid_parameter`, `quota_exceeded`.
 */
export function checkAmongAliases({ name, namespace }: AliasItem, all: readonly AliasItem[]): void {
  const others = all.filter((other) => other.name !== name);
  if (others.some((other) => other.name === namespace))
    throw refusal('namespace', 'is an alias itself: name the namespace that it stands for');
  if (others.some((other) => other.namespace === name))
    throw refusal('name', 'is what another alias stands for: set that one first');
  if (others.length >= limits.aliases)
    throw new UnlabelError('quota_exceeded', `There are at most ${limits.aliases} aliases: delete some`, {
      field: 'name',
    });
}

/** What setting an alias throws where its name has vectors, which it would hide. */
export function aliasHasVectors(): UnlabelError {
  return refusal('name', 'has vectors of its own: choose another name, or clear it first');
}

function refusal(field: string, message: string): UnlabelError {
  return new UnlabelError('invalid_parameter', `${field}: ${message}`, { field });
}
