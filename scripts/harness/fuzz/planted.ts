/** A reader with a planted fault, four branches deep. */
export function planted(input: Uint8Array): string {
  if (input[0] === 0x80) {
    if (input[1] === 0x01) {
      if (input[2] === 0xff) {
        if (input[3] === 0x40) throw new RangeError('planted');
        return 'three';
      }
      return 'two';
    }
    return 'one';
  }
  return 'none';
}
