/**
 * What one message's file holds: where it stands in each version of OpenFlow, its bytes in and out, and the text that
 * `ovs-ofctl ofp-print` shows of it. A new message is one file that exports a MessageKind, and one line in the index of
 * its folder.
 *
 * An OpenFlow header (OpenFlow 1.5.1 §7.1), big-endian, in front of every message:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |    version    |     type      |            length             |
 *     +---------------+---------------+-------------------------------+
 *     |                              xid                              |
 *     +---------------------------------------------------------------+
 *
 * A vendor message (experimenter) adds its vendor and subtype, a statistics message (multipart) its type and flags, a
 * vendor's statistics message both.
 */
import type { PortNames } from '../ports.js';
import type { OpenFlowVersion } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import type { TlvTable } from '../tlv-map.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/** The numbers that name a message in a range of versions. */
export interface MessageCode {
  /** The name that ovs-ofctl prints: `OFPT_FLOW_MOD`, `OFPST_FLOW reply`, `NXT_FLOW_MOD`. */
  readonly name: string;
  readonly firstVersion: OpenFlowVersion;
  readonly lastVersion: OpenFlowVersion;
  /** Of the header: of a vendor message 4; of statistics 16 and 17 in OpenFlow 1.0, 18 and 19 later. */
  readonly type: number;
  /** Of a statistics message; 0xffff for a vendor's. */
  readonly statsType?: number;
  /** Of a vendor's message or statistics: Nicira 0x2320, ONF 0x4f4e4600. */
  readonly vendor?: number;
  readonly subtype?: number;
  /**
   * Bytes that the body has at least, as whoever frames messages checks before anything else is read; unit: what comes
   * behind them is a multiple of so many, 0 that there is nothing. Absent: any size (0 and 1).
   */
  readonly body?: { readonly size: number; readonly unit: number };
  /** Is the same in versions that nobody knows yet (hello, error, echo). */
  readonly isImmutable?: true;
}

/** What the bytes of a message mean besides themselves. */
export interface WireContext {
  /** The latest, where the message is of one that nobody knows yet. */
  readonly version: OpenFlowVersion;
  /** The header's number of the version, of a message that is read. */
  readonly wireVersion?: number;
  /** The switch's table of tunnel metadata; null where none is known (a tool that prints a message). */
  readonly tlvTable: TlvTable | null;
  /** The header's number of the message, of one that is read. */
  readonly xid?: number;
  /** For messages that carry others; whoever frames messages hands it to them. */
  readonly framing?: Framing;
  /** OpenFlow 1.0: a flow change names its table (NXT_FLOW_MOD_TABLE_ID); absent: it does. */
  readonly namesTables?: boolean;
}

/** Whole messages in and out, as message.ts has them. */
export interface Framing {
  /** The kind of a message whose headers, and length, are right; throws OpenFlowError. */
  kindOf(bytes: Uint8Array): string;
  /** Throws OpenFlowError. */
  decode(bytes: Uint8Array, context: WireContext): { readonly kind: string };
  encode<M extends { readonly kind: string }>(
    kind: MessageKind<M>,
    message: M,
    xid: number,
    context: WireContext,
  ): Uint8Array;
}

export interface MessageFormatContext {
  readonly version: OpenFlowVersion;
  /** Port names instead of numbers. */
  readonly ports: PortNames;
  readonly names: boolean;
  /** How many times `-m` was given, as ovs-ofctl counts verbosity: from 1 on the bytes of packets are shown. */
  readonly verbosity: number;
  /** A whole message that this one carries (an error, a bundle), as text with its new line. */
  formatMessage(bytes: Uint8Array, verbosity: number): string;
}

/** Reads entries until none is left; `asMessage` makes the message of those that could be read. */
export function readEntries<E, M extends { readonly kind: string }>(
  body: ByteReader,
  readEntry: () => E,
  asMessage: (entries: readonly E[]) => M,
): M {
  const entries: E[] = [];
  while (body.remaining > 0) {
    try {
      entries.push(readEntry());
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      throw new PartialMessage(error.code, asMessage(entries));
    }
  }
  return asMessage(entries);
}

export interface MessageKind<M extends { readonly kind: string }> {
  readonly kind: M['kind'];
  readonly codes: readonly MessageCode[];
  /** Reads the body behind the headers; throws OpenFlowError with the code that a switch answers. */
  decode(body: ByteReader, code: MessageCode, context: WireContext): M;
  /** Appends the body. */
  encode(message: M, body: ByteWriter, code: MessageCode, context: WireContext): void;
  /** What ovs-ofctl prints behind the message's head (`OFPT_FLOW_MOD (xid=0x1):`), with its new lines. */
  format(message: M, code: MessageCode, context: MessageFormatContext): string;
  /** Does the text show so little that what is wrong in the body is not seen? Absent: no. */
  hidesErrors?(context: MessageFormatContext): boolean;
  /** Of several codes of the version, the one that the message is to travel by; absent: the first. */
  choose?(message: M, codes: readonly MessageCode[]): MessageCode;
  /** A message that may need more than one part: a message for each of its entries, which are then put together. */
  split?(message: M): readonly M[];
}

/** Thrown where something in a message is wrong behind parts that were not: a tool prints those before the error. */
export class PartialMessage extends OpenFlowError {
  readonly read: { readonly kind: string };

  constructor(code: string, read: { readonly kind: string }) {
    super(code);
    this.name = 'PartialMessage';
    this.read = read;
  }
}

/** Any message's kind, where messages of all kinds meet. */
export type AnyMessageKind = MessageKind<{ readonly kind: string }>;
