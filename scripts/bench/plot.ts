/** A line: points of x and y, both above 0. */
export type Line = readonly (readonly [x: number, y: number])[];

/** A plot on logarithmic axes. */
export interface Plot {
  title: string;
  /** Labels of the axes. */
  x: string;
  y: string;
  lines: Record<string, Line>;
}

const [width, height, left, right, top, bottom] = [300, 240, 46, 12, 44, 40];
const colors = ['#0b6e99', '#c2571a', '#4a7c2c'];

/** Draws plots side by side as SVG on a white ground. */
export function drawPlots(plots: readonly Plot[]): string {
  const drawn = plots.map((plot, i) => `<g transform="translate(${i * width} 0)">${draw(plot)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${plots.length * width} ${height}" font-family="sans-serif" font-size="10" fill="#333">
<rect width="100%" height="100%" fill="white"/>
${drawn.join('\n')}
</svg>
`;
}

function draw({ title, x, y, lines }: Plot): string {
  const points = Object.values(lines).flat();
  const [toX, ticksX] = axis(
    points.map(([value]) => value),
    left,
    width - right,
  );
  const [toY, ticksY] = axis(
    points.map(([, value]) => value),
    height - bottom,
    top,
  );
  const at = (value: number) => value.toFixed(1);
  const grid = [
    ...ticksX.map((tick) => [toX(tick), height - bottom, toX(tick), top, tick] as const),
    ...ticksY.map((tick) => [left, toY(tick), width - right, toY(tick), tick] as const),
  ].map(([x1, y1, x2, y2, tick]) => {
    const place =
      x1 === x2
        ? `x="${at(x1)}" y="${height - bottom + 13}" text-anchor="middle"`
        : `x="${left - 5}" y="${at(y1 + 3)}" text-anchor="end"`;
    return `<path d="M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}" stroke="#ddd"/><text ${place}>${label(tick)}</text>`;
  });
  const drawn = Object.entries(lines).map(([name, line], i) => {
    const color = colors[i % colors.length];
    const path = line.map(([x, y]) => `${at(toX(x))} ${at(toY(y))}`).join('L');
    const dots = line.map(([x, y]) => `<circle cx="${at(toX(x))}" cy="${at(toY(y))}" r="2.5"/>`).join('');
    return `<g fill="${color}"><path d="M${path}" fill="none" stroke="${color}" stroke-width="1.5"/>${dots}<text x="${left + 4}" y="${top - 16 + 11 * i}">${name}</text></g>`;
  });
  return `<text x="${left}" y="14" font-size="12" font-weight="bold">${title}</text>
${grid.join('')}
${drawn.join('\n')}
<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${x}</text>
<text transform="translate(10 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${y}</text>`;
}

/** A logarithmic scale between two positions, and its ticks: 1, 2 and 5 times each power of ten in range. */
function axis(values: readonly number[], from: number, to: number): [(value: number) => number, number[]] {
  const [low, high] = [Math.min(...values) / 1.1, Math.max(...values) * 1.1];
  const place = (value: number) => from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
  const powers = Array.from({ length: 20 }, (_, i) => 10 ** (i - 8));
  const many = high / low > 100;
  const ticks = powers.flatMap((power) => (many ? [power] : [power, 2 * power, 5 * power]));
  return [place, ticks.filter((tick) => tick >= low && tick <= high)];
}

function label(tick: number): string {
  return tick >= 1000 ? `${tick / 1000}k` : `${Number(tick.toPrecision(1))}`;
}
