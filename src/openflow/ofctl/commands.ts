/** The index of ovs-ofctl's commands, and the names of those that Upcall does not have. */
import { addFlow } from './add-flow.js';
import { addFlows } from './add-flows.js';
import { bundle } from './bundle.js';
import { addGroup, addGroups, delGroups, insertBuckets, modGroup, removeBuckets } from './change-groups.js';
import type { OfctlCommand } from './command.js';
import { ctFlush } from './ct-flush.js';
import { delFlows } from './del-flows.js';
import { diffFlows } from './diff-flows.js';
import { dumpAggregate } from './dump-aggregate.js';
import { dumpFlows } from './dump-flows.js';
import { dumpGroupFeatures, dumpGroups, dumpGroupStats } from './dump-groups.js';
import { dumpPorts } from './dump-ports.js';
import { dumpPortsDesc } from './dump-ports-desc.js';
import { benchmark, ping } from './echo.js';
import { addMeter, delMeter, delMeters, dumpMeter, dumpMeters, meterFeatures, meterStats, modMeter } from './meters.js';
import { modFlows } from './mod-flows.js';
import { modPort } from './mod-port.js';
import { monitor } from './monitor.js';
import { encodeErrorReply } from './encode-error-reply.js';
import { encodeHello } from './encode-hello.js';
import { printError } from './print-error.js';
import { ofpPrint } from './ofp-print.js';
import { packetOut } from './packet-out.js';
import { checkVlan } from './check-vlan.js';
import { parseActions, parseInstructions } from './parse-actions.js';
import { parseFlow, parseFlows } from './parse-flow.js';
import { parseGroup } from './parse-group.js';
import { parseKeyValue } from './parse-key-value.js';
import { parseNxMatch, parseNxm, parseOxm } from './parse-nx-match.js';
import { parseOfp10Match } from './parse-ofp10-match.js';
import { parseOfp11Match } from './parse-ofp11-match.js';
import { parsePcap } from './parse-pcap.js';
import { probe } from './probe.js';
import { queueGetConfig } from './queue-get-config.js';
import { queueStats } from './queue-stats.js';
import { replaceFlows } from './replace-flows.js';
import { show } from './show.js';
import { snoop } from './snoop.js';
import { dumpIpfixBridge, dumpIpfixFlow } from './dump-ipfix.js';
import { ctFlushZone, dumpDesc, getFrags, setFrags } from './switch-settings.js';
import { dumpTableDesc, dumpTableFeatures, dumpTables, modTable } from './tables.js';
import { addTlvMap, delTlvMap, dumpTlvMap } from './tlv-map.js';

export const OFCTL_COMMANDS: readonly OfctlCommand[] = [
  show,
  monitor,
  snoop,
  dumpTableFeatures,
  queueGetConfig,
  diffFlows,
  ping,
  benchmark,
  parseKeyValue,
  parsePcap,
  ofpPrint,
  printError,
  encodeErrorReply,
  encodeHello,
  dumpFlows,
  dumpAggregate,
  addFlow,
  addFlows,
  modFlows,
  delFlows,
  replaceFlows,
  packetOut,
  dumpPorts,
  dumpPortsDesc,
  modPort,
  getFrags,
  probe,
  parseFlow,
  parseFlows,
  parseActions,
  parseInstructions,
  addGroup,
  addGroups,
  modGroup,
  delGroups,
  insertBuckets,
  removeBuckets,
  dumpGroups,
  dumpGroupStats,
  dumpGroupFeatures,
  parseGroup,
  addMeter,
  modMeter,
  delMeter,
  delMeters,
  dumpMeter,
  dumpMeters,
  meterStats,
  meterFeatures,
  dumpDesc,
  dumpTables,
  dumpTableDesc,
  modTable,
  setFrags,
  queueStats,
  ctFlushZone,
  ctFlush,
  dumpIpfixBridge,
  dumpIpfixFlow,
  bundle,
  addTlvMap,
  delTlvMap,
  dumpTlvMap,
  parseNxMatch,
  parseNxm,
  parseOxm,
  parseOfp10Match,
  parseOfp11Match,
  checkVlan,
];

export const ABSENT_COMMANDS: ReadonlySet<string> = new Set(
  'ofp-parse ofp-parse-pcap compose-packet parse-packet'.split(' '),
);
