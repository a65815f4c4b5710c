/**
 * A list of actions as the datapath runs it: numbers in one array, [opcode, operands..., opcode, ...]. Compiled once
 * when a flow is put, so that running it makes no garbage.
 *
 * Operands that are bits of a header stand as the bits do in a flow key's little-endian words, each with its mask, the
 * value already cut to the mask.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import type { CtRequest } from '../conntrack/ct-request.js';
import type { DpAction, TunnelPushAction, UserspaceCookie } from '../dpif.js';

export const OP_OUTPUT = 1; // port
export const OP_USERSPACE = 2; // index of the cookie
export const OP_PUSH_VLAN = 3; // TPID and TCI as a word
export const OP_POP_VLAN = 4;
export const OP_RECIRC = 5; // recirculation id
export const OP_DROP = 6; // index of the reason
export const OP_SET_METADATA = 7; // word of the key, value, mask
export const OP_SET_TUNNEL = 8; // 18 words
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

export const OP_TRUNC = 19; // most bytes
export const OP_CLONE = 20; // index of the nested program
export const OP_SAMPLE = 21; // probability, index of the nested program
export const OP_HASH = 22; // algorithm, basis
export const OP_CHECK_PKT_LEN = 23; // size, indices of the programs for longer and for other frames
export const OP_PUSH_MPLS = 24; // EtherType, entry as a word
export const OP_POP_MPLS = 25; // EtherType
export const OP_METER = 26; // meter
export const OP_CT = 27; // index of the request
export const OP_CT_CLEAR = 28;
export const OP_TNL_PUSH = 29; // index of the action
export const OP_TNL_POP = 30; // port
export const OP_SET_TUNNEL_OPTIONS = 31; // 66 words
export const OP_LB_OUTPUT = 32; // bond
export const OP_PUSH_ETH = 33; // destination and source, 3 words
export const OP_POP_ETH = 34;
export const OP_PUSH_NSH = 35; // index of the header
export const OP_POP_NSH = 36;
export const OP_ADD_MPLS = 37; // packet type, entry, both as words
export const OP_SET_NSH = 38; // flags and TTL, service path, 4 of context: value, mask each
export const OP_SET_ND_EXT = 39; // reserved word, type of option: value, mask each

/** Operands of each opcode. */
export const OPERAND_COUNT: readonly number[] = [
  0, 1, 1, 1, 0, 1, 1, 3, 18, 6, 6, 20, 2, 2, 2, 2, 12, 14, 2, 1, 1, 2, 2, 3, 2, 1, 1, 1, 0, 1, 1, 66, 1, 3, 0, 1, 0, 2,
  12, 4,
];

/** Lists of actions within each other (lib/odp-util.c MAX_ODP_NESTED). */
export const MAX_NESTED_ACTIONS = 32;

/** What the numbers of a program point at. */
export interface ProgramTables {
  readonly cookies: readonly UserspaceCookie[];
  readonly nested: readonly ActionProgram[];
  readonly requests: readonly CtRequest[];
  readonly pushes: readonly TunnelPushAction[];
  readonly headers: readonly Uint8Array[];
}

export class ActionProgram {
  readonly code: Int32Array;
  readonly cookies: readonly UserspaceCookie[];
  readonly nested: readonly ActionProgram[];
  readonly requests: readonly CtRequest[];
  readonly pushes: readonly TunnelPushAction[];
  readonly headers: readonly Uint8Array[];
  /** The port, where the program is one output and nothing else; else -1. */
  readonly soleOutput: number;

  constructor(code: Int32Array, tables: ProgramTables) {
    this.code = code;
    this.cookies = tables.cookies;
    this.nested = tables.nested;
    this.requests = tables.requests;
    this.pushes = tables.pushes;
    this.headers = tables.headers;
    this.soleOutput = code.length === 2 && code[0] === OP_OUTPUT ? code[1]! : -1;
  }
}

/** Collects the code of a program. */
export class ProgramBuilder implements ProgramTables {
  private readonly code: number[] = [];
  readonly cookies: UserspaceCookie[] = [];
  readonly nested: ActionProgram[] = [];
  readonly requests: CtRequest[] = [];
  readonly pushes: TunnelPushAction[] = [];
  readonly headers: Uint8Array[] = [];
  private readonly compileNested: (actions: readonly DpAction[]) => ActionProgram;

  /** compileNested: makes a program of the actions within an action. */
  constructor(compileNested: (actions: readonly DpAction[]) => ActionProgram) {
    this.compileNested = compileNested;
  }

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

  // What is added to a table: each returns its index.

  addCookie(cookie: UserspaceCookie): number {
    return this.cookies.push(cookie) - 1;
  }

  addNested(actions: readonly DpAction[]): number {
    return this.nested.push(this.compileNested(actions)) - 1;
  }

  addRequest(request: CtRequest): number {
    return this.requests.push(request) - 1;
  }

  addPush(action: TunnelPushAction): number {
    return this.pushes.push(action) - 1;
  }

  addHeader(header: Uint8Array): number {
    return this.headers.push(header) - 1;
  }

  finish(): ActionProgram {
    return new ActionProgram(Int32Array.from(this.code), this);
  }
}
