/** Whether an address, as `cf-connecting-ip` has it, is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./i.test(address);
}

/**
 * The network of one customer: an IPv4 address, or the first 64 bits of an IPv6 address (RFC 4291, section 2.2), of
 * which a customer has at least 2^64.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped || !address.includes(':')) return mapped ?? address;
  const [head = '', tail] = address.split('::');
  const groupsOf = (text = '') => (text === '' ? [] : text.split(':'));
  const [start, end] = [groupsOf(head), groupsOf(tail)];
  // An IPv4 address at the end stands for two groups.
  const known = start.length + end.length + (address.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - known)).fill('0');
  const groups = [...start, ...zeros, ...end].slice(0, 4);
  return groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':');
}
