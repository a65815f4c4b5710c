/**
 * What a capture file holds, whatever its format: records, the interfaces they were taken from, and the one way in
 * which every decoder is driven (bytes pushed in, whole records pulled out). Decoders do no input or output, so a
 * file, a pipe and a test drive the same code.
 *
 * Invariant: a record is handed out only when all of its bytes are there; what is cut or damaged is told by end().
 */

export interface CaptureRecord {
  /**
   * Time since 1970 as two numbers: a double cannot hold nanoseconds since then. A pcapng Simple Packet Block has no
   * time of its own and carries that of the record before it.
   */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** The LINKTYPE_ value that says how the bytes begin. */
  readonly linkType: number;
  /** Bytes in the file; `bytes` has as many. */
  readonly capturedLength: number;
  /** Bytes on the wire, as the file claims; more than capturedLength where the snap length cut the frame. */
  readonly originalLength: number;
  /** A view that stays valid: the chunk it lies in is never written again. */
  readonly bytes: Uint8Array;
  /** Index into the decoder's interfaces; 0 in classic pcap. */
  readonly interfaceId: number;
  /** The first comment of a pcapng packet. */
  readonly comment: string | undefined;
}

export interface CaptureInterface {
  readonly linkType: number;
  /** The most bytes that are kept of a frame; 0 when there is no limit. */
  readonly snapLength: number;
  readonly name: string | undefined;
}

/** Why reading stopped before the end of the file. */
export interface CaptureDamage {
  /** cut: the file ends inside a record. damaged: a header contradicts itself and nothing after it can be trusted. */
  readonly kind: 'cut' | 'damaged';
  /** Byte offset of the record (or block) in the (decompressed) file. */
  readonly offset: number;
  /** One sentence, without the file's name. */
  readonly message: string;
}

export interface CaptureDecoder {
  readonly format: 'pcap' | 'pcapng';
  /** Known so far; pcapng may add more at any block. */
  readonly interfaces: readonly CaptureInterface[];
  /** True once the file header (pcapng: the first section header) was read: this is a capture. */
  readonly begun: boolean;
  push(chunk: Uint8Array): void;
  /** The next whole record, or null when more bytes are needed or nothing more can be read. */
  next(): CaptureRecord | null;
  /** True once the file proved damaged: pushing more is pointless. */
  readonly stopped: boolean;
  /** To be called after the last push and the last next(): what is wrong with the file's end, or null. */
  end(): CaptureDamage | null;
}

/**
 * No record may be longer. The same bound as libpcap's MAXIMUM_SNAPLEN and Wireshark's: a larger figure in a header is
 * damage, and believing it would mean buffering whatever comes.
 */
export const MAX_RECORD_SIZE = 262_144;
