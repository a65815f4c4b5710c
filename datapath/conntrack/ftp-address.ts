/**
 * IP addresses as FTP writes them: four numbers with dots or commas, or the text of RFC 4291 §2.2.
 *
 * Mirrors what inet_pton() takes and inet_ntop() gives, on addresses of four words in host order (an IPv4 address
 * stands in the first).
 */

/** A dotted address, or null. */
export function parseIpv4Text(text: string): Int32Array | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let word = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    word = (word << 8) | Number(part);
  }
  return Int32Array.of(word, 0, 0, 0);
}

export function formatIpv4Text(words: Int32Array, at: number): string {
  const word = words[at]!;
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

/** An IPv6 address, or null; its last 32 bits may be dotted. */
export function parseIpv6Text(text: string): Int32Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const front = parseGroups(halves[0]!, halves.length === 1);
  const back = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (front === null || back === null) return null;
  const missing = 8 - front.length - back.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...front, ...new Array<number>(missing).fill(0), ...back];
  return Int32Array.from([0, 1, 2, 3], (i) => (groups[2 * i]! << 16) | groups[2 * i + 1]!);
}

function parseGroups(text: string, mayEndDotted: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else {
      const dotted = mayEndDotted && i === parts.length - 1 ? parseIpv4Text(part) : null;
      if (dotted === null) return null;
      groups.push(dotted[0]! >>> 16, dotted[0]! & 0xffff);
    }
  }
  return groups;
}

/** The longest run of two or more zero groups becomes `::`; mapped and compatible IPv4 addresses end dotted. */
export function formatIpv6Text(words: Int32Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => (words[at + (i >> 1)]! >>> ((i & 1) === 0 ? 16 : 0)) & 0xffff);
  let start = -1;
  let count = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > count) {
      start = i;
      count = n;
    }
  }
  const isDotted =
    start === 0 && (count === 6 || (count === 7 && groups[7] !== 1) || (count === 5 && groups[5] === 0xffff));
  const write = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (isDotted) return `${groups[5] === 0xffff ? '::ffff:' : '::'}${formatIpv4Text(words, at + 3)}`;
  return start < 0 ? write(groups) : `${write(groups.slice(0, start))}::${write(groups.slice(start + count))}`;
}
