/**
 * All actions: the union of their types and the index of their files (ovs-actions(7)).
 */
import type { ActionKind } from './action-kind.js';
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
  gotoTableAction,
];

const BY_KIND: ReadonlyMap<string, ActionKind<Action>> = new Map(ACTION_KINDS.map((kind) => [kind.kind, kind]));

/** The file of the action's kind. */
export function kindOf(action: Action): ActionKind<Action> {
  const kind = BY_KIND.get(action.kind);
  if (kind === undefined) throw new Error(`no action kind ${action.kind}`);
  return kind;
}
