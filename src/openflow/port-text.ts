/**
 * OpenFlow port numbers as text: a number, a reserved name in any case, or the name of a port of the bridge.
 * Mirrors ofputil_port_from_string() and ofputil_format_port() (lib/ofp-port.c); numbers per OpenFlow 1.5.1 §7.2.1.
 */
import { OFPP_MAX, OFPP_NONE, type PortNames, RESERVED_PORT_NAMES } from './ports.js';

/** OpenFlow 1.1 and later number the reserved ports from here on. */
const OFPP11_MAX = 0xffffff00;
const OFPP11_OFFSET = 0xffff0000;

const RESERVED_BY_NAME: ReadonlyMap<string, number> = new Map([
  ...[...RESERVED_PORT_NAMES].map(([port, name]) => [name, port] as const),
  ['NONE', OFPP_NONE],
]);

/** The 16-bit number of a port, or null when the text names none. */
export function parsePort(text: string, ports: PortNames): number | null {
  if (/^\s*\+?\d+$/.test(text)) {
    const number = Number(text);
    if (number <= 0xffff) return number;
    // OpenFlow 1.1's reserved numbers fold onto OpenFlow 1.0's.
    return number >= OFPP11_MAX && number <= 0xffffffff ? number - OFPP11_OFFSET : null;
  }
  if (text.startsWith('-')) return null;
  const reserved = RESERVED_BY_NAME.get(text.toUpperCase());
  if (reserved !== undefined) return reserved;
  return ports.numberOf(unquote(text)) ?? null;
}

/** What stands between quotes, where there are any. */
export function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

/** A port name needs quotes where it could be taken for something else (namemap_put_name() in lib/namemap.c). */
function isPlainName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9]*$/.test(name);
}

/** A port or table name as a flow writes it. */
export function formatName(name: string): string {
  return isPlainName(name) ? name : JSON.stringify(name);
}

/** The reserved name, the port's name where `ports` knows it, else the number. */
export function formatPort(port: number, ports: PortNames): string {
  const reserved = RESERVED_PORT_NAMES.get(port);
  if (reserved !== undefined) return reserved;
  const name = ports.nameOf(port);
  return name === undefined ? String(port) : formatName(name);
}

/** A 16-bit port number as OpenFlow 1.1 and later carry it. */
export function portToOpenFlow11(port: number): number {
  return port >= OFPP_MAX ? port + OFPP11_OFFSET : port;
}

/** What OVS logs of a number that it cannot hold. */
export function unsupportedPortText(port: number): string {
  const from = `0x${OFPP11_MAX.toString(16)}`;
  return `port ${port} is outside the supported range 0 through ${OFPP_MAX - 1} or ${from} through 0xffffffff`;
}

/** Back to 16 bits; null for numbers that OVS cannot hold. */
export function portFromOpenFlow11(port: number): number | null {
  if (port < OFPP_MAX) return port;
  return port >= OFPP11_MAX ? port - OFPP11_OFFSET : null;
}
