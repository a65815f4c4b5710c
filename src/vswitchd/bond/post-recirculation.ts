/**
 * The rules by which packets of a balance-tcp bond go on when they come back with a hash: in the table that is the
 * switch's own, one for each hash value. Mirrors update_recirc_rules__() of bond.c.
 */
import { OFF_DP_HASH, OFF_RECIRC_ID } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { NO_FLAGS } from '#src/openflow/flow-mod.js';
import type { Bridge } from '../bridge.js';
import type { SwitchPort } from '../bundle.js';
import { INTERNAL_TABLE, type Rule } from '../openflow-table.js';
import { BUCKET_COUNT, BUCKET_MASK } from './bond-hash.js';

const PRIORITY = 20;

export class PostRecirculationRules {
  private readonly bridge: Bridge;
  private readonly rules: (Rule | undefined)[] = [];

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** What packets of a hash value have counted so far; null where they have no rule. */
  bytesOf(bucket: number): number | null {
    return this.rules[bucket]?.bytes ?? null;
  }

  /** Puts a rule for each hash value that has a port, and takes away those of before. */
  put(recircId: number, portOf: (bucket: number) => SwitchPort | null): void {
    // What flows in the datapath owe the old rules is theirs.
    this.bridge.backer.pushStats();
    const { classifier } = this.bridge.table(INTERNAL_TABLE);
    const nowNs = this.bridge.clock.nowNs();
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const old = this.rules[bucket];
      const port = portOf(bucket);
      if (old !== undefined) classifier.remove(old);
      this.rules[bucket] = undefined;
      if (port === null) continue;
      const match = matchOf(recircId, bucket);
      const isSame = old?.match.equals(match) === true;
      const rule: Rule = {
        tableId: INTERNAL_TABLE,
        match,
        priority: PRIORITY,
        cookie: 0n,
        idleTimeout: 0,
        hardTimeout: 0,
        importance: 0,
        flags: NO_FLAGS,
        actions: [{ kind: 'output', port: port.ofPort, maxLen: 0 }],
        createdNs: nowNs,
        modifiedNs: nowNs,
        usedNs: isSame ? old.usedNs : nowNs,
        packets: isSame ? old.packets : 0,
        bytes: isSame ? old.bytes : 0,
      };
      classifier.insert(rule);
      this.rules[bucket] = rule;
    }
    this.bridge.backer.noteChange();
  }

  clear(): void {
    if (this.rules.some((rule) => rule !== undefined)) this.put(0, () => null);
  }
}

function matchOf(recircId: number, bucket: number): Match {
  const match = new Match();
  match.key.setU32(OFF_RECIRC_ID, recircId);
  match.mask.setU32(OFF_RECIRC_ID, 0xffffffff);
  match.key.setU32(OFF_DP_HASH, bucket);
  match.mask.setU32(OFF_DP_HASH, BUCKET_MASK);
  return match;
}
