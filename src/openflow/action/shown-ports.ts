/** Which port names an action's text shows: those of the bridge, or none but the reserved ones. */
import { NO_PORT_NAMES, type PortNames } from '../ports.js';
import type { ActionFormatContext } from './action-kind.js';

export function shownPorts(context: ActionFormatContext): PortNames {
  return context.names ? context.ports : NO_PORT_NAMES;
}
