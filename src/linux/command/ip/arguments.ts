/**
 * The words of an `ip` command line and the ways they can be wrong, in iproute2's words (lib/utils.c of iproute2).
 */
import type { NetDevice } from '../../device/net-device.js';
import { type IpAddress, type Prefix, parseAddress, parseMac, parsePrefix } from '../../ip/address.js';
import type { NetworkNamespace } from '../../namespace.js';

/** Ends the command with a message and an exit code. */
export class IpError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.name = 'IpError';
    this.exitCode = exitCode;
  }
}

/** The command line is wrong. */
export const usageError = (message: string): IpError => new IpError(message, 255);
/** The kernel refuses. */
export const kernelError = (message: string): IpError => new IpError(message, 2);
export const rtnetlink = (message: string): IpError => kernelError(`RTNETLINK answers: ${message}`);
export const missing = (argument: string, exitCode = 255): IpError =>
  new IpError(`Not enough information: "${argument}" argument is required.`, exitCode);
export const garbage = (keyword: string, word: string): IpError =>
  usageError(`Error: either "${keyword}" is duplicate, or "${word}" is a garbage.`);

/** Any beginning of a keyword stands for it. */
export const matches = (word: string, keyword: string): boolean => word !== '' && keyword.startsWith(word);

export class Arguments {
  private readonly words: readonly string[];
  private at = 0;

  constructor(words: readonly string[]) {
    this.words = words;
  }

  get done(): boolean {
    return this.at >= this.words.length;
  }

  peek(): string | undefined {
    return this.words[this.at];
  }

  /** The next word; there must be one. */
  take(): string {
    const word = this.words[this.at++];
    if (word === undefined) throw usageError('Command line is not complete. Try option "help"');
    return word;
  }

  rest(): readonly string[] {
    const rest = this.words.slice(this.at);
    this.at = this.words.length;
    return rest;
  }

  prefix(): Prefix {
    const word = this.take();
    const prefix = parsePrefix(word);
    if (prefix === null) throw new IpError(`Error: any valid prefix is expected rather than "${word}".`, 1);
    return prefix;
  }

  address(): IpAddress {
    const word = this.take();
    const address = parseAddress(word);
    if (address === null) throw new IpError(`Error: any valid address is expected rather than "${word}".`, 1);
    return address;
  }

  mac(): Uint8Array {
    const word = this.take();
    const mac = parseMac(word);
    if (mac === null) throw new IpError(`"${word}" is invalid lladdr.`, 1);
    return mac;
  }

  unsigned(name: string): number {
    const word = this.take();
    if (!/^(0x[0-9a-fA-F]+|\d+)$/.test(word) || Number(word) > 0xffffffff) {
      throw usageError(`Error: argument "${word}" is wrong: Invalid "${name}" value\n`);
    }
    return Number(word);
  }

  device(namespace: NetworkNamespace): NetDevice {
    const word = this.take();
    const device = namespace.devices.get(word);
    if (device === undefined) throw new IpError(`Cannot find device "${word}"`, 1);
    return device;
  }
}

/** Options before the object: what to show, and how. */
export interface IpOptions {
  readonly family: 4 | 6 | null;
  readonly brief: boolean;
  readonly oneLine: boolean;
  readonly statistics: boolean;
}
