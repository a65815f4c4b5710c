/**
 * The FTP control messages that announce a data connection: PORT and the reply 227 (RFC 959 §4.1.2, §5.3.2), for IPv6
 * EPRT and the reply to EPSV (RFC 2428).
 *
 * Mirrors detect_ftp_ctl_type() and process_ftp_ctl_v4/v6() of lib/conntrack.c, with what they tolerate.
 *
 * Invariant: only the first 127 characters are looked at; any text gives a message, `other` or `invalid`.
 */
import { parseIpv4Text, parseIpv6Text } from './ftp-address.js';

const LARGEST_MESSAGE = 128;

export type FtpMessage =
  /** Announces nothing. */
  | { readonly kind: 'other' }
  /** Means to announce something and cannot be read. */
  | { readonly kind: 'invalid' }
  | {
      readonly kind: 'announcement';
      readonly isActive: boolean;
      readonly port: number;
      /** The address announced, four words; null where the message has none. */
      readonly address: Int32Array | null;
      /** Where its text stands in the message. */
      readonly addressOffset: number;
      readonly addressSize: number;
    };

const OTHER: FtpMessage = { kind: 'other' };
const INVALID: FtpMessage = { kind: 'invalid' };

/** The text of a message: up to the first zero byte; the last byte of the part that is looked at is left out, as in OVS. */
export function ftpTextOf(bytes: Uint8Array, at: number, end: number): string {
  const size = Math.min(end - at, LARGEST_MESSAGE) - 1;
  let text = '';
  for (let i = 0; i < size && bytes[at + i] !== 0; i++) text += String.fromCharCode(bytes[at + i]!);
  return text;
}

export function parseFtpMessage(text: string, isIpv6: boolean): FtpMessage {
  if (isIpv6) {
    if (/^eprt/i.test(text)) return parseEprt(text);
    return /extended passive/i.test(text) ? parseEpsvReply(text) : OTHER;
  }
  if (/^port/i.test(text)) return parseCommas(text, 4, true);
  return text.startsWith('227') ? parseCommas(text, 3, false) : OTHER;
}

/** `h1,h2,h3,h4,p1,p2` after a blank, in PORT and 227. */
function parseCommas(text: string, keywordSize: number, isActive: boolean): FtpMessage {
  const blank = text.indexOf(' ', keywordSize);
  if (blank < 0) return INVALID;
  const addressOffset = indexOfDigit(text, blank);
  if (addressOffset < 0) return INVALID;
  const found = /^([^,]*,[^,]*,[^,]*,[^,]*),(\d{1,4})/.exec(text.slice(addressOffset));
  if (found === null) return INVALID;
  const address = parseIpv4Text(found[1]!.replaceAll(',', '.'));
  const high = Number(found[2]!);
  // Whatever stands between the two halves of the port is taken for a comma.
  const low = /^\d+/.exec(text.slice(addressOffset + found[0].length + 1));
  if (address === null || low === null || high > 255 || Number(low[0]) > 255) return INVALID;
  const port = (high << 8) | Number(low[0]);
  return { kind: 'announcement', isActive, port, address, addressOffset, addressSize: found[1]!.length };
}

/** `EPRT |2|address|port|`; the delimiter may be any character. */
function parseEprt(text: string): FtpMessage {
  const family = indexOfDigit(text, 4);
  if (family < 0 || text[family] !== '2' || /\d/.test(text[family + 1] ?? '')) return INVALID;
  const addressOffset = family + 2;
  const addressText = /^[0-9a-fA-F:.]*/.exec(text.slice(addressOffset))![0];
  const address = parseIpv6Text(addressText);
  const port = parsePort(text, addressOffset + addressText.length + 1);
  if (address === null || port < 0) return INVALID;
  return { kind: 'announcement', isActive: true, port, address, addressOffset, addressSize: addressText.length };
}

/** `229 Entering Extended Passive Mode (|||port|)`. */
function parseEpsvReply(text: string): FtpMessage {
  const bracket = text.indexOf('(');
  const digit = bracket < 0 ? -1 : indexOfDigit(text, bracket);
  const port = digit < 0 ? -1 : parsePort(text, digit);
  if (port < 0) return INVALID;
  return { kind: 'announcement', isActive: false, port, address: null, addressOffset: 0, addressSize: 0 };
}

function parsePort(text: string, at: number): number {
  const found = /^\d{1,6}/.exec(text.slice(at));
  const port = found === null ? -1 : Number(found[0]);
  return port > 65535 ? -1 : port;
}

function indexOfDigit(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) return i;
  }
  return -1;
}
