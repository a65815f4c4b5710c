/**
 * The TLV table of a bridge: which options of tunnels are which tun_metadata fields. Mirrors handle_tlv_table_mod() of
 * ofproto.c with tun_metadata_table_mod() and mf_vl_mff_map_mod_from_tun_metadata().
 *
 * The invariant: a field that a rule uses keeps its place and length.
 */
import { OptionMap, type OptionMapProblem, presentOptions, TUN_METADATA_FIELDS } from '#flowtable/tunnel-options.js';
import { optionsOfActions } from '#src/openflow/option-fields.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import type { TlvTable, TlvTableMod } from '#src/openflow/tlv-map.js';
import { checkTlvMappings } from '#src/openflow/tlv-map-text.js';
import type { Bridge } from './bridge.js';

/** Bytes of all options together. */
const MAX_OPTION_SPACE = 256;

const PROBLEM_CODES: Readonly<Record<OptionMapProblem, string>> = {
  'already-mapped': 'NXTTMFC_ALREADY_MAPPED',
  duplicate: 'NXTTMFC_DUP_ENTRY',
  full: 'NXTTMFC_TABLE_FULL',
};

/** Throws OpenFlowError, and then nothing has changed. */
export function changeTlvTable(bridge: Bridge, mod: TlvTableMod): void {
  const problem = checkTlvMappings(mod.mappings, TUN_METADATA_FIELDS);
  if (problem !== null) throw new OpenFlowError(problem.code);
  const changed = mod.command === 'clear' ? new OptionMap() : bridge.tunnelOptions.copy();
  if (mod.command === 'add') {
    for (const { index, optionClass, optionType, optionLength } of mod.mappings) {
      const error = changed.add(index, optionClass, optionType, optionLength);
      if (error !== null) throw new OpenFlowError(PROBLEM_CODES[error]);
    }
  } else {
    const used = usedFields(bridge);
    const isUsed = mod.command === 'clear' ? used.size > 0 : mod.mappings.some(({ index }) => used.has(index));
    if (isUsed) throw new OpenFlowError('NXTTMFC_INVALID_TLV_DEL');
    for (const { index } of mod.mappings) changed.delete(index);
  }
  bridge.tunnelOptions.replaceBy(changed);
  bridge.backer.noteChange();
}

/** The fields that rules match or that their actions name. */
function usedFields(bridge: Bridge): ReadonlySet<number> {
  const used = new Set<number>();
  for (const table of bridge.usedTables()) {
    for (const { match, actions } of table.classifier.rules()) {
      for (const index of presentOptions(match.mask)) used.add(index);
      for (const index of optionsOfActions(actions)) used.add(index);
    }
  }
  return used;
}

export function describeTlvTable({ tunnelOptions }: Bridge): TlvTable {
  const mappings = Array.from({ length: TUN_METADATA_FIELDS }, (_, index) => {
    const entry = tunnelOptions.entry(index);
    if (entry === null) return [];
    const { optionClass, optionType, place } = entry;
    return [{ index, optionClass, optionType, optionLength: place.size }];
  }).flat();
  return { maxOptionSpace: MAX_OPTION_SPACE, maxFields: TUN_METADATA_FIELDS, mappings };
}
