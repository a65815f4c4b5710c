/**
 * From the actions of a flow to the program that runs. An action that no packet could ever have is refused with an
 * error that names it: userspace made a mistake, as the kernel's ovs_nla_copy_actions() would say with EINVAL.
 */
import type { DpAction } from '../dpif.js';
import { compileAddMpls } from './add-mpls.js';
import { compileCheckPktLen } from './check-pkt-len.js';
import { compileClone, compileSample } from './clone.js';
import { compileCt } from './ct.js';
import { compileCtClear } from './ct-clear.js';
import { compileDrop } from './drop.js';
import { compileHash } from './hash.js';
import { compileLbOutput } from './lb-output.js';
import { compileMeter } from './meter.js';
import { compileOutput } from './output.js';
import { compilePopEth } from './pop-eth.js';
import { compilePopMpls } from './pop-mpls.js';
import { compilePopNsh } from './pop-nsh.js';
import { compilePopVlan } from './pop-vlan.js';
import { type ActionProgram, MAX_NESTED_ACTIONS, ProgramBuilder } from './program.js';
import { compilePushEth } from './push-eth.js';
import { compilePushMpls } from './push-mpls.js';
import { compilePushNsh } from './push-nsh.js';
import { compilePushVlan } from './push-vlan.js';
import { compileRecirc } from './recirc.js';
import { compileSet } from './set.js';
import { compileTunnelPop } from './tnl-pop.js';
import { compileTunnelPush } from './tnl-push.js';
import { compileTrunc } from './trunc.js';
import { compileUserspace } from './userspace.js';

export function compileActions(actions: readonly DpAction[], depth = 0): ActionProgram {
  if (depth > MAX_NESTED_ACTIONS) throw new Error(`actions within actions, more than ${MAX_NESTED_ACTIONS} deep`);
  const builder = new ProgramBuilder((nested) => compileActions(nested, depth + 1));
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
      compileTrunc(action, builder);
      return;
    case 'clone':
      compileClone(action, builder);
      return;
    case 'sample':
      compileSample(action, builder);
      return;
    case 'hash':
      compileHash(action, builder);
      return;
    case 'check_pkt_len':
      compileCheckPktLen(action, builder);
      return;
    case 'push_mpls':
      compilePushMpls(action, builder);
      return;
    case 'pop_mpls':
      compilePopMpls(action, builder);
      return;
    case 'add_mpls':
      compileAddMpls(action, builder);
      return;
    case 'push_eth':
      compilePushEth(action, builder);
      return;
    case 'pop_eth':
      compilePopEth(builder);
      return;
    case 'push_nsh':
      compilePushNsh(action, builder);
      return;
    case 'pop_nsh':
      compilePopNsh(builder);
      return;
    case 'meter':
      compileMeter(action, builder);
      return;
    case 'ct':
      compileCt(action, builder);
      return;
    case 'ct_clear':
      compileCtClear(builder);
      return;
    case 'tnl_push':
      compileTunnelPush(action, builder);
      return;
    case 'tnl_pop':
      compileTunnelPop(action, builder);
      return;
    case 'lb_output':
      compileLbOutput(action, builder);
      return;
    default: {
      const unknown: never = action;
      throw new Error(`no such action: ${JSON.stringify(unknown)}`);
    }
  }
}
