/** What a differential run needs of a switch, and real OVS as one. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OracleReply, OvsOracle } from '../../support/ovs-oracle.js';

export interface SwitchUnderTest {
  readonly name: string;
  /** Removes all bridges. */
  clear(): void | Promise<void>;
  /** {dir} in an argument stands for the folder that tx_pcap files go to. Throws with the tool's words. */
  vsctl(args: readonly string[]): unknown;
  ofctl(args: readonly string[], input: string): string | Promise<string>;
  appctl(command: string, ...args: readonly string[]): Promise<OracleReply>;
  /** Returns when a packet has left and what was learned from it counts; keeps: its megaflows stay. */
  settle(keeps?: boolean): Promise<void>;
  /** Frames that left by a dummy port since the last call, as hexadecimal. */
  transmitted(port: string): readonly string[];
}

const PCAP_HEADER = 24;
const RECORD_HEADER = 16;

/** The frames of a classic capture in our byte order from an offset on, and where they end. */
export function framesSince(
  bytes: Buffer,
  offset: number,
): { readonly frames: readonly string[]; readonly end: number } {
  const frames: string[] = [];
  let at = Math.max(offset, PCAP_HEADER);
  while (at + RECORD_HEADER <= bytes.length) {
    const size = bytes.readUInt32LE(at + 8);
    if (at + RECORD_HEADER + size > bytes.length) break;
    frames.push(bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + size).toString('hex'));
    at += RECORD_HEADER + size;
  }
  return { frames, end: at };
}

export class RealSwitch implements SwitchUnderTest {
  readonly name = 'real OVS';
  private readonly oracle: OvsOracle;
  private readonly read = new Map<string, number>();
  private generation = 0;

  constructor(oracle: OvsOracle) {
    this.oracle = oracle;
  }

  clear(): void {
    this.oracle.clear();
    this.read.clear();
    this.generation++;
  }

  vsctl(args: readonly string[]): string {
    return this.oracle.must(
      'ovs-vsctl',
      args.map((arg) => arg.replace('{dir}/', `${this.oracle.dir}/${this.generation}-`)),
    );
  }

  ofctl(args: readonly string[], input: string): string {
    return this.oracle.must('ovs-ofctl', args, input);
  }

  /** A file that commands can read; returns its path. */
  write(name: string, text: string): string {
    const path = join(this.oracle.dir, name);
    writeFileSync(path, text);
    return path;
  }

  appctl(command: string, ...args: readonly string[]): Promise<OracleReply> {
    return this.oracle.appctl(command, ...args);
  }

  /**
   * OVS answers up to ten commands before it looks at its ports again. Waiting for a revalidation takes half a second:
   * instead nothing stays cached, so that each packet is translated.
   */
  async settle(keeps = false): Promise<void> {
    for (let i = 0; i < 12; i++) await this.oracle.appctl('version');
    if (!keeps) await this.oracle.appctl('revalidator/purge');
  }

  transmitted(port: string): readonly string[] {
    const path = join(this.oracle.dir, `${this.generation}-${port}.pcap`);
    if (!existsSync(path)) return [];
    const { frames, end } = framesSince(readFileSync(path), this.read.get(port) ?? 0);
    this.read.set(port, end);
    return frames;
  }
}
