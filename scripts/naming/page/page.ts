import { find, make } from '../../../src/demo/dom.ts';
import { chosenPicture, listenForLabel, showAbout } from './about.ts';
import { type Edit, edit, exportLabels, type Points, readPoints, readState, type State } from './api.ts';
import { showClasses, showLegend } from './classes.ts';
import { PictureMap } from './map.ts';
import { count, pictureButton } from './pictures.ts';

const problem = find('#problem', HTMLElement);
const status = find('#status', HTMLElement);
const merge = find('#merge', HTMLButtonElement);
const undo = find('#undo', HTMLButtonElement);
const save = find('#save', HTMLButtonElement);
const nameByLabels = find('#name', HTMLButtonElement);
const exporting = find('#export', HTMLButtonElement);
const tip = find('#tip', HTMLElement);
const tipImage = find('#tip img', HTMLImageElement);
const tipText = find('#tip p', HTMLElement);

let state: State;
let points: Points;
let ticked: number[] = [];
/** One edit after the other. */
let last: Promise<void> = Promise.resolve();

const map = new PictureMap(choose, point);

/** Does an edit, and shows what it made of the classes. */
function change(kind: Edit, body?: object): Promise<void> {
  last = last.then(async () => {
    problem.textContent = '';
    status.textContent = kind === 'save' ? 'Writing the model …' : 'Working …';
    try {
      await show(await edit(kind, body));
    } catch (error) {
      explain(error);
      draw();
    }
  });
  return last;
}

function explain(error: unknown): void {
  problem.textContent = `${error instanceof Error ? error.message : error}.`;
}

/** Takes what the server says, and draws it. */
async function show(next: State): Promise<void> {
  state = next;
  points = await readPoints();
  draw();
}

/** Draws all classes anew. */
function draw(): void {
  map.show(points);
  const { classes, labels } = state;
  find('#summary', HTMLElement).textContent =
    `${count(classes.length, 'class', 'classes')} in ${count(state.pictures, 'picture')} by the model ${state.model}. ${
      state.damaged.length > 0 ? `${count(state.damaged.length, 'file')} could not be read. ` : ''
    }Nothing leaves this machine.`;
  status.textContent = state.saved ? 'Saved' : 'Not saved yet';
  save.disabled = state.saved;
  undo.disabled = !state.canUndo;
  showLegend(classes, (number) => map.highlight(number));
  showClasses(classes, {
    rename: (number, name) => change('rename', { class: number, name }),
    split: (number) => change('split', { class: number }),
    tick(numbers) {
      ticked = numbers;
      merge.hidden = numbers.length < 2;
      merge.textContent = `Merge ${numbers.length}`;
    },
  });
  find('#names', HTMLDataListElement).replaceChildren(
    ...classes.map(({ name }) => make('option', { value: name })),
  );
  showNext();
  const given = Object.keys(labels).length;
  nameByLabels.disabled = given === 0;
  nameByLabels.textContent =
    given === 0 ? 'Name the classes by the labels' : `Name the classes by ${count(given, 'label')}`;
  showCopies();
}

/** Pictures to label, each with a field. */
function showNext(): void {
  const forms = state.next.map(({ picture, reaches }) => {
    const input = make('input', {
      maxLength: 64,
      autocomplete: 'off',
      placeholder: 'What it shows',
      ariaLabel: `Label of picture ${picture}`,
    });
    input.setAttribute('list', 'names');
    const form = make(
      'form',
      {},
      pictureButton(picture),
      input,
      make('p', { className: 'soft' }, `stands for ${count(reaches, 'picture')}`),
    );
    const send = () => input.value.trim() && change('label', { picture, name: input.value.trim() });
    form.addEventListener('submit', (event) => event.preventDefault());
    input.addEventListener('change', send);
    return form;
  });
  find('#next', HTMLElement).replaceChildren(...forms);
}

function showCopies(): void {
  find('#copies-section', HTMLElement).hidden = state.copies.length === 0;
  const shown = state.copies.reduce((sum, group) => sum + group.length - 1, 0);
  find('#copies-text', HTMLElement).textContent =
    `${count(state.copiesInAll, 'picture is', 'pictures are')} nearly the same as another${
      shown < state.copiesInAll ? `; the largest groups are shown` : ''
    }. Copies make a class seem larger and surer than it is.`;
  const groups = state.copies.map((group) => make('div', {}, ...group.map(pictureButton)));
  find('#copies', HTMLElement).replaceChildren(...groups);
}

/** Shows a picture beside the map, and rings it there. */
function choose(picture: number): void {
  map.choose(picture);
  for (const button of document.querySelectorAll<HTMLButtonElement>('.picture'))
    button.ariaPressed = String(button.dataset.picture === String(picture));
  showAbout(picture, state.labels[picture]).catch(explain);
}

/** Shows the picture under the pointer. */
function point(picture: number | undefined, x: number, y: number): void {
  tip.hidden = picture === undefined;
  if (picture === undefined) return;
  if (tip.dataset.picture !== String(picture)) {
    tip.dataset.picture = String(picture);
    tipImage.src = `small/${picture}`;
    tipText.textContent =
      state.labels[picture] ?? state.classes[points.classes[picture] as number]?.name ?? '';
  }
  const { clientWidth: width, clientHeight: height } = find('#map', HTMLCanvasElement);
  tip.style.left = `${x + 20 + 148 > width ? x - 168 : x + 20}px`;
  tip.style.top = `${Math.min(y + 12, height - 190)}px`;
}

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element && target.closest<HTMLElement>('.picture');
  if (!button) return;
  choose(Number(button.dataset.picture));
  find('#map-section', HTMLElement).scrollIntoView({ block: 'nearest' });
});
merge.addEventListener('click', () => change('merge', { classes: ticked }));
undo.addEventListener('click', () => change('undo'));
save.addEventListener('click', () => change('save'));
nameByLabels.addEventListener('click', () => change('name'));
listenForLabel(async (picture, name) => {
  await change('label', { picture, name });
  if (chosenPicture() === picture) choose(picture);
});
exporting.addEventListener('click', async () => {
  exporting.disabled = true;
  try {
    const { csv, folders } = await exportLabels();
    find('#exported', HTMLElement).textContent = `Written: ${csv} and ${folders}`;
  } catch (error) {
    explain(error);
  } finally {
    exporting.disabled = false;
  }
});
addEventListener('beforeunload', (event) => {
  if (state && !state.saved) event.preventDefault();
});

readState().then(show).catch(explain);
