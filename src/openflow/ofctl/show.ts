/** ovs-ofctl show SWITCH: features, ports and configuration. Mirrors ofctl_show() and ofp_print_switch_features(). */
import type { OpenFlowVersion } from '../protocol.js';
import type { OfctlCommand } from './command.js';
import { formatPortDescription, sortPorts } from '../port-format.js';

/** What a bridge of OVS says it can do, by version. */
function capabilities(version: OpenFlowVersion): string {
  const words = ['FLOW_STATS', 'TABLE_STATS', 'PORT_STATS'];
  if (version >= 11) words.push('GROUP_STATS');
  words.push('QUEUE_STATS');
  if (version <= 11) words.push('ARP_MATCH_IP');
  if (version >= 14) words.push('BUNDLES');
  return words.join(' ');
}

/** OpenFlow 1.0 lists the actions that it knows by itself. */
const ACTIONS_OF_1_0 =
  'output enqueue set_vlan_vid set_vlan_pcp strip_vlan mod_dl_src mod_dl_dst mod_nw_src mod_nw_dst mod_nw_tos ' +
  'mod_tp_src mod_tp_dst';

export const show: OfctlCommand = {
  name: 'show',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const features = connection.features();
    const head = invocation.header('OFPT_FEATURES_REPLY', version, invocation.nextXid());
    invocation.print(`${head} dpid:${features.datapathId.toString(16).padStart(16, '0')}\n`);
    invocation.print(`n_tables:${features.tableCount}, n_buffers:${features.bufferCount}\n`);
    invocation.print(`capabilities: ${capabilities(version)}\n`);
    if (version === 10) invocation.print(`actions: ${ACTIONS_OF_1_0}\n`);
    // From 1.3 on the ports are a message of their own.
    if (version >= 13) {
      invocation.print(`${invocation.header('OFPST_PORT_DESC reply', version, invocation.nextXid())}\n`);
    }
    for (const port of sortPorts(connection.portDescriptions())) invocation.print(formatPortDescription(port, version));
    invocation.open(name);
    const config = invocation.header('OFPT_GET_CONFIG_REPLY', version, invocation.nextXid());
    invocation.print(`${config} frags=normal miss_send_len=0\n`);
  },
};
