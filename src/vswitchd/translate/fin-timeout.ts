/** fin_timeout: a rule has less time to live once a TCP connection ends. Mirrors xlate_fin_timeout(). */
import { OFF_TCP_FLAGS } from '#flowtable/flow-key.js';
import { giveCredit } from './credit.js';
import type { Credit } from './outcome.js';
import type { Translation } from './translation.js';

export function translateFinTimeout(t: Translation, idle: number, hard: number): void {
  if (t.rule === null) return;
  const credit: Credit = { kind: 'fin-timeout', rule: t.rule, idle, hard };
  t.credits.push(credit);
  // A trace may have side effects, and gives no credit.
  if (!t.input.allowSideEffects) return;
  giveCredit([credit], { packets: 0, bytes: 0, usedNs: 0, tcpFlags: t.input.flow.u16(OFF_TCP_FLAGS) });
}
