/** output:P, with the reserved ports. Mirrors xlate_output_action() of ofproto-dpif-xlate.c. */
import { OFF_IN_PORT } from '#flowtable/flow-key.js';
import {
  OFPP_ALL,
  OFPP_CONTROLLER,
  OFPP_FLOOD,
  OFPP_IN_PORT,
  OFPP_NONE,
  OFPP_NORMAL,
  OFPP_TABLE,
} from '#src/openflow/ports.js';
import { reasonForOutput } from './controller.js';
import { translateNormal } from './normal.js';
import { floodPackets, outputToPort } from './output.js';
import { searchTable } from './search.js';
import type { Translation } from './translation.js';

/** maxLen counts for the controller only. */
export function translateOutput(t: Translation, port: number, maxLen: number): void {
  t.tally.ofOneAction(() => outputTo(t, port, maxLen));
}

function outputTo(t: Translation, port: number, maxLen: number): void {
  const inPort = t.flow.u32(OFF_IN_PORT);
  switch (port) {
    case OFPP_IN_PORT:
      outputToPort(t, inPort);
      break;
    case OFPP_TABLE:
      searchTable(t, { inPort, table: 0, mayPacketIn: true, honorTableMiss: true });
      break;
    case OFPP_NORMAL:
      translateNormal(t);
      break;
    case OFPP_FLOOD:
      floodPackets(t, false);
      break;
    case OFPP_ALL:
      floodPackets(t, true);
      break;
    case OFPP_CONTROLLER:
      t.controller({ maxLen, controllerId: 0, reason: reasonForOutput(t), userdata: new Uint8Array(), pause: false });
      break;
    case OFPP_NONE:
      break;
    default:
      if (port === inPort) t.report('warn', 'skipping output to input port');
      else outputToPort(t, port, t);
      break;
  }
}
