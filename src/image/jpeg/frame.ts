import { UnlabelError } from '../../contract/errors.ts';
import { viewOf } from '../../util/view.ts';
import { damaged, marker } from './segments.ts';

/** A component of a frame: a plane of 8 x 8 blocks. */
export interface Component {
  readonly id: number;
  /** Sampling factors: blocks of it in each minimum coded unit. */
  readonly across: number;
  readonly down: number;
  readonly quantization: number;
  /** Blocks that hold pixels of the picture. */
  readonly columns: number;
  readonly rows: number;
}

/** The header of a frame (ITU T.81, B.2.2). */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly isProgressive: boolean;
  readonly components: readonly Component[];
  /** The largest sampling factors. */
  readonly maxAcross: number;
  readonly maxDown: number;
}

/** What of a frame does not depend on its size. */
interface SizelessFrame extends Omit<Frame, 'width' | 'height' | 'components'> {
  readonly components: readonly Omit<Component, 'columns' | 'rows'>[];
}

/** The header of a scan (ITU T.81, B.2.3). */
export interface Scan {
  readonly parts: readonly { component: number; dcTable: number; acTable: number }[];
  /** First and last coefficient, in zigzag order. */
  readonly first: number;
  readonly last: number;
  /** Bits that are still missing below those sent before (0: none were), and below those sent now. */
  readonly high: number;
  readonly low: number;
}

/**
 * @throws UnlabelError `unsupported_media_type` for CMYK and YCCK, for other than 8 bits a sample, and for lossless,
 * hierarchical or arithmetic coding; `invalid_image`. RangeError where the segment is too short.
 */
export function readFrame(code: number, data: Uint8Array): Frame {
  const view = viewOf(data);
  const precision = view.getUint8(0);
  const height = view.getUint16(1);
  const width = view.getUint16(3);
  const count = view.getUint8(5);
  if (code > marker.progressive)
    throw unsupported(
      'Lossless, hierarchical and arithmetic-coded JPEG is not supported: save it as baseline',
    );
  if (precision !== 8) throw unsupported(`The JPEG has ${precision} bits a sample: convert it to 8`);
  if (count === 4) throw unsupported('CMYK JPEG is not supported: convert it to RGB');
  if (count !== 1 && count !== 3) throw damaged(`it has ${count} components`);
  const components = Array.from({ length: count }, (_, i) => ({
    id: view.getUint8(6 + 3 * i),
    across: view.getUint8(7 + 3 * i) >> 4,
    down: view.getUint8(7 + 3 * i) & 15,
    quantization: view.getUint8(8 + 3 * i),
  }));
  if (components.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4))
    throw damaged('a sampling factor is impossible');
  const maxAcross = Math.max(...components.map(({ across }) => across));
  const maxDown = Math.max(...components.map(({ down }) => down));
  const isProgressive = code === marker.progressive;
  return withSize({ isProgressive, components, maxAcross, maxDown }, width, height);
}

/** A frame of another size: its components have as many blocks as hold its pixels. */
export function withSize(frame: SizelessFrame, width: number, height: number): Frame {
  const { components, maxAcross, maxDown } = frame;
  return {
    ...frame,
    width,
    height,
    components: components.map((component) => ({
      ...component,
      columns: Math.ceil(Math.ceil((width * component.across) / maxAcross) / 8),
      rows: Math.ceil(Math.ceil((height * component.down) / maxDown) / 8),
    })),
  };
}

/** @throws UnlabelError `invalid_image`. RangeError where the segment is too short. */
export function readScan({ components, isProgressive }: Frame, data: Uint8Array): Scan {
  const view = viewOf(data);
  const count = view.getUint8(0);
  const parts = Array.from({ length: count }, (_, i) => {
    const id = view.getUint8(1 + 2 * i);
    const tables = view.getUint8(2 + 2 * i);
    return {
      component: components.findIndex((component) => component.id === id),
      dcTable: tables >> 4,
      acTable: tables & 15,
    };
  });
  const isDouble = new Set(parts.map(({ component }) => component)).size < count;
  if (count === 0 || isDouble || parts.some(({ component }) => component < 0))
    throw damaged('a scan is of components that are not there');
  const at = 1 + 2 * count;
  const [first, last, bits] = [view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2)];
  // A sequential scan has all coefficients, whatever it says.
  if (!isProgressive) return { parts, first: 0, last: 63, high: 0, low: 0 };
  if (first > last || last > 63 || (first === 0 ? last > 0 : count > 1))
    throw damaged('a scan is of impossible coefficients');
  return { parts, first, last, high: bits >> 4, low: bits & 15 };
}

function unsupported(detail: string): UnlabelError {
  return new UnlabelError('unsupported_media_type', detail);
}
