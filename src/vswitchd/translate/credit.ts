/** Gives rules, ports, groups, mirrors and learned addresses what packets owe them. Mirrors xlate_push_stats(). */
import type { Credit } from './outcome.js';

export function giveCredit(credits: readonly Credit[], packets: number, bytes: number, usedNs: number): void {
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
        }
        break;
      case 'group':
        credit.group.credit(credit.bucket, packets, bytes);
        break;
      case 'mirror':
        credit.mirrors.credit(credit.used, packets, bytes);
        break;
      case 'learn': {
        const { bundle, mac, vlan, gratuitousArp } = credit;
        bundle.bridge.learn(mac, vlan, gratuitousArp, bundle);
        break;
      }
    }
  }
}
