/**
 * All actions: the union of their types and the index of their files (ovs-actions(7)).
 */
import type { ActionKind } from './action-kind.js';
import { type BundleAction, bundleAction } from './bundle.js';
import { type CheckPktLargerAction, checkPktLargerAction } from './check-pkt-larger.js';
import { type ConjunctionAction, conjunctionAction } from './conjunction.js';
import { type CtAction, ctAction } from './ct.js';
import { type CtClearAction, ctClearAction } from './ct-clear.js';
import { type DebugRecircAction, debugRecircAction, type DebugSlowAction, debugSlowAction } from './debug.js';
import { type DecNshTtlAction, decNshTtlAction } from './dec-nsh-ttl.js';
import { type DecapAction, decapAction } from './decap.js';
import { type DeleteFieldAction, deleteFieldAction } from './delete-field.js';
import { type EncapAction, encapAction } from './encap.js';
import { type FinTimeoutAction, finTimeoutAction } from './fin-timeout.js';
import { type GroupAction, groupAction } from './group.js';
import { type LearnAction, learnAction } from './learn.js';
import { type MeterAction, meterAction } from './meter.js';
import {
  type PushMplsAction,
  pushMplsAction,
  type PopMplsAction,
  popMplsAction,
  type DecMplsTtlAction,
  decMplsTtlAction,
} from './mpls.js';
import { type MultipathAction, multipathAction } from './multipath.js';
import { type NatAction, natAction } from './nat.js';
import { type SampleAction, sampleAction } from './sample.js';
import { type SetMplsAction, setMplsLabelAction, setMplsTcAction, setMplsTtlAction } from './set-mpls.js';
import { type ClearActionsAction, clearActionsAction } from './clear-actions.js';
import { type CloneAction, cloneAction } from './clone.js';
import { type ControllerAction, controllerAction } from './controller.js';
import { type DecTtlAction, decTtlAction } from './dec-ttl.js';
import { type EnqueueAction, enqueueAction } from './enqueue.js';
import { type ExitAction, exitAction } from './exit.js';
import { type GotoTableAction, gotoTableAction } from './goto-table.js';
import { type LoadAction, loadAction } from './load.js';
import { type ModDlAction, modDlDstAction, modDlSrcAction } from './mod-dl.js';
import { type ModNwAddressAction, modNwDstAction, modNwSrcAction } from './mod-nw-address.js';
import { type ModNwByteAction, modNwEcnAction, modNwTosAction, modNwTtlAction } from './mod-nw-byte.js';
import { type ModTpAction, modTpDstAction, modTpSrcAction } from './mod-tp.js';
import { type ModVlanPcpAction, modVlanPcpAction } from './mod-vlan-pcp.js';
import { type ModVlanVidAction, modVlanVidAction } from './mod-vlan-vid.js';
import { type MoveAction, moveAction } from './move.js';
import { type NoteAction, noteAction } from './note.js';
import { type OutputAction, outputAction } from './output.js';
import { type OutputRegAction, outputRegAction } from './output-reg.js';
import { type OutputTruncAction, outputTruncAction } from './output-trunc.js';
import { type PopQueueAction, popQueueAction } from './pop-queue.js';
import { type PushVlanAction, pushVlanAction } from './push-vlan.js';
import { type ResubmitAction, resubmitAction } from './resubmit.js';
import { type SetFieldAction, setFieldAction } from './set-field.js';
import { type SetQueueAction, setQueueAction } from './set-queue.js';
import { type SetTunnelAction, setTunnelAction } from './set-tunnel.js';
import { type PopAction, popAction, type PushAction, pushAction } from './stack.js';
import { type StripVlanAction, stripVlanAction } from './strip-vlan.js';
import { type WriteActionsAction, writeActionsAction } from './write-actions.js';
import { type WriteMetadataAction, writeMetadataAction } from './write-metadata.js';

export type { OutputAction };

export type Action =
  | OutputAction
  | OutputRegAction
  | OutputTruncAction
  | ControllerAction
  | EnqueueAction
  | SetQueueAction
  | PopQueueAction
  | ModVlanVidAction
  | ModVlanPcpAction
  | StripVlanAction
  | PushVlanAction
  | ModDlAction
  | ModNwAddressAction
  | ModNwByteAction
  | ModTpAction
  | DecTtlAction
  | SetFieldAction
  | LoadAction
  | MoveAction
  | PushAction
  | PopAction
  | SetTunnelAction
  | ResubmitAction
  | NoteAction
  | ExitAction
  | CloneAction
  | ClearActionsAction
  | WriteActionsAction
  | WriteMetadataAction
  | BundleAction
  | CheckPktLargerAction
  | ConjunctionAction
  | CtAction
  | CtClearAction
  | DebugRecircAction
  | DebugSlowAction
  | DecNshTtlAction
  | DecapAction
  | DeleteFieldAction
  | EncapAction
  | FinTimeoutAction
  | GroupAction
  | LearnAction
  | MeterAction
  | PushMplsAction
  | PopMplsAction
  | DecMplsTtlAction
  | MultipathAction
  | NatAction
  | SampleAction
  | SetMplsAction
  | GotoTableAction;

export const ACTION_KINDS: readonly ActionKind<Action>[] = [
  outputAction,
  outputRegAction,
  outputTruncAction,
  controllerAction,
  enqueueAction,
  setQueueAction,
  popQueueAction,
  modVlanVidAction,
  modVlanPcpAction,
  stripVlanAction,
  pushVlanAction,
  modDlSrcAction,
  modDlDstAction,
  modNwSrcAction,
  modNwDstAction,
  modNwTosAction,
  modNwEcnAction,
  modNwTtlAction,
  modTpSrcAction,
  modTpDstAction,
  decTtlAction,
  setFieldAction,
  loadAction,
  moveAction,
  pushAction,
  popAction,
  setTunnelAction,
  resubmitAction,
  noteAction,
  exitAction,
  cloneAction,
  clearActionsAction,
  writeActionsAction,
  writeMetadataAction,
  bundleAction,
  checkPktLargerAction,
  conjunctionAction,
  ctAction,
  ctClearAction,
  debugRecircAction,
  debugSlowAction,
  decNshTtlAction,
  decapAction,
  deleteFieldAction,
  encapAction,
  finTimeoutAction,
  groupAction,
  learnAction,
  meterAction,
  pushMplsAction,
  popMplsAction,
  decMplsTtlAction,
  multipathAction,
  natAction,
  sampleAction,
  setMplsLabelAction,
  setMplsTcAction,
  setMplsTtlAction,
  gotoTableAction,
];

const BY_KIND: ReadonlyMap<string, ActionKind<Action>> = new Map(ACTION_KINDS.map((kind) => [kind.kind, kind]));

/** The file of the action's kind. */
export function kindOf(action: Action): ActionKind<Action> {
  const kind = BY_KIND.get(action.kind);
  if (kind === undefined) throw new Error(`no action kind ${action.kind}`);
  return kind;
}
