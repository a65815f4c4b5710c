/** Rules that name ports which the bridge does not have. Only where the ports are known: a script made them. */
import { OFF_IN_PORT } from '#flowtable/flow-key.js';
import { filledTables, type Finding, type LintSubject, rulesOf } from './finding.js';

const FIRST_RESERVED = 0xff00;

export function findMissingPorts({ bridge, portsAreKnown }: LintSubject): readonly Finding[] {
  if (!portsAreKnown) return [];
  const isMissing = (port: number): boolean => port < FIRST_RESERVED && !bridge.ports.has(port);
  return filledTables(bridge).flatMap((table) =>
    rulesOf(bridge, table).flatMap((rule): readonly Finding[] => {
      const findings: Finding[] = [];
      const inPort = rule.match.key.u32(OFF_IN_PORT);
      if (rule.match.mask.u32(OFF_IN_PORT) !== 0 && isMissing(inPort)) {
        findings.push({
          check: 'no-such-port',
          table,
          rule,
          why: `${bridge.name} has no port ${inPort}, so no packet comes in by it`,
          advice: 'correct the number: ovs-ofctl show lists the ports',
        });
      }
      for (const action of rule.actions) {
        if (action.kind !== 'output' || !isMissing(action.port)) continue;
        findings.push({
          check: 'no-such-port',
          table,
          rule,
          why: `${bridge.name} has no port ${action.port}, so output:${action.port} sends nothing`,
          advice: 'correct the number: ovs-ofctl show lists the ports',
        });
      }
      return findings;
    }),
  );
}
