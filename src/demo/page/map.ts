import type { Manifest, Match } from '../../local.ts';
import { find, make } from '../dom.ts';

/** A labelled image of the gallery, and its place in [0, 1]. */
export interface Point {
  label: string;
  x: number;
  y: number;
}

/** As in the vote of neighbors. A picture's place is the mean of the nearest ones only: far ones may be anywhere. */
const temperature = 0.07;
const near = 5;
const margin = 14;
const score = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const section = find('#map-section', HTMLElement);
const canvas = find('#map', HTMLCanvasElement);
let points: Point[] = [];
let own: Pick<Point, 'x' | 'y'> | undefined;
let classes: string[] = [];

/** The map of a model's gallery; redrawn where the size or the colors of the page change. */
export function showMap(manifest: Manifest, gallery: Point[]): void {
  points = gallery;
  classes = manifest.classes;
  section.hidden = points.length === 0;
  const legend = classes.map((label, i) => {
    const item = make('li', {}, label);
    item.style.setProperty('--dot', color(i));
    return item;
  });
  find('#legend', HTMLUListElement).replaceChildren(...legend);
  new ResizeObserver(draw).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}

/** Puts the picture among its nearest neighbors, and names them. */
export function showNeighbors(matches: readonly Match[]): void {
  let [x, y, total] = [0, 0, 0];
  for (const { score, metadata } of matches.slice(0, near)) {
    const weight = Math.exp(score / temperature);
    x += weight * Number(metadata.x);
    y += weight * Number(metadata.y);
    total += weight;
  }
  own = total > 0 ? { x: x / total, y: y / total } : undefined;
  const items = matches
    .slice(0, near)
    .map((match) =>
      make(
        'li',
        {},
        make('span', {}, String(match.metadata.label)),
        make('span', {}, score.format(match.score)),
      ),
    );
  find('#neighbors', HTMLOListElement).replaceChildren(...items);
  canvas.ariaLabel = `Your picture on the map, nearest to: ${matches
    .slice(0, near)
    .map(({ metadata }) => metadata.label)
    .join(', ')}`;
  draw();
}

function draw(): void {
  const context = canvas.getContext('2d');
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!context || width === 0) return;
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  context.scale(devicePixelRatio, devicePixelRatio);
  const place = ({ x, y }: Pick<Point, 'x' | 'y'>) =>
    [margin + x * (width - 2 * margin), margin + (1 - y) * (height - 2 * margin)] as const;
  context.globalAlpha = own ? 0.55 : 0.8;
  for (const point of points) {
    const [x, y] = place(point);
    context.fillStyle = color(classes.indexOf(point.label));
    context.fillRect(x - 1, y - 1, 2, 2);
  }
  if (!own) return;
  context.globalAlpha = 1;
  const style = getComputedStyle(canvas);
  const [x, y] = place(own);
  for (const [radius, ink] of [
    [9, style.backgroundColor],
    [7, style.color],
  ] as const) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.lineWidth = radius === 9 ? 6 : 3;
    context.strokeStyle = ink;
    context.stroke();
  }
}

/** Hues as far apart as may be, each class a little lighter or darker than its neighbors on the wheel. */
function color(index: number): string {
  const hue = (360 * index) / Math.max(1, classes.length);
  return `hsl(${hue} 65% ${index % 2 === 0 ? 45 : 60}%)`;
}
