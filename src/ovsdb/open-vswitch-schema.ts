/**
 * The Open_vSwitch database: which tables and columns configure a switch, and what they may hold. States the facts of
 * ovs-vswitchd.conf.db(5), schema version 8.3.1 (Open vSwitch 3.1), in the types of schema.ts.
 */
import type { BaseType, ColumnSchema, ColumnType, DatabaseSchema, TableSchema } from './schema.js';
import { UNLIMITED } from './schema.js';

const string: BaseType = { type: 'string' };
const integer: BaseType = { type: 'integer' };
const boolean: BaseType = { type: 'boolean' };
const atLeast = (minInteger: number): BaseType => ({ type: 'integer', minInteger });
const between = (minInteger: number, maxInteger: number): BaseType => ({ type: 'integer', minInteger, maxInteger });
const oneOf = (...values: readonly string[]): BaseType => ({ type: 'string', enum: [...values].sort() });
const ref = (refTable: string): BaseType => ({ type: 'uuid', refTable, refType: 'strong' });
const weakRef = (refTable: string): BaseType => ({ type: 'uuid', refTable, refType: 'weak' });

const vlan = between(0, 4095);
const uint32 = between(0, 0xffff_ffff);

const scalar = (key: BaseType): ColumnType => ({ key, value: null, min: 1, max: 1 });
const optional = (key: BaseType): ColumnType => ({ key, value: null, min: 0, max: 1 });
const set = (key: BaseType, min: 0 | 1 = 0, max = UNLIMITED): ColumnType => ({ key, value: null, min, max });
const map = (key: BaseType, value: BaseType): ColumnType => ({ key, value, min: 0, max: UNLIMITED });
const strings = map(string, string);
const counters = map(string, integer);

/** A column that the switch reports and that need not outlive the server. */
interface Marked {
  readonly type: ColumnType;
  readonly mutable?: false;
  readonly ephemeral?: true;
}
const report = (type: ColumnType): Marked => ({ type, ephemeral: true });
const fixed = (type: ColumnType): Marked => ({ type, mutable: false });

function table(
  name: string,
  columns: Readonly<Record<string, ColumnType | Marked>>,
  options: { isRoot?: true; maxRows?: number; indexes?: readonly (readonly string[])[] } = {},
): TableSchema {
  const byName = new Map<string, ColumnSchema>();
  for (const [column, declared] of Object.entries(columns)) {
    const marked: Marked = 'type' in declared ? declared : { type: declared };
    byName.set(column, {
      name: column,
      type: marked.type,
      mutable: marked.mutable ?? true,
      ephemeral: marked.ephemeral ?? false,
    });
  }
  return {
    name,
    columns: byName,
    isRoot: options.isRoot ?? false,
    maxRows: options.maxRows ?? UNLIMITED,
    indexes: options.indexes ?? [],
  };
}

const tables: readonly TableSchema[] = [
  table(
    'Open_vSwitch',
    {
      datapaths: map(string, ref('Datapath')),
      bridges: set(ref('Bridge')),
      manager_options: set(ref('Manager')),
      ssl: optional(ref('SSL')),
      other_config: strings,
      external_ids: strings,
      next_cfg: scalar(integer),
      cur_cfg: scalar(integer),
      statistics: report(strings),
      ovs_version: optional(string),
      db_version: optional(string),
      system_type: optional(string),
      system_version: optional(string),
      datapath_types: set(string),
      iface_types: set(string),
      dpdk_initialized: scalar(boolean),
      dpdk_version: optional(string),
    },
    { isRoot: true, maxRows: 1 },
  ),
  table(
    'Bridge',
    {
      name: fixed(scalar(string)),
      datapath_type: scalar(string),
      datapath_version: scalar(string),
      datapath_id: report(optional(string)),
      stp_enable: scalar(boolean),
      rstp_enable: scalar(boolean),
      mcast_snooping_enable: scalar(boolean),
      ports: set(ref('Port')),
      mirrors: set(ref('Mirror')),
      netflow: optional(ref('NetFlow')),
      sflow: optional(ref('sFlow')),
      ipfix: optional(ref('IPFIX')),
      controller: set(ref('Controller')),
      protocols: set(oneOf('OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15')),
      fail_mode: optional(oneOf('standalone', 'secure')),
      status: report(strings),
      rstp_status: report(strings),
      other_config: strings,
      external_ids: strings,
      flood_vlans: set(vlan, 0, 4096),
      flow_tables: map(between(0, 254), ref('Flow_Table')),
      auto_attach: optional(ref('AutoAttach')),
    },
    { indexes: [['name']] },
  ),
  table(
    'Port',
    {
      name: fixed(scalar(string)),
      interfaces: set(ref('Interface'), 1),
      trunks: set(vlan, 0, 4096),
      cvlans: set(vlan, 0, 4096),
      tag: optional(vlan),
      vlan_mode: optional(oneOf('trunk', 'access', 'native-tagged', 'native-untagged', 'dot1q-tunnel')),
      qos: optional(ref('QoS')),
      mac: optional(string),
      bond_mode: optional(oneOf('balance-tcp', 'balance-slb', 'active-backup')),
      lacp: optional(oneOf('active', 'passive', 'off')),
      bond_updelay: scalar(integer),
      bond_downdelay: scalar(integer),
      bond_active_slave: optional(string),
      bond_fake_iface: scalar(boolean),
      fake_bridge: scalar(boolean),
      status: report(strings),
      rstp_status: report(strings),
      rstp_statistics: report(counters),
      statistics: report(counters),
      protected: scalar(boolean),
      other_config: strings,
      external_ids: strings,
    },
    { indexes: [['name']] },
  ),
  table(
    'Interface',
    {
      name: fixed(scalar(string)),
      type: scalar(string),
      options: strings,
      ingress_policing_rate: scalar(atLeast(0)),
      ingress_policing_burst: scalar(atLeast(0)),
      ingress_policing_kpkts_rate: scalar(atLeast(0)),
      ingress_policing_kpkts_burst: scalar(atLeast(0)),
      mac_in_use: report(optional(string)),
      mac: optional(string),
      ifindex: report(optional(uint32)),
      external_ids: strings,
      ofport: optional(integer),
      ofport_request: optional(between(1, 65279)),
      bfd: strings,
      bfd_status: report(strings),
      cfm_mpid: optional(integer),
      cfm_remote_mpids: report(set(integer)),
      cfm_flap_count: optional(integer),
      cfm_fault: report(optional(boolean)),
      cfm_fault_status: report(set(string)),
      cfm_remote_opstate: report(optional(oneOf('up', 'down'))),
      cfm_health: report(optional(between(0, 100))),
      lacp_current: report(optional(boolean)),
      lldp: strings,
      other_config: strings,
      statistics: report(counters),
      status: report(strings),
      admin_state: report(optional(oneOf('up', 'down'))),
      link_state: report(optional(oneOf('up', 'down'))),
      link_resets: report(optional(integer)),
      link_speed: report(optional(integer)),
      duplex: report(optional(oneOf('half', 'full'))),
      mtu: report(optional(integer)),
      mtu_request: optional(atLeast(1)),
      error: optional(string),
    },
    { indexes: [['name']] },
  ),
  table('Flow_Table', {
    name: optional(string),
    flow_limit: optional(atLeast(0)),
    overflow_policy: optional(oneOf('refuse', 'evict')),
    groups: set(string),
    prefixes: set(string, 0, 3),
    external_ids: strings,
  }),
  table(
    'QoS',
    {
      type: scalar(string),
      queues: map(uint32, ref('Queue')),
      other_config: strings,
      external_ids: strings,
    },
    { isRoot: true },
  ),
  table(
    'Queue',
    {
      dscp: optional(between(0, 63)),
      other_config: strings,
      external_ids: strings,
    },
    { isRoot: true },
  ),
  table('Mirror', {
    name: scalar(string),
    select_all: scalar(boolean),
    select_src_port: set(weakRef('Port')),
    select_dst_port: set(weakRef('Port')),
    select_vlan: set(vlan, 0, 4096),
    output_port: optional(weakRef('Port')),
    output_vlan: optional(between(1, 4095)),
    snaplen: optional(between(14, 65535)),
    statistics: report(counters),
    external_ids: strings,
  }),
  table('NetFlow', {
    targets: set(string, 1),
    engine_type: optional(between(0, 255)),
    engine_id: optional(between(0, 255)),
    add_id_to_interface: scalar(boolean),
    active_timeout: scalar(atLeast(-1)),
    external_ids: strings,
  }),
  table('sFlow', {
    targets: set(string, 1),
    sampling: optional(integer),
    polling: optional(integer),
    header: optional(integer),
    agent: optional(string),
    external_ids: strings,
  }),
  table('IPFIX', {
    targets: set(string),
    sampling: optional(between(1, 0xffff_ffff)),
    obs_domain_id: optional(uint32),
    obs_point_id: optional(uint32),
    cache_active_timeout: optional(between(0, 4200)),
    cache_max_flows: optional(uint32),
    other_config: strings,
    external_ids: strings,
  }),
  table(
    'Flow_Sample_Collector_Set',
    {
      id: scalar(uint32),
      bridge: scalar(ref('Bridge')),
      ipfix: optional(ref('IPFIX')),
      external_ids: strings,
    },
    { isRoot: true, indexes: [['id', 'bridge']] },
  ),
  table('Controller', {
    type: optional(oneOf('primary', 'service')),
    target: scalar(string),
    max_backoff: optional(atLeast(1000)),
    inactivity_probe: optional(integer),
    connection_mode: optional(oneOf('in-band', 'out-of-band')),
    local_ip: optional(string),
    local_netmask: optional(string),
    local_gateway: optional(string),
    enable_async_messages: optional(boolean),
    controller_queue_size: optional(between(1, 512)),
    controller_rate_limit: optional(atLeast(100)),
    controller_burst_limit: optional(atLeast(25)),
    other_config: strings,
    external_ids: strings,
    is_connected: report(scalar(boolean)),
    role: report(optional(oneOf('other', 'master', 'slave'))),
    status: report(strings),
  }),
  table(
    'Manager',
    {
      target: scalar(string),
      max_backoff: optional(atLeast(1000)),
      inactivity_probe: optional(integer),
      connection_mode: optional(oneOf('in-band', 'out-of-band')),
      other_config: strings,
      external_ids: strings,
      is_connected: report(scalar(boolean)),
      status: report(strings),
    },
    { indexes: [['target']] },
  ),
  table('Datapath', {
    datapath_version: scalar(string),
    ct_zones: map(between(0, 65535), ref('CT_Zone')),
    capabilities: strings,
    external_ids: strings,
  }),
  table('CT_Zone', {
    timeout_policy: optional(ref('CT_Timeout_Policy')),
    external_ids: strings,
  }),
  table('CT_Timeout_Policy', {
    timeouts: map(
      oneOf(
        'tcp_syn_sent',
        'tcp_syn_recv',
        'tcp_established',
        'tcp_fin_wait',
        'tcp_close_wait',
        'tcp_last_ack',
        'tcp_time_wait',
        'tcp_close',
        'tcp_syn_sent2',
        'tcp_retransmit',
        'tcp_unack',
        'udp_first',
        'udp_single',
        'udp_multiple',
        'icmp_first',
        'icmp_reply',
      ),
      uint32,
    ),
    external_ids: strings,
  }),
  table(
    'SSL',
    {
      private_key: scalar(string),
      certificate: scalar(string),
      ca_cert: scalar(string),
      bootstrap_ca_cert: scalar(boolean),
      external_ids: strings,
    },
    { maxRows: 1 },
  ),
  table('AutoAttach', {
    system_name: scalar(string),
    system_description: scalar(string),
    mappings: map(between(0, 0xff_ffff), vlan),
  }),
];

export const openVSwitchSchema: DatabaseSchema = {
  name: 'Open_vSwitch',
  version: '8.3.1',
  tables: new Map(tables.map((schema) => [schema.name, schema])),
};
