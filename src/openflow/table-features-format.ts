/**
 * What tables can do, as dump-table-features tells it. Mirrors ofputil_table_features_format() (lib/ofp-table.c) of what
 * ofproto says of its tables: the same of all, but that the last cannot go to another.
 */
import type { OpenFlowVersion } from './protocol.js';
import { ACTIONS_12 } from './table-format.js';
import type { TableStatsEntry } from './table-mod.js';

const SETTING =
  'tun_{id,src,dst,ipv6_{src,dst},flags,gbp_{id,flags},erspan_{idx,ver,dir,hwid},metadata0...metadata63} ' +
  'metadata in_{port,port_oxm} pkt_mark ct_{mark,label} reg0...reg15 xreg0...xreg7 xxreg0...xxreg3 ' +
  'eth_{src,dst} vlan_{tci,vid,pcp} mpls_{label,tc,ttl} ip_{src,dst} ipv6_{src,dst,label} nw_tos ip_dscp ' +
  'nw_{ecn,ttl} arp_{op,spa,tpa,sha,tha} tcp_{src,dst} udp_{src,dst} sctp_{src,dst} icmp_{type,code} ' +
  'icmpv6_{type,code} nd_{target,sll,tll,reserved,options_type} nsh_{flags,spi,si,c1...c4,ttl}';
const MASKED =
  'dp_hash ' +
  'tun_{id,src,dst,ipv6_{src,dst},flags,gbp_{id,flags},erspan_{idx,ver,dir,hwid},gtpu_{flags,msgtype},metadata0...metadata63} ' +
  'metadata pkt_mark ct_{state,mark,label,nw_{src,dst},ipv6_{src,dst},tp_{src,dst}} reg0...reg15 xreg0...xreg7 ' +
  'xxreg0...xxreg3 eth_{src,dst} vlan_{tci,vid} ip_{src,dst} ipv6_{src,dst,label} ip_frag arp_{spa,tpa,sha,tha} ' +
  'tcp_{src,dst,flags} udp_{src,dst} sctp_{src,dst} nd_{target,sll,tll} nsh_{flags,c1...c4}';
const EXACT =
  'recirc_id packet_type conj_id in_{port,port_oxm} actset_output ct_{zone,nw_proto} eth_type vlan_pcp ' +
  'mpls_{label,tc,bos,ttl} nw_{proto,tos} ip_dscp nw_{ecn,ttl} arp_op icmp_{type,code} icmpv6_{type,code} ' +
  'nd_{reserved,options_type} nsh_{mdtype,np,spi,si,ttl}';
/** OpenFlow 1.5 has made an action of the instruction that meters. */
const instructionsOf = (version: OpenFlowVersion): string =>
  `${version < 15 ? 'meter ' : ''}apply_actions clear_actions write_actions write_metadata`;

function featureLines(
  table: TableStatsEntry,
  version: OpenFlowVersion,
  isLast: boolean,
  before: 'none' | 'same' | 'other',
): readonly string[] {
  const lines = ['    metadata: match=0xffffffffffffffff write=0xffffffffffffffff'];
  if (version >= 14) lines.push('    eviction: not supported', '    vacancy events: not supported');
  lines.push(`    max_entries=${table.maxEntries}`);
  if (before === 'same') lines.push('    (same instructions)');
  else {
    lines.push('    instructions (table miss and others):');
    if (!isLast) lines.push(`      next tables: ${table.tableId + 1}-253`);
    lines.push(`      instructions: ${instructionsOf(version)}${isLast ? '' : ' goto_table'}`);
    if (before === 'other') lines.push('      (same actions)');
    else {
      lines.push(
        '      Write-Actions and Apply-Actions features:',
        `        actions: ${ACTIONS_12}`,
        `        supported on Set-Field: ${SETTING}`,
      );
    }
  }
  if (before !== 'none') return [...lines, '    (same matching)'];
  return [...lines, '    matching:', `      arbitrary mask: ${MASKED}`, `      exact match or wildcard: ${EXACT}`];
}

/** All tables, as one text. Tables that equal the one before them are a line. */
export function formatTableFeatures(tables: readonly TableStatsEntry[], version: OpenFlowVersion): string {
  let text = '';
  let dittos: readonly number[] = [];
  const finish = (): void => {
    const [first] = dittos;
    const last = dittos.at(-1);
    if (first !== undefined)
      text += first === last ? `\n  table ${first}: ditto\n` : `\n  tables ${first}...${last}: ditto\n`;
    dittos = [];
  };
  tables.forEach((table, index) => {
    const before = tables[index - 1];
    const isLast = index === tables.length - 1;
    if (before !== undefined && !isLast && before.maxEntries === table.maxEntries && before.name === table.name) {
      dittos = [...dittos, table.tableId];
      return;
    }
    finish();
    const name = table.name === '' ? '' : ` ("${table.name}")`;
    const lines = featureLines(table, version, isLast, before === undefined ? 'none' : isLast ? 'other' : 'same');
    text += `\n  table ${table.tableId}${name}:\n${lines.join('\n')}\n`;
  });
  finish();
  return text;
}
