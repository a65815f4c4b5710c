/**
 * What becomes of a packet, read off the datapath actions of its translation: by which ports it leaves, whether
 * somebody else gets it, or that nobody does. A copy that comes back (recirculation) has a fate of its own.
 */
import type { DpAction, Dpif } from '#datapath/dpif.js';

export interface Fate {
  /** delivered: a port gets it. to-controller: only a controller does. dropped: nobody gets it. */
  readonly kind: 'delivered' | 'to-controller' | 'dropped';
  /** Names of the datapath's ports, in the order of the outputs. */
  readonly ports: readonly string[];
  readonly toController: boolean;
}

export function fateOf(actions: readonly DpAction[], dpif: Dpif): Fate {
  const ports: string[] = [];
  let toController = false;
  const nameOf = (port: number): string => dpif.portGet(port)?.name ?? `port ${port}`;
  const walk = (list: readonly DpAction[]): void => {
    for (const action of list) {
      switch (action.kind) {
        case 'output':
          ports.push(nameOf(action.port));
          break;
        case 'tnl_push':
          ports.push(nameOf(action.port));
          break;
        case 'userspace':
          toController ||= action.cookie.kind === 'controller';
          break;
        case 'clone':
        case 'sample':
          walk(action.actions);
          break;
        case 'check_pkt_len':
          walk(action.greater);
          walk(action.lessOrEqual);
          break;
        default:
          break;
      }
    }
  };
  walk(actions);
  const kind = ports.length > 0 ? 'delivered' : toController ? 'to-controller' : 'dropped';
  return { kind, ports, toController };
}
