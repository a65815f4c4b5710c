/**
 * A message's bytes as ovs-ofctl prints them: its name, version and number, what it says, and the bytes themselves where
 * they cannot be understood. Mirrors ofp_to_string() of lib/ofp-print.c.
 */
import { formatHexDump } from '../hex-bytes.js';
import { messageHead } from '../message-head.js';
import type { PortNames } from '../ports.js';
import { OpenFlowError } from '../switch-connection.js';
import {
  decodeBody,
  FLAG_MORE,
  HEADER_SIZE,
  type MessageHead,
  readHead,
  readWholeHead,
  versionOfWire,
} from './message.js';
import { statsDirection } from './message-code.js';
import { type MessageFormatContext, PartialMessage } from './message-kind.js';

export interface MessageBytesOptions {
  readonly ports: PortNames;
  readonly names: boolean;
  /** From 5 on the bytes are shown of every message. */
  readonly verbosity: number;
}

const VERBOSITY_OF_BYTES = 5;

/** The whole text, with a new line at its end. */
export function formatMessageBytes(bytes: Uint8Array, options: MessageBytesOptions): string {
  const size = bytes.length;
  const dump = formatHexDump(bytes);
  if (size === 0) return 'OpenFlow message is empty\n';
  if (size < HEADER_SIZE) return `OpenFlow packet too short (only ${size} bytes):\n${dump}`;
  const length = (bytes[2]! << 8) | bytes[3]!;
  if (length > size) return `${truncatedHead(bytes)}(***truncated to ${size} bytes from ${length}***)\n${dump}`;
  if (length < size) return `(***only uses ${length} bytes out of ${size}***)\n${dump}`;
  let head: MessageHead;
  try {
    head = readWholeHead(bytes);
  } catch (error) {
    return `${refusalText(error)}${dump}`;
  }
  const name = headText(head);
  const { text, refusal } = bodyText(bytes, head, options);
  if (refusal !== null) {
    return `${name}${text === '' ? ' ' : withNewLine(chompSpace(text))}${refusalText(refusal)}${dump}`;
  }
  const whole = chompSpace(`${name}${text}`);
  return withNewLine(options.verbosity >= VERBOSITY_OF_BYTES ? `${withNewLine(whole)}${dump}` : whole);
}

function truncatedHead(bytes: Uint8Array): string {
  try {
    return `${headText(readHead(bytes))}\n`;
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    return '';
  }
}

function refusalText(error: unknown): string {
  if (!(error instanceof OpenFlowError)) throw error;
  return `***decode error: ${error.code}***\n`;
}

function headText({ code, wireVersion, xid }: MessageHead): string {
  const version = versionOfWire(wireVersion);
  if (version !== null) return messageHead(code.name, version, xid);
  return `${code.name} (OF 0x${wireVersion.toString(16).padStart(2, '0')}) (xid=0x${xid.toString(16)}):`;
}

interface BodyText {
  readonly text: string;
  /** What is wrong behind what the text shows. */
  readonly refusal: OpenFlowError | null;
}

function bodyText(bytes: Uint8Array, head: MessageHead, options: MessageBytesOptions): BodyText {
  const context: MessageFormatContext = {
    ...options,
    version: head.version,
    formatMessage: (inner, verbosity) => formatMessageBytes(inner, { ...options, verbosity }),
  };
  const flags = flagsText(head);
  try {
    const message = decodeBody(bytes, head, { tlvTable: null });
    return { text: `${flags}${head.kind.format(message, head.code, context)}`, refusal: null };
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    const shown = error instanceof PartialMessage ? head.kind.format(error.read, head.code, context) : '';
    const isHidden = head.kind.hidesErrors?.(context) === true;
    return { text: `${flags}${shown}`, refusal: isHidden ? null : error };
  }
}

/** Of statistics: whether more follows; a request in parts is something that only OpenFlow 1.3 and later have. */
function flagsText({ flags, wireVersion, code }: MessageHead): string {
  if (flags === 0) return '';
  const mayHaveMore = statsDirection(wireVersion, code.type) === 'reply' || wireVersion >= 4;
  const more = mayHaveMore && (flags & FLAG_MORE) !== 0;
  const rest = more ? flags & ~FLAG_MORE : flags;
  const unknown = rest === 0 ? '' : `[***unknown flags 0x${rest.toString(16).padStart(4, '0')}***]`;
  return ` flags=${more ? '[more]' : ''}${unknown}`;
}

const chompSpace = (text: string): string => (text.endsWith(' ') ? text.slice(0, -1) : text);
const withNewLine = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
