// The natural logarithm of 2 in two parts: the first ends in zeros, so that its multiples are exact.
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
const coefficients = [
  4.1381367970572385e-8, -1.6533902205465252e-6, 6.613756321437934e-5, -0.0027777777777015593,
  0.16666666666666602,
];

/**
 * e^x for moderate x, of operations whose every bit IEEE 754 prescribes: `Math.exp` differs in its last bit between
 * engines of JavaScript. The method and its constants are those of FreeBSD's msun (Sun's fdlibm), `e_exp.c`.
 */
export function exp(x: number): number {
  const k = Math.round(x / (ln2High + ln2Low));
  const high = x - k * ln2High;
  const low = k * ln2Low;
  const rest = high - low;
  const square = rest * rest;
  const c = rest - square * coefficients.reduce((sum, coefficient) => sum * square + coefficient, 0);
  let value = 1 - (low - (rest * c) / (2 - c) - high);
  for (let i = 0; i < Math.abs(k); i++) value *= k > 0 ? 2 : 0.5;
  return value;
}
