/**
 * MAC, IPv4 and IPv6 addresses as datapath flows write and read them: the text of inet_ntop() (RFC 5952 without its
 * rule on a lone zero group) and the leniency of OVS's scanner, which reads each number modulo its width.
 */

/** What a scanner made of the front of a text: the bytes and how many characters they took. */
export interface ScannedAddress {
  readonly bytes: Uint8Array;
  readonly length: number;
}

export function formatMac(bytes: Uint8Array, offset: number): string {
  let text = '';
  for (let i = 0; i < 6; i++) text += `${i === 0 ? '' : ':'}${bytes[offset + i]!.toString(16).padStart(2, '0')}`;
  return text;
}

export function formatIpv4(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** The longest run of two or more zero groups becomes `::`; IPv4-mapped and -compatible addresses end in IPv4's text. */
export function formatIpv6(bytes: Uint8Array, offset: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 8; i++) groups.push((bytes[offset + 2 * i]! << 8) | bytes[offset + 2 * i + 1]!);
  let best = -1;
  let bestCount = 1;
  for (let start = 0; start < 8; start++) {
    let count = 0;
    while (start + count < 8 && groups[start + count] === 0) count++;
    if (count > bestCount) {
      best = start;
      bestCount = count;
    }
  }
  const embedsIpv4 =
    best === 0 &&
    (bestCount === 6 || (bestCount === 7 && groups[7] !== 1) || (bestCount === 5 && groups[5] === 0xffff));
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i >= best && i < best + bestCount && best >= 0) {
      if (i === best) text += ':';
      continue;
    }
    if (i !== 0) text += ':';
    if (i === 6 && embedsIpv4) return text + formatIpv4(bytes, offset + 12);
    text += groups[i]!.toString(16);
  }
  return best >= 0 && best + bestCount === 8 ? `${text}:` : text;
}

export function scanMac(text: string): ScannedAddress | null {
  const found = /^[0-9a-fA-F]+(?::[0-9a-fA-F]+){5}/.exec(text);
  if (found === null) return null;
  const bytes = Uint8Array.from(found[0].split(':'), (part) => Number.parseInt(part.slice(-2), 16));
  return { bytes, length: found[0].length };
}

export function scanIpv4(text: string): ScannedAddress | null {
  const found = /^\d+(?:\.\d+){3}/.exec(text);
  if (found === null) return null;
  return {
    bytes: Uint8Array.from(found[0].split('.'), (part) => Number(BigInt(part) & 0xffn)),
    length: found[0].length,
  };
}

export function scanIpv6(text: string): ScannedAddress | null {
  const found = /^[0-9a-fA-F:.]{1,46}/.exec(text);
  if (found === null) return null;
  const bytes = parseIpv6(found[0]);
  return bytes === null ? null : { bytes, length: found[0].length };
}

/** A whole text as an IPv6 address (RFC 4291 §2.2), or null. */
export function parseIpv6(text: string): Uint8Array | null {
  let source = text;
  const dotted = /(^|:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (dotted !== null) {
    const parts = dotted.slice(2).map(Number);
    if (parts.some((part) => part > 255)) return null;
    const [a, b, c, d] = parts as [number, number, number, number];
    source = `${text.slice(0, dotted.index)}${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return null;
  const groupsOf = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const front = groupsOf(halves[0]!);
  const back = halves.length === 2 ? groupsOf(halves[1]!) : [];
  const missing = 8 - front.length - back.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...front, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...back];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    const value = Number.parseInt(group, 16);
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 0xff;
  });
  return bytes;
}
