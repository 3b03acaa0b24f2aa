/** A class, and what to look at in it: numbers of pictures. */
export interface ClassState {
  name: string;
  /** Pictures. */
  size: number;
  /** Mean probability of the class over its pictures. */
  sure: number;
  /** Part of the nearest pictures that are in the class too, 0 to 1. */
  agree: number;
  typical: number[];
  doubtful: number[];
  odd: number[];
}

/** What the page shows, as `session.py` describes it. */
export interface State {
  model: string;
  /** How many there are. */
  pictures: number;
  /** Files that cannot be decoded, and why. */
  damaged: string[];
  /** Whether the model has these classes. */
  saved: boolean;
  canUndo: boolean;
  classes: ClassState[];
  /** Groups of pictures that show the same. */
  copies: number[][];
  copiesInAll: number;
  /** Labels of single pictures, by their number. */
  labels: Record<string, string>;
  /** Pictures whose labels say most, and how many pictures each reaches. */
  next: { picture: number; reaches: number }[];
}

/** The pictures on the map. */
export interface Points {
  /** Places, 0 to 1. */
  x: Float32Array;
  y: Float32Array;
  /** Class of each picture. */
  classes: Uint16Array;
  /** Probability of that class. */
  scores: Float32Array;
}

/** What is known of one picture. */
export interface About {
  path: string;
  predictions: { label: string; score: number }[];
  neighbors: number[];
}

export type Edit = 'rename' | 'merge' | 'split' | 'label' | 'name' | 'undo' | 'save';

const checked = async (response: Response): Promise<Response> => {
  if (response.ok) return response;
  const { detail } = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new Error(detail ?? `The server answered ${response.status}`);
};

const json = async <Answer>(response: Response): Promise<Answer> => (await checked(response)).json();

const post = <Answer>(path: string, body: object) =>
  fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).then(json<Answer>);

export const readState = () => fetch('state').then(json<State>);
export const readAbout = (picture: number) => fetch(`about/${picture}`).then(json<About>);
export const edit = (kind: Edit, body: object = {}) => post<State>(kind, body);
export const exportLabels = () => post<{ csv: string; folders: string }>('export', {});

export async function readPoints(): Promise<Points> {
  const response = await checked(await fetch('points'));
  const values = new Uint16Array(await response.arrayBuffer());
  const count = values.length / 4;
  const part = (i: number) => values.subarray(i * count, (i + 1) * count);
  const unit = (i: number) => Float32Array.from(part(i), (value) => value / 65535);
  return { x: unit(0), y: unit(1), classes: part(2), scores: unit(3) };
}
