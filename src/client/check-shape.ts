/**
 * Checks a part of an answer against its promised shape.
 *
 * @throws TypeError if it differs.
 */
export function checkShape(matches: boolean): asserts matches {
  if (!matches) throw new TypeError('its JSON has another shape');
}
