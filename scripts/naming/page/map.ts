import { find } from '../../../src/demo/dom.ts';
import type { Points } from './api.ts';
import { colorOf, cssColor } from './color.ts';
import { drawThumbnail } from './sheets.ts';

/** With so many pictures in sight or fewer, they are drawn as thumbnails. */
const thumbnails = 900;
const margin = 18;
/** Pixels around a dot that count as the dot. */
const reach = 14;
const closest = 400;

/** A map of dots and thumbnails on a canvas, which is zoomed and moved by mouse, touch and keys. */
export class PictureMap {
  readonly #canvas = find('#map', HTMLCanvasElement);
  #points: Points = {
    x: new Float32Array(),
    y: new Float32Array(),
    classes: new Uint16Array(),
    scores: new Float32Array(),
  };
  /** Zoom, and the place in the middle of the canvas. */
  #scale = 1;
  #center: [x: number, y: number] = [0.5, 0.5];
  #highlighted: number | undefined;
  #chosen: number | undefined;
  #isWaiting = false;

  /**
   * @param onChoose - called with the picture that is clicked.
   * @param onPoint - called with the picture under the pointer and the pointer's place, or with none.
   */
  constructor(
    onChoose: (picture: number) => void,
    onPoint: (picture: number | undefined, x: number, y: number) => void,
  ) {
    new ResizeObserver(() => this.draw()).observe(this.#canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    this.#listenForPointers(onChoose, onPoint);
    this.#canvas.addEventListener('keydown', (event) => this.#press(event));
    for (const [id, factor] of [
      ['#closer', 2],
      ['#farther', 0.5],
      ['#fit', 0],
    ] as const)
      find(id, HTMLButtonElement).addEventListener('click', () => this.zoom(factor));
  }

  show(points: Points): void {
    this.#points = points;
    this.draw();
  }

  /** Draws the pictures of one class in color, and the others faint; of all classes without a number. */
  highlight(number: number | undefined): void {
    this.#highlighted = number;
    this.draw();
  }

  /** Rings a picture, and moves it into sight. */
  choose(picture: number): void {
    this.#chosen = picture;
    const [x, y] = this.#place(picture);
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (x < 0 || y < 0 || x > width || y > height)
      this.#center = [this.#points.x[picture] as number, this.#points.y[picture] as number];
    this.draw();
  }

  /** @param factor - of the zoom; 0 shows all. `at` stays where it is, in pixels of the canvas. */
  zoom(factor: number, at?: [x: number, y: number]): void {
    if (factor === 0) [this.#scale, this.#center] = [1, [0.5, 0.5]];
    else {
      const before = at && this.#unplace(at);
      this.#scale = Math.min(closest, Math.max(1, this.#scale * factor));
      if (at && before) {
        const after = this.#unplace(at);
        this.#center = [this.#center[0] + before[0] - after[0], this.#center[1] + before[1] - after[1]];
      }
    }
    this.draw();
  }

  /** Draws at the next frame. */
  draw(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      this.#paint();
    });
  }

  /** Pixels of the canvas from one border of the map to the other. */
  get #span(): [number, number] {
    const { clientWidth, clientHeight } = this.#canvas;
    return [(clientWidth - 2 * margin) * this.#scale, (clientHeight - 2 * margin) * this.#scale];
  }

  #place(picture: number): [x: number, y: number] {
    const { clientWidth, clientHeight } = this.#canvas;
    const [spanX, spanY] = this.#span;
    const { x, y } = this.#points;
    return [
      clientWidth / 2 + ((x[picture] as number) - this.#center[0]) * spanX,
      clientHeight / 2 + ((y[picture] as number) - this.#center[1]) * spanY,
    ];
  }

  #unplace([x, y]: [number, number]): [number, number] {
    const { clientWidth, clientHeight } = this.#canvas;
    const [spanX, spanY] = this.#span;
    return [
      this.#center[0] + (x - clientWidth / 2) / spanX,
      this.#center[1] + (y - clientHeight / 2) / spanY,
    ];
  }

  #paint(): void {
    const context = this.#canvas.getContext('2d');
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!context || width === 0) return;
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    const seen: number[] = [];
    for (let i = 0; i < this.#points.x.length; i++) {
      const [x, y] = this.#place(i);
      if (x > -reach && y > -reach && x < width + reach && y < height + reach) seen.push(i);
    }
    if (seen.length > thumbnails) this.#paintDots(context, seen, ratio);
    context.scale(ratio, ratio);
    if (seen.length <= thumbnails) this.#paintThumbnails(context, seen, width * height);
    if (this.#chosen !== undefined) this.#paintRing(context, this.#place(this.#chosen));
  }

  /** Sets pixels: some ten times as fast as drawing rectangles. */
  #paintDots(context: CanvasRenderingContext2D, seen: number[], ratio: number): void {
    const { width, height } = context.canvas;
    const pixels = new Uint32Array(width * height);
    const side = Math.max(2, Math.round((seen.length > 10_000 ? 2 : 3) * ratio));
    const last = 1 + this.#points.classes.reduce((most, each) => Math.max(most, each), 0);
    const inks = Array.from({ length: last }, (_, i) => {
      const [red, green, blue] = colorOf(i);
      const alpha = this.#highlighted === undefined || this.#highlighted === i ? 255 : 40;
      return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
    for (const i of seen) {
      const [x, y] = this.#place(i);
      const left = Math.round(x * ratio - side / 2);
      const top = Math.round(y * ratio - side / 2);
      if (left < 0 || top < 0 || left + side > width || top + side > height) continue;
      const ink = inks[this.#points.classes[i] as number] as number;
      for (let row = top; row < top + side; row++)
        pixels.fill(ink, row * width + left, row * width + left + side);
    }
    context.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  }

  #paintThumbnails(context: CanvasRenderingContext2D, seen: number[], area: number): void {
    const size = Math.min(64, Math.max(18, Math.sqrt(area / Math.max(1, seen.length)) * 0.7));
    for (const i of seen) {
      const [x, y] = this.#place(i);
      const number = this.#points.classes[i] as number;
      context.globalAlpha = this.#highlighted === undefined || this.#highlighted === number ? 1 : 0.2;
      context.fillStyle = cssColor(number);
      context.fillRect(x - size / 2 - 2, y - size / 2 - 2, size + 4, size + 4);
      drawThumbnail(context, i, [x, y, size], () => this.draw());
    }
    context.globalAlpha = 1;
  }

  #paintRing(context: CanvasRenderingContext2D, [x, y]: [number, number]): void {
    const style = getComputedStyle(this.#canvas);
    for (const [width, ink] of [
      [6, style.backgroundColor],
      [3, style.color],
    ] as const) {
      context.beginPath();
      context.arc(x, y, 12, 0, 2 * Math.PI);
      context.lineWidth = width;
      context.strokeStyle = ink;
      context.stroke();
    }
  }

  /** The picture at a place of the canvas. */
  #pick(x: number, y: number): number | undefined {
    let best: number | undefined;
    let nearest = reach ** 2;
    for (let i = 0; i < this.#points.x.length; i++) {
      if (this.#highlighted !== undefined && this.#points.classes[i] !== this.#highlighted) continue;
      const [px, py] = this.#place(i);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < nearest) [best, nearest] = [i, distance];
    }
    return best;
  }

  #listenForPointers(
    onChoose: (picture: number) => void,
    onPoint: (picture: number | undefined, x: number, y: number) => void,
  ): void {
    const canvas = this.#canvas;
    const down = new Map<number, [x: number, y: number]>();
    let moved = 0;
    const gap = () => {
      const [a, b] = [...down.values()];
      return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, [event.offsetX, event.offsetY]);
      moved = down.size > 1 ? Number.POSITIVE_INFINITY : 0;
      onPoint(undefined, 0, 0);
    });
    canvas.addEventListener('pointermove', (event) => {
      const { pointerId, offsetX: x, offsetY: y } = event;
      const before = down.get(pointerId);
      if (!before) return onPoint(this.#pick(x, y), x, y);
      const gapBefore = gap();
      down.set(pointerId, [x, y]);
      moved += Math.hypot(x - before[0], y - before[1]);
      const [spanX, spanY] = this.#span;
      const share = down.size;
      this.#center = [
        this.#center[0] - (x - before[0]) / spanX / share,
        this.#center[1] - (y - before[1]) / spanY / share,
      ];
      if (gapBefore) this.zoom(gap() / gapBefore, [x, y]);
      this.draw();
    });
    const release = (event: PointerEvent) => {
      if (event.type === 'pointerup' && moved < 5) {
        const picture = this.#pick(event.offsetX, event.offsetY);
        if (picture !== undefined) onChoose(picture);
      }
      down.delete(event.pointerId);
    };
    canvas.addEventListener('pointerup', release);
    canvas.addEventListener('pointercancel', release);
    canvas.addEventListener('pointerleave', () => onPoint(undefined, 0, 0));
    canvas.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        this.zoom(2 ** (-event.deltaY / 200), [event.offsetX, event.offsetY]);
      },
      { passive: false },
    );
  }

  #press(event: KeyboardEvent): void {
    const step = 0.1 / this.#scale;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (move) this.#center = [this.#center[0] + move[0], this.#center[1] + move[1]];
    else if (event.key === '+') this.zoom(2);
    else if (event.key === '-') this.zoom(0.5);
    else return;
    event.preventDefault();
    this.draw();
  }
}
