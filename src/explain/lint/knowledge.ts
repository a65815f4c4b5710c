/**
 * What is known of a packet after some of a rule's actions ran: the bits that its match fixed and the actions left or
 * wrote.
 *
 * How: the actions themselves run on two packets, one with all unknown bits 0, one with all of them 1. Bits on which
 * both end alike are known. What may change in a way that this does not show (a nested lookup, arithmetic) is forgotten.
 * Invariant: every packet that matches the rule has the known bits when translation comes to the place.
 */
import { FlowKey, KEY_WORDS, OFF_NW_TTL, OFF_VLAN1_TPID } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { type Action, kindOf } from '#src/openflow/action/action.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { Translation } from '#src/vswitchd/translate/translation.js';

/** Actions that leave the packet as it is for those that follow. */
const NEUTRAL: ReadonlySet<string> = new Set([
  'output',
  'output_reg',
  'output_trunc',
  'controller',
  'enqueue',
  'set_queue',
  'pop_queue',
  'note',
  'push',
  'write_actions',
  'clear_actions',
  'exit',
  'clone',
  'group',
  'meter',
  'conjunction',
  'sample',
  'fin_timeout',
]);

/** Actions that write fields, each bit from a constant or from one other bit. */
const WRITING: ReadonlySet<string> = new Set([
  'set_field',
  'load',
  'move',
  'mod_vlan_vid',
  'mod_vlan_pcp',
  'strip_vlan',
  'push_vlan',
  'mod_dl_src',
  'mod_dl_dst',
  'mod_nw_src',
  'mod_nw_dst',
  'mod_nw_tos',
  'mod_nw_ecn',
  'mod_nw_ttl',
  'mod_tp_src',
  'mod_tp_dst',
  'set_tunnel',
  'write_metadata',
]);

export const writesFields = (action: Action): boolean => WRITING.has(action.kind);

export class Knowledge {
  private readonly bridge: Bridge;
  private known: Match;

  constructor(bridge: Bridge, rule: Rule, vlanLimit: number) {
    this.bridge = bridge;
    this.known = rule.match.clone();
    // A switch that looks at one VLAN header never sees a second.
    if (vlanLimit === 1) this.known.mask.bytes.fill(0xff, OFF_VLAN1_TPID, OFF_VLAN1_TPID + 4);
  }

  /** What all packets have here. */
  get match(): Match {
    return this.known;
  }

  apply(action: Action): void {
    if (NEUTRAL.has(action.kind)) return;
    if (action.kind === 'dec_ttl') {
      this.known.mask.setU8(OFF_NW_TTL, 0);
      this.known.normalize();
      return;
    }
    if (!WRITING.has(action.kind)) {
      this.known = new Match();
      return;
    }
    const zeros = this.run(action, 0);
    const ones = this.run(action, -1);
    const after = new Match(zeros, new FlowKey());
    for (let i = 0; i < KEY_WORDS; i++) after.mask.words[i] = ~(zeros.words[i]! ^ ones.words[i]!);
    after.normalize();
    this.known = after;
  }

  private run(action: Action, unknown: number): FlowKey {
    const { key, mask } = this.known;
    const flow = new FlowKey();
    for (let i = 0; i < KEY_WORDS; i++) flow.words[i] = key.words[i]! | (unknown & ~mask.words[i]!);
    const translation = new Translation({ bridge: this.bridge, flow, packet: null, allowSideEffects: false });
    // The beginning of a translation sets what only the end of a pipeline looks at.
    translation.flow.copyFrom(flow);
    kindOf(action).translate(action, translation);
    this.bridge.backer.recirculation.unref(translation.recircIds);
    return translation.flow;
  }
}
