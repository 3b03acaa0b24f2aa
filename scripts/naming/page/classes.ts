import { find, make } from '../../../src/demo/dom.ts';
import type { ClassState } from './api.ts';
import { cssColor } from './color.ts';
import { count, percent, pictureButton } from './pictures.ts';

const list = find('#classes', HTMLElement);
const kinds = [
  ['typical', 'Typical'],
  ['doubtful', 'Doubtful: nearly of another class'],
  ['odd', 'Odd: like no other picture'],
] as const;

/** What a person does to classes, by their numbers. */
export interface ClassActions {
  rename(number: number, name: string): void;
  split(number: number): void;
  /** The classes that are ticked, in the order in which they were. */
  tick(numbers: number[]): void;
}

/** Shows a card for each class. */
export function showClasses(classes: ClassState[], actions: ClassActions): void {
  const ticked: number[] = [];
  const cards = classes.map((each, number) => {
    const tick = make('input', { type: 'checkbox', ariaLabel: `Merge ${each.name}` });
    tick.addEventListener('change', () => {
      if (tick.checked) ticked.push(number);
      else ticked.splice(ticked.indexOf(number), 1);
      actions.tick([...ticked]);
    });
    const name = make('input', { value: each.name, maxLength: 64, ariaLabel: `Name of class ${number + 1}` });
    name.addEventListener('change', () => actions.rename(number, name.value));
    name.addEventListener('focus', () => name.select());
    const split = make('button', { type: 'button', ariaLabel: `Split ${each.name}` }, 'Split');
    split.disabled = each.size < 2;
    split.addEventListener('click', () => actions.split(number));
    const facts = make(
      'p',
      { className: 'soft' },
      `${count(each.size, 'picture')} · ${percent(each.sure)} sure · neighbors agree on ${percent(each.agree)}`,
    );
    const rows = kinds.map(([kind, title]) =>
      make(
        'div',
        {},
        make('h3', {}, title),
        make('div', { className: 'strip' }, ...each[kind].map(pictureButton)),
      ),
    );
    const header = make('header', {}, tick, name, facts, split);
    const card = make(
      'article',
      { className: 'card class' },
      header,
      make('div', { className: 'kinds' }, ...rows),
    );
    card.style.setProperty('--dot', cssColor(number));
    return card;
  });
  list.replaceChildren(...cards);
  actions.tick([]);
}

/** Shows the classes as buttons that light up their pictures on the map. */
export function showLegend(classes: ClassState[], highlight: (number: number | undefined) => void): void {
  const buttons = classes.map(({ name }, number) => {
    const button = make('button', { type: 'button', className: 'dot', ariaPressed: 'false' }, name);
    button.style.setProperty('--dot', cssColor(number));
    button.addEventListener('click', () => {
      const isOn = button.ariaPressed === 'true';
      for (const other of buttons) other.ariaPressed = String(other === button && !isOn);
      highlight(isOn ? undefined : number);
    });
    return button;
  });
  find('#legend', HTMLUListElement).replaceChildren(...buttons.map((button) => make('li', {}, button)));
  highlight(undefined);
}
