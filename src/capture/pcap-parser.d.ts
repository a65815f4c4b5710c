/** What this program uses of the npm package pcap-parser 0.2.1, which brings no types of its own. */
declare module 'pcap-parser' {
  import type { EventEmitter } from 'node:events';

  export interface PcapParserGlobalHeader {
    readonly snapshotLength: number;
    readonly linkLayerType: number;
  }

  export interface PcapParserPacket {
    readonly header: {
      readonly timestampSeconds: number;
      readonly timestampMicroseconds: number;
      readonly capturedLength: number;
      readonly originalLength: number;
    };
    readonly data: Buffer;
  }

  export interface PcapParser {
    on(event: 'globalHeader', listener: (header: PcapParserGlobalHeader) => void): this;
    on(event: 'packet', listener: (packet: PcapParserPacket) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'end', listener: () => void): this;
  }

  /** The members of a readable stream that the parser touches. */
  export interface PcapParserInput extends Pick<EventEmitter, 'on'> {
    pause(): unknown;
    resume(): unknown;
  }

  const parser: { parse(input: PcapParserInput): PcapParser };
  export default parser;
}
