/**
 * The rules of one OpenFlow table and what is counted of them. Mirrors struct oftable and struct rule of ofproto.
 */
import { Classifier } from '#flowtable/classifier.js';
import type { Match } from '#flowtable/match.js';
import type { Action } from '#src/openflow/action/action.js';
import type { FlowModFlags } from '#src/openflow/flow-mod.js';

export interface Rule {
  readonly tableId: number;
  readonly match: Match;
  readonly priority: number;
  readonly cookie: bigint;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly importance: number;
  readonly flags: FlowModFlags;
  readonly actions: readonly Action[];
  readonly createdNs: number;
  modifiedNs: number;
  usedNs: number;
  packets: number;
  bytes: number;
}

/** Tables 0..253 are the user's; 254 is kept for the switch's own rules. */
export const TABLE_COUNT = 255;
export const INTERNAL_TABLE = 254;

export class OpenFlowTable {
  readonly id: number;
  readonly classifier = new Classifier<Rule>();
  /** Lookups that found a rule, and that did not. */
  matchedCount = 0;
  missedCount = 0;

  constructor(id: number) {
    this.id = id;
  }
}
