/** Which names of ports and tables a text shows: those of the switch, or none but the reserved ports'. */
import { NO_PORT_NAMES, type PortNames } from '../ports.js';

export function shownPorts(options: { readonly ports: PortNames; readonly names?: boolean }): PortNames {
  return options.names ? options.ports : NO_PORT_NAMES;
}
