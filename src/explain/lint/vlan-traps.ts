/**
 * What goes wrong with VLANs again and again: matches that no frame has, tags that rules do not see because only NORMAL
 * puts them on, and ports whose VLAN setting an explicit output does not heed (ovs-vswitchd.conf.db(5), Port:tag).
 */
import { OFF_IN_PORT, OFF_VLAN_TCI, VLAN_CFI, VLAN_VID_MASK } from '#flowtable/flow-key.js';
import type { Action } from '#src/openflow/action/action.js';
import { formatAction } from '#src/openflow/action/action-list.js';
import type { SwitchPort } from '#src/vswitchd/bundle.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { filledTables, type Finding, type LintSubject, rulesOf } from './finding.js';
import { Knowledge } from './knowledge.js';

export function findVlanTraps(subject: LintSubject): readonly Finding[] {
  const { bridge } = subject;
  return filledTables(bridge).flatMap((table) =>
    rulesOf(bridge, table).flatMap((rule) => {
      const trap = matchTrap(subject, rule);
      return trap === null ? actionTraps(subject, rule) : [trap];
    }),
  );
}

const trap = (rule: Rule, why: string, advice: string): Finding => ({
  check: 'vlan-trap',
  table: rule.tableId,
  rule,
  why,
  advice,
});

function matchTrap({ bridge }: LintSubject, rule: Rule): Finding | null {
  const { key, mask } = rule.match;
  const tci = key.u16(OFF_VLAN_TCI);
  const bits = mask.u16(OFF_VLAN_TCI);
  const vid = tci & VLAN_VID_MASK;
  if ((bits & VLAN_CFI) !== 0 && (tci & VLAN_CFI) === 0 && (tci & ~VLAN_CFI) !== 0) {
    return trap(
      rule,
      'it matches a VLAN without the bit that says that there is a tag (0x1000): no frame has that',
      vid === 0
        ? 'write vlan_tci with 0x1000 added'
        : `write dl_vlan=${vid}, or vlan_vid=0x${(vid | VLAN_CFI).toString(16)}`,
    );
  }
  const isTagged = (bits & VLAN_CFI) !== 0 && (tci & VLAN_CFI) !== 0;
  if (isTagged && (bits & VLAN_VID_MASK) === VLAN_VID_MASK && vid === 0) {
    return trap(
      rule,
      'VLAN 0 is a tag with a priority only: untagged frames do not match',
      'for untagged frames write vlan_tci=0',
    );
  }
  if (!isTagged || mask.u32(OFF_IN_PORT) === 0) return null;
  const port = bridge.ports.get(key.u32(OFF_IN_PORT));
  if (!isAccess(port)) return null;
  return trap(
    rule,
    `${port!.name} is an access port of VLAN ${port!.bundle!.vlan}: its frames come without a tag, and only NORMAL puts one on`,
    'match untagged frames of the port (vlan_tci=0), or its in_port alone',
  );
}

const isAccess = (port: SwitchPort | undefined): boolean =>
  port?.bundle?.vlanMode === 'access' && port.bundle.vlan !== 0;

function actionTraps({ bridge, vlanLimit }: LintSubject, rule: Rule): readonly Finding[] {
  const findings: Finding[] = [];
  const text = (action: Action): string => formatAction(action, { ports: bridge.portNames, names: true });
  const knowledge = new Knowledge(bridge, rule, vlanLimit);
  for (const action of rule.actions) {
    const { key, mask } = knowledge.match;
    const tci = key.u16(OFF_VLAN_TCI);
    const knowsTag = (mask.u16(OFF_VLAN_TCI) & VLAN_CFI) !== 0;
    const isTagged = knowsTag && (tci & VLAN_CFI) !== 0;
    if (action.kind === 'output') {
      const port = bridge.ports.get(action.port);
      const knowsVid = (mask.u16(OFF_VLAN_TCI) & VLAN_VID_MASK) === VLAN_VID_MASK;
      if (isTagged && isAccess(port)) {
        findings.push(
          trap(
            rule,
            `${text(action)} sends frames with their tag${knowsVid ? ` of VLAN ${tci & VLAN_VID_MASK}` : ''} to ${port!.name}, an access port: its tag=${port!.bundle!.vlan} is for NORMAL only`,
            'strip_vlan before the output, or let NORMAL send it',
          ),
        );
      } else if (isTagged && knowsVid && (tci & VLAN_VID_MASK) === 0) {
        findings.push(
          trap(
            rule,
            `${text(action)} sends a tag of VLAN 0`,
            'set the VLAN after push_vlan: set_field:4106->vlan_vid is VLAN 10',
          ),
        );
      }
    }
    if (action.kind === 'strip_vlan' && knowsTag && !isTagged) {
      findings.push(
        trap(rule, `${text(action)} finds no tag: the frame is untagged there`, 'remove it, or match tagged frames'),
      );
    }
    if (
      action.kind === 'set_field' &&
      action.field.name === 'vlan_vid' &&
      (action.value & 0x1000n) === 0n &&
      (action.mask & 0x1000n) !== 0n
    ) {
      findings.push(
        trap(
          rule,
          `${text(action)} lacks the bit that says that there is a tag (0x1000): it takes the tag away`,
          `write set_field:${Number(action.value & 0xfffn) + 0x1000}->vlan_vid`,
        ),
      );
    }
    knowledge.apply(action);
  }
  return findings;
}
