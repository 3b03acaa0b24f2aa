/** The color of a class, red, green and blue: neighbors in number get hues far apart, in two shades. */
export function colorOf(index: number): [number, number, number] {
  const hue = (index * 137.508 + 200) % 360;
  const lightness = [0.46, 0.62, 0.54][index % 3] as number;
  const chroma = (1 - Math.abs(2 * lightness - 1)) * 0.68;
  const channel = (shift: number) => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (lightness - (chroma / 2) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

export const cssColor = (index: number) => `rgb(${colorOf(index).join(' ')})`;
