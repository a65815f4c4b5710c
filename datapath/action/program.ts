/**
 * A list of actions as the datapath runs it: numbers in one array, [opcode, operands..., opcode, ...]. Compiled once
 * when a flow is put, so that running it makes no garbage.
 *
 * Operands that are bits of a header stand as the bits do in a flow key's little-endian words, each with its mask, the
 * value already cut to the mask.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import type { UserspaceCookie } from '../dpif.js';

export const OP_OUTPUT = 1; // port
export const OP_USERSPACE = 2; // index of the cookie
export const OP_PUSH_VLAN = 3; // TPID and TCI as a word
export const OP_POP_VLAN = 4;
export const OP_RECIRC = 5; // recirculation id
export const OP_DROP = 6; // index of the reason
export const OP_SET_METADATA = 7; // word of the key, value, mask
export const OP_SET_TUNNEL = 8; // 15 words
export const OP_SET_ETH = 9; // 3 values, 3 masks
export const OP_SET_IPV4 = 10; // src, dst, tos and ttl: value, mask each
export const OP_SET_IPV6 = 11; // class and label, hop limit, 4 src, 4 dst: value, mask each
export const OP_SET_TCP = 12; // ports: value, mask
export const OP_SET_UDP = 13;
export const OP_SET_SCTP = 14;
export const OP_SET_ICMP = 15; // type and code: value, mask
export const OP_SET_ARP = 16; // opcode, spa, tpa, sha and tha: value, mask each
export const OP_SET_ND = 17; // 4 target, 3 link-layer addresses: value, mask each
export const OP_SET_MPLS = 18; // value, mask

/** Operands of each opcode. */
export const OPERAND_COUNT: readonly number[] = [0, 1, 1, 1, 0, 1, 1, 3, 15, 6, 6, 20, 2, 2, 2, 2, 12, 14, 2];

export class ActionProgram {
  readonly code: Int32Array;
  readonly cookies: readonly UserspaceCookie[];
  /** The port, where the program is one output and nothing else; else -1. */
  readonly soleOutput: number;

  constructor(code: Int32Array, cookies: readonly UserspaceCookie[]) {
    this.code = code;
    this.cookies = cookies;
    this.soleOutput = code.length === 2 && code[0] === OP_OUTPUT ? code[1]! : -1;
  }
}

/** Collects the code of a program. */
export class ProgramBuilder {
  private readonly code: number[] = [];
  private readonly cookies: UserspaceCookie[] = [];

  add(...words: number[]): void {
    this.code.push(...words);
  }

  /** Adds the value, cut to the mask, and the mask. */
  addMasked(value: number, mask: number): void {
    this.code.push(value & mask, mask | 0);
  }

  /** Adds a word of the key with its mask (all bits where there is none), both cut to `bits`. */
  addKeyWord(word: number, value: FlowKey, mask: FlowKey | null, bits = -1): void {
    this.addMasked(value.words[word]!, (mask === null ? -1 : mask.words[word]!) & bits);
  }

  addCookie(cookie: UserspaceCookie): number {
    return this.cookies.push(cookie) - 1;
  }

  finish(): ActionProgram {
    return new ActionProgram(Int32Array.from(this.code), this.cookies);
  }
}
