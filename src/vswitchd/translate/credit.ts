/** Gives rules, ports, groups, mirrors and learned addresses what packets owe them. Mirrors xlate_push_stats(). */
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { learnRule } from '../learned-rules.js';
import type { Rule } from '../openflow-table.js';
import type { Credit } from './outcome.js';

const TCP_FIN_OR_RST = 0x005;

/** What packets did since they were last counted. */
export interface PacketStats {
  readonly packets: number;
  readonly bytes: number;
  /** When the last of them came. */
  readonly usedNs: number;
  /** All that any of them had. */
  readonly tcpFlags: number;
}

export function giveCredit(credits: readonly Credit[], stats: PacketStats): void {
  const { packets, usedNs, tcpFlags } = stats;
  let { bytes } = stats;
  for (const credit of credits) {
    switch (credit.kind) {
      case 'rule':
        credit.rule.packets += packets;
        credit.rule.bytes += bytes;
        credit.rule.usedNs = Math.max(credit.rule.usedNs, usedNs);
        break;
      case 'table':
        if (credit.matched) credit.table.matchedCount += packets;
        else credit.table.missedCount += packets;
        break;
      case 'port':
        if (credit.tx !== null) {
          credit.tx.credited.txPackets += packets;
          credit.tx.credited.txBytes += bytes;
        }
        if (credit.rx !== null) {
          credit.rx.credited.rxPackets += packets;
          credit.rx.credited.rxBytes += bytes;
          if (packets > 0) credit.rx.bfd?.accountReceived();
        }
        break;
      case 'group':
        credit.group.credit(credit.bucket, packets, bytes);
        break;
      case 'neighbour':
        credit.native.neighbours.lookup(credit.bridge, credit.ip, credit.native.nowMs);
        break;
      case 'tunnel-header':
        bytes += packets * credit.size;
        break;
      case 'bond':
        credit.bond.account(credit.flow, credit.vlan, bytes);
        break;
      case 'netflow':
        credit.netflow.update(credit.flow, credit.output, { ...stats, bytes });
        break;
      case 'mirror':
        credit.mirrors.credit(credit.used, packets, bytes);
        break;
      case 'learn': {
        const { bundle, mac, vlan, gratuitousArp } = credit;
        bundle.bridge.learn(mac, vlan, gratuitousArp, bundle);
        break;
      }
      case 'learned-rule':
        learnAgain(credit);
        break;
      case 'fin-timeout':
        if ((tcpFlags & TCP_FIN_OR_RST) !== 0) reduceTimeouts(credit.rule, credit.idle, credit.hard);
        break;
    }
  }
}

function learnAgain({ bridge, request }: Extract<Credit, { kind: 'learned-rule' }>): void {
  try {
    learnRule(bridge, request);
  } catch (error) {
    // The table has become full, or a port or a group has gone: as OVS, go on without.
    if (!(error instanceof OpenFlowError)) throw error;
  }
}

/** 0 is for ever, in either. */
function reduceTimeouts(rule: Rule, idle: number, hard: number): void {
  if (idle !== 0 && (rule.idleTimeout === 0 || rule.idleTimeout > idle)) rule.idleTimeout = idle;
  if (hard !== 0 && (rule.hardTimeout === 0 || rule.hardTimeout > hard)) rule.hardTimeout = hard;
}
