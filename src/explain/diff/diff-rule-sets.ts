/**
 * Two rule sets over the same traffic: every frame goes into both switches, in step, and where its fate differs the
 * flow that it belongs to is noted; the first frame of each kind of change is explained on the spot, while both
 * switches are as they were when it happened.
 *
 * Invariant: a rule set differs from itself in nothing. Memory is bounded: flows beyond the bound are counted only.
 */
import {
  type FlowKey,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_IPV6_SRC,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_TP_SRC,
  OFF_VLAN_TCI,
} from '#flowtable/flow-key.js';
import { FlowKey as Key } from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { Match } from '#flowtable/match.js';
import type { CapturedFrames } from '#src/capture/capture-arena.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { PortSpread } from '../capture-frames.js';
import { type FirstDifference, firstDifference } from './first-difference.js';
import type { FrameFate, Side } from './side.js';

export interface ChangedFlow {
  /** By what a flow is known: port, protocol, addresses, transport ports. */
  readonly flow: string;
  readonly from: string;
  readonly to: string;
  frames: number;
  /** Counted from 1, as Wireshark does. */
  readonly firstFrame: number;
}

/** All flows whose fate changes in the same way. */
export interface Change {
  readonly from: string;
  readonly to: string;
  frames: number;
  readonly flows: ChangedFlow[];
  /** Of the first frame. */
  readonly explanation: FirstDifference;
}

export interface RuleSetDiff {
  readonly frames: number;
  readonly changedFrames: number;
  readonly changes: readonly Change[];
  /** Frames of flows beyond those that are kept. */
  readonly framesBeyond: number;
}

const MAX_FLOWS = 10_000;
const MAX_CHANGES = 1000;

export function diffRuleSets(a: Side, b: Side, frames: CapturedFrames, inPort: string | undefined): RuleSetDiff {
  const spread = new PortSpread(a.prepared, inPort);
  const startNs = Math.max(a.prepared.machine.scheduler.nowNs(), b.prepared.machine.scheduler.nowNs());
  const changes = new Map<string, Change>();
  const flows = new Map<string, ChangedFlow>();
  let changedFrames = 0;
  let framesBeyond = 0;
  for (let i = 0; i < frames.count; i++) {
    const offset = frames.offsets[i]!;
    const frame = frames.bytes.subarray(offset, offset + frames.lengths[i]!);
    const port = spread.portFor(frame).name;
    const timeNs = startNs + frames.timesNs[i]!;
    const before = a.receive(frame, port, timeNs);
    const after = b.receive(frame, port, timeNs);
    if (before.bytes === after.bytes) continue;
    changedFrames++;
    const [from, to] = fateTexts(before, after);
    const keys = [a.keyOf(frame, port), b.keyOf(frame, port)] as const;
    const flow = flowText(keys[0], a, port);
    const id = `${flow}|${from}|${to}`;
    let changed = flows.get(id);
    let change = changes.get(`${from}|${to}`);
    if (changed === undefined) {
      if (flows.size === MAX_FLOWS || (change === undefined && changes.size === MAX_CHANGES)) {
        framesBeyond++;
        continue;
      }
      changed = { flow, from, to, frames: 0, firstFrame: i + 1 };
      flows.set(id, changed);
      if (change === undefined) {
        change = { from, to, frames: 0, flows: [], explanation: firstDifference(a, b, port, keys) };
        changes.set(`${from}|${to}`, change);
      }
      change.flows.push(changed);
    }
    changed.frames++;
    change!.frames++;
  }
  return { frames: frames.count, changedFrames, changes: [...changes.values()], framesBeyond };
}

/** Where the texts are the same, bytes differ that no match sees. */
function fateTexts(before: FrameFate, after: FrameFate): readonly [string, string] {
  return before.text === after.text ? [before.text, `${after.text} (other bytes)`] : [before.text, after.text];
}

function flowText(key: FlowKey, side: Side, port: string): string {
  const mask = new Key();
  setExact(mask, OFF_IN_PORT, 4);
  setExact(mask, OFF_ETH_TYPE, 2);
  if (key.u16(OFF_VLAN_TCI) !== 0) mask.setU16(OFF_VLAN_TCI, 0x1fff);
  switch (key.u16(OFF_ETH_TYPE)) {
    case 0x0800:
    case 0x0806:
      setExact(mask, OFF_NW_SRC, 8);
      setExact(mask, OFF_NW_PROTO, 1);
      break;
    case 0x86dd:
      setExact(mask, OFF_IPV6_SRC, 32);
      setExact(mask, OFF_NW_PROTO, 1);
      break;
    default:
      setExact(mask, OFF_ETH_DST, 6);
      setExact(mask, OFF_ETH_SRC, 6);
  }
  if (key.u32(OFF_TP_SRC) !== 0) setExact(mask, OFF_TP_SRC, 4);
  const match = new Match(key.clone(), mask);
  match.normalize();
  return formatMatch(match, { ports: side.port(port).bridge.portNames, names: true });
}
