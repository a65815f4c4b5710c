/**
 * Tables as ovs-ofctl prints them. Mirrors ofputil_table_features_format() and ofputil_table_desc_format()
 * (lib/ofp-table.c). What a table can do is the same for all of OVS's tables, but that the last cannot go to another;
 * the versions before 1.3 tell it along with the statistics.
 */
import { formatHex } from './number-text.js';
import type { PortNames } from './ports.js';
import { formatTable } from './table-text.js';
import type { OpenFlowVersion } from './protocol.js';
import type { TableDescription, TableMiss, TableMod, TableStatsEntry } from './table-mod.js';

const MATCHING_10 = 'in_port eth_{src,dst,type} vlan_{vid,pcp} ip_{src,dst} nw_{proto,tos} tcp_{src,dst}';
const MATCHING_11 =
  'metadata in_port eth_{src,dst,type} vlan_{vid,pcp} mpls_{label,tc} ip_{src,dst} nw_{proto,tos} tcp_{src,dst}';
const LAYERS_12 = 'tcp_{src,dst} udp_{src,dst} sctp_{src,dst} icmp_{type,code} icmpv6_{type,code} nd_{target,sll,tll}';
const MATCHING_12 =
  'metadata in_port_oxm eth_{src,dst,type} vlan_{vid,pcp} mpls_{label,tc} ip_{src,dst} ipv6_{src,dst,label} ' +
  `nw_proto ip_dscp nw_ecn arp_{op,spa,tpa,sha,tha} ${LAYERS_12}`;
const SETTING_12 =
  'metadata in_port_oxm eth_{src,dst} vlan_{vid,pcp} mpls_{label,tc} ip_{src,dst} ipv6_{src,dst,label} ' +
  `ip_dscp nw_ecn arp_{op,spa,tpa,sha,tha} ${LAYERS_12}`;
/** What OVS says its tables and groups can do, by version. */
export const ACTIONS_11 =
  'output group set_vlan_vid set_vlan_pcp strip_vlan push_vlan mod_dl_src mod_dl_dst mod_nw_src mod_nw_dst ' +
  'mod_nw_tos mod_nw_ecn mod_nw_ttl mod_tp_src mod_tp_dst dec_ttl set_mpls_label set_mpls_tc set_mpls_ttl ' +
  'dec_mpls_ttl push_mpls pop_mpls set_queue';
export const ACTIONS_12 =
  'output group set_field strip_vlan push_vlan mod_nw_ttl dec_ttl set_mpls_ttl dec_mpls_ttl push_mpls pop_mpls ' +
  'set_queue';
const INSTRUCTIONS = 'apply_actions clear_actions write_actions write_metadata';

/** What is told of a table besides its statistics, as lines; those that equal the table's before it are cut short. */
interface Features {
  readonly miss: TableMiss | null;
  readonly maxEntries: number;
  readonly isLast: boolean;
}

/** OpenFlow 1.1's reply as OVS writes it: by its own numbers, which the reader takes for OpenFlow's. */
const MISS_11: Readonly<Record<TableMiss, TableMiss>> = {
  default: 'controller',
  controller: 'continue',
  continue: 'drop',
  drop: 'controller',
};

function featuresOf(entry: TableStatsEntry, version: OpenFlowVersion, isLast: boolean): Features {
  // OpenFlow 1.3 and later tell such things elsewhere.
  const shownMiss = entry.miss === 'default' ? 'controller' : entry.miss;
  const miss = version === 12 ? shownMiss : version === 11 ? MISS_11[entry.miss] : null;
  const maxEntries = version < 13 ? entry.maxEntries : 0;
  return { miss, maxEntries, isLast: (version === 11 || version === 12) && isLast };
}

function instructionLines(version: OpenFlowVersion, isLast: boolean, before: Features | null): readonly string[] {
  if (before !== null && before.isLast === isLast) return ['    (same instructions)'];
  const lines = [
    '    instructions (table miss and others):',
    `      instructions: ${INSTRUCTIONS}${isLast ? '' : ' goto_table'}`,
  ];
  if (version === 12 && before !== null) return [...lines, '      (same actions)'];
  lines.push(
    '      Write-Actions and Apply-Actions features:',
    `        actions: ${version === 11 ? ACTIONS_11 : ACTIONS_12}`,
  );
  if (version === 12) lines.push(`        supported on Set-Field: ${SETTING_12}`);
  return lines;
}

function featureLines(features: Features, version: OpenFlowVersion, before: Features | null): readonly string[] {
  if (version >= 13) return [];
  const lines: string[] = [];
  if (version === 12) lines.push('    metadata: match=0xffffffffffffffff write=0xffffffffffffffff');
  if (features.miss !== null) lines.push(`    config=${features.miss}`);
  if (features.maxEntries !== 0) lines.push(`    max_entries=${features.maxEntries}`);
  if (version > 10) lines.push(...instructionLines(version, features.isLast, before));
  const matching = version === 10 ? MATCHING_10 : version === 11 ? MATCHING_11 : MATCHING_12;
  if (before !== null) lines.push('    (same matching)');
  else lines.push('    matching:', `      exact match or wildcard: ${matching}`);
  return lines;
}

const isSame = (a: Features, b: Features): boolean =>
  a.miss === b.miss && a.maxEntries === b.maxEntries && a.isLast === b.isLast;

const dittoLine = (first: number, last: number): string =>
  first === last ? `\n  table ${first}: ditto\n` : `\n  tables ${first}...${last}: ditto\n`;

/** dump-tables, after the message's name. Runs of tables alike are one line. */
export function formatTableStats(entries: readonly TableStatsEntry[], version: OpenFlowVersion): string {
  let text = '';
  let firstDitto = -1;
  let before: { readonly stats: TableStatsEntry; readonly features: Features } | null = null;
  entries.forEach((stats, index) => {
    const features = featuresOf(stats, version, index === entries.length - 1);
    const sameFeatures = before !== null && isSame(features, before.features);
    const sameStats =
      before !== null &&
      stats.active === before.stats.active &&
      stats.lookups === before.stats.lookups &&
      stats.matched === before.stats.matched;
    if (sameFeatures && sameStats) {
      if (firstDitto < 0) firstDitto = stats.tableId;
    } else {
      if (firstDitto >= 0) text += dittoLine(firstDitto, stats.tableId - 1);
      firstDitto = -1;
      const head = `    active=${stats.active}, lookup=${stats.lookups}, matched=${stats.matched}`;
      const rest = sameFeatures
        ? version < 13
          ? ['    (same features)']
          : []
        : featureLines(features, version, before?.features ?? null);
      const name = version >= 13 || stats.name === '' ? '' : ` ("${stats.name}")`;
      text += `\n  table ${stats.tableId}${name}:\n${[head, ...rest].join('\n')}\n`;
    }
    before = { stats, features };
  });
  if (firstDitto >= 0) text += dittoLine(firstDitto, entries.at(-1)!.tableId);
  return text;
}

const EVICTION_FLAGS: readonly string[] = ['OTHER', 'IMPORTANCE', 'LIFETIME'];

function evictionFlagsText(flags: number): string {
  const names = EVICTION_FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0);
  const rest = flags & ~7;
  return names.length === 0 && rest === 0 ? '0' : [...names, ...(rest === 0 ? [] : [formatHex(rest)])].join('|');
}

const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off');

/** One table of dump-table-desc. */
export function formatTableDescription(
  { tableId, eviction, evictionFlags, vacancy }: TableDescription,
  names: PortNames,
): string {
  const thresholds =
    vacancy === null ? '' : ` vacancy_down=${vacancy.down}% vacancy_up=${vacancy.up}% vacancy=${vacancy.vacancy}%`;
  return (
    `\n  table ${formatTable(tableId, names)}:\n   eviction=${onOff(eviction)} eviction_flags=${evictionFlagsText(evictionFlags)}\n` +
    `   vacancy=${onOff(vacancy !== null)}${thresholds}\n`
  );
}

/** What follows the message's name in a change of a table. */
export function formatTableMod({ tableId, miss, eviction, vacancy }: TableMod): string {
  const parts = [tableId === 255 ? ' table_id: ALL_TABLES' : ` table_id=${tableId}`];
  if (miss !== null && miss !== 'default') parts.push(`flow_miss_config=${miss}`);
  if (eviction !== null) parts.push(`eviction=${onOff(eviction)}`);
  if (vacancy !== null) {
    parts.push(`vacancy=${onOff(vacancy.isOn)}${vacancy.isOn ? ` vacancy:${vacancy.down},${vacancy.up}` : ''}`);
  }
  return parts.join(', ');
}
