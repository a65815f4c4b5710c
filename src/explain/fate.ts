/**
 * What becomes of a packet, read off the datapath actions of its translation: by which ports it leaves, whether
 * somebody else gets it, or that nobody does. A copy that comes back (recirculation) has a fate of its own.
 */
import type { DpAction, Dpif } from '#datapath/dpif.js';

export interface Fate {
  /**
   * delivered: a port gets it. to-controller: only a controller does. recirculated: a copy comes back to the datapath,
   * and its further way depends on what is not known here (a hash, headers under a label). dropped: nobody gets it.
   */
  readonly kind: 'delivered' | 'to-controller' | 'recirculated' | 'dropped';
  /** Names of the datapath's ports, in the order of the outputs. */
  readonly ports: readonly string[];
  readonly toController: boolean;
}

/** followed: recirculations whose copies have fates of their own. */
export function fateOf(actions: readonly DpAction[], dpif: Dpif, followed: ReadonlySet<number>): Fate {
  const ports: string[] = [];
  let toController = false;
  let comesBack = false;
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
        case 'tnl_pop':
          comesBack = true;
          break;
        case 'recirc':
          comesBack ||= !followed.has(action.id);
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
  return { kind: kindOf(ports.length > 0, comesBack, toController), ports, toController };
}

/** What several copies of a packet come to together. */
export function fateOfAll(fates: readonly Fate[]): Fate {
  const ports = fates.flatMap((fate) => fate.ports);
  const toController = fates.some((fate) => fate.toController);
  const comesBack = fates.some(({ kind }) => kind === 'recirculated');
  return { kind: kindOf(ports.length > 0, comesBack, toController), ports, toController };
}

function kindOf(isDelivered: boolean, comesBack: boolean, toController: boolean): Fate['kind'] {
  if (isDelivered) return 'delivered';
  if (comesBack) return 'recirculated';
  return toController ? 'to-controller' : 'dropped';
}
