/**
 * What the sFlow, NetFlow, IPFIX and Flow_Sample_Collector_Set records of a bridge ask for. Mirrors
 * bridge_configure_sflow(), bridge_configure_netflow() and bridge_configure_ipfix() of vswitchd/bridge.c.
 */
import type { Database, Row } from '#src/ovsdb/database.js';
import type { Bridge } from '../bridge.js';
import type { FlowExportSettings, FlowExportSurroundings } from './flow-export.js';
import type { BridgeExporterSettings, FlowExporterSettings } from './ipfix.js';
import type { ExporterSettings } from './ipfix-exporter.js';
import type { NetflowSettings } from './netflow.js';
import type { SflowSettings } from './sflow.js';

const DEFAULT_SAMPLING_RATE = 400;
const DEFAULT_POLLING_SEC = 30;
const DEFAULT_HEADER_SIZE = 128;

/** Brings what a bridge tells in line with its record. subAgent: how many bridges with sFlow come before it; is it one? */
export function configureFlowExport(
  bridge: Bridge,
  row: Row,
  database: Database,
  subAgent: number,
  surroundings: FlowExportSurroundings,
): boolean {
  const settings = flowExportSettings(row, database, subAgent);
  bridge.flowExport.configure(settings, surroundings);
  return settings.sflow !== null;
}

function flowExportSettings(row: Row, database: Database, subAgent: number): FlowExportSettings {
  const sflow = row.refs('sflow')[0];
  const netflow = row.refs('netflow')[0];
  return {
    sflow: sflow === undefined ? null : sflowSettings(sflow, row, subAgent),
    netflow: netflow === undefined ? null : netflowSettings(netflow),
    bridgeIpfix: bridgeIpfixSettings(row.refs('ipfix')[0]),
    collectorSets: collectorSets(row, database),
  };
}

function sflowSettings(sflow: Row, bridge: Row, subAgent: number): SflowSettings {
  const controllers = bridge.refs('controller').flatMap((controller) => controller.string('local_ip') ?? []);
  return {
    targets: sflow.strings('targets'),
    samplingRate: sflow.integer('sampling') ?? DEFAULT_SAMPLING_RATE,
    pollingIntervalSec: sflow.integer('polling') ?? DEFAULT_POLLING_SEC,
    headerSize: sflow.integer('header') ?? DEFAULT_HEADER_SIZE,
    subAgent,
    agent: sflow.string('agent') ?? null,
    controlAddress: controllers[0] ?? null,
  };
}

function netflowSettings(netflow: Row): NetflowSettings {
  return {
    targets: netflow.strings('targets'),
    engineType: netflow.integer('engine_type') ?? 0,
    engineId: netflow.integer('engine_id') ?? 0,
    activeTimeoutSec: netflow.integer('active_timeout') ?? 0,
    addIdToInterface: netflow.boolean('add_id_to_interface') ?? false,
  };
}

function exporterSettings(ipfix: Row): ExporterSettings {
  const other = ipfix.map('other_config');
  return {
    targets: ipfix.strings('targets'),
    activeTimeoutSec: ipfix.integer('cache_active_timeout') ?? 0,
    maxFlows: ipfix.integer('cache_max_flows') ?? 0,
    virtualId: other.get('virtual_obs_id') ?? null,
    samplesTunnels: isTrue(other.get('enable-tunnel-sampling'), true),
  };
}

/** smap_get_bool(): anything else than the other word leaves the default. */
const isTrue = (text: string | undefined, preset: boolean): boolean => {
  const word = text?.toLowerCase();
  return preset ? word !== 'false' : word === 'true';
};

function bridgeIpfixSettings(ipfix: Row | undefined): BridgeExporterSettings | null {
  if (ipfix === undefined || ipfix.strings('targets').length === 0) return null;
  const other = ipfix.map('other_config');
  return {
    ...exporterSettings(ipfix),
    samplingRate: ipfix.integer('sampling') ?? DEFAULT_SAMPLING_RATE,
    domainId: ipfix.integer('obs_domain_id') ?? 0,
    pointId: ipfix.integer('obs_point_id') ?? 0,
    // As in OVS these two say the opposite of their names.
    samplesInput: !isTrue(other.get('enable-input-sampling'), false),
    samplesOutput: !isTrue(other.get('enable-output-sampling'), false),
  };
}

function collectorSets(bridge: Row, database: Database): readonly FlowExporterSettings[] {
  return database.rows('Flow_Sample_Collector_Set').flatMap((set) => {
    const ipfix = set.refs('ipfix')[0];
    if (set.refs('bridge')[0]?.uuid !== bridge.uuid) return [];
    if (ipfix === undefined || ipfix.strings('targets').length === 0) return [];
    return [{ ...exporterSettings(ipfix), collectorSetId: set.integer('id') ?? 0 }];
  });
}
