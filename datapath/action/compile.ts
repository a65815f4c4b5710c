/**
 * From the actions of a flow to the program that runs. An action that no packet could ever have is refused with an
 * error that names it: userspace made a mistake, as the kernel's ovs_nla_copy_actions() would say with EINVAL.
 */
import type { DpAction } from '../dpif.js';
import { compileDrop } from './drop.js';
import { compileOutput } from './output.js';
import { compilePopVlan } from './pop-vlan.js';
import { type ActionProgram, ProgramBuilder } from './program.js';
import { compilePushVlan } from './push-vlan.js';
import { compileRecirc } from './recirc.js';
import { compileSet } from './set.js';
import { compileUserspace } from './userspace.js';

export function compileActions(actions: readonly DpAction[]): ActionProgram {
  const builder = new ProgramBuilder();
  for (const action of actions) compileAction(action, builder);
  return builder.finish();
}

function compileAction(action: DpAction, builder: ProgramBuilder): void {
  switch (action.kind) {
    case 'output':
      compileOutput(action, builder);
      return;
    case 'userspace':
      compileUserspace(action, builder);
      return;
    case 'set':
      compileSet(action, builder);
      return;
    case 'push_vlan':
      compilePushVlan(action, builder);
      return;
    case 'pop_vlan':
      compilePopVlan(builder);
      return;
    case 'recirc':
      compileRecirc(action, builder);
      return;
    case 'drop':
      compileDrop(action, builder);
      return;
    case 'trunc':
    case 'clone':
    case 'sample':
    case 'hash':
    case 'check_pkt_len':
    case 'push_mpls':
    case 'pop_mpls':
    case 'meter':
    case 'ct':
    case 'ct_clear':
    case 'tnl_push':
    case 'tnl_pop':
      throw new Error(`the datapath cannot do ${action.kind} yet`);
    default: {
      const unknown: never = action;
      throw new Error(`no such action: ${JSON.stringify(unknown)}`);
    }
  }
}
