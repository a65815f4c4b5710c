/**
 * The rules of one OpenFlow table, what is counted of them, and how many there may be. Mirrors struct oftable and
 * struct rule of ofproto.
 */
import { Classifier, DEFAULT_PREFIX_FIELDS } from '#flowtable/classifier.js';
import type { Conjunction } from '#flowtable/conjunction.js';
import type { Match } from '#flowtable/match.js';
import type { Action } from '#src/openflow/action/action.js';
import type { FlowModFlags } from '#src/openflow/flow-mod.js';
import type { Subfield } from '#src/openflow/subfield.js';
import type { TableDescription, TableMiss, TableMod, TableStatsEntry } from '#src/openflow/table-mod.js';
import { chooseRuleToEvict } from './eviction.js';

export interface Rule {
  readonly tableId: number;
  readonly match: Match;
  readonly priority: number;
  readonly cookie: bigint;
  /** Seconds; 0: none. fin_timeout reduces them. */
  idleTimeout: number;
  hardTimeout: number;
  readonly importance: number;
  readonly flags: FlowModFlags;
  readonly actions: readonly Action[];
  readonly conjunctions?: readonly Conjunction[] | undefined;
  readonly createdNs: number;
  modifiedNs: number;
  usedNs: number;
  packets: number;
  bytes: number;
}

/** Tables 0..253 are the user's; 254 is kept for the switch's own rules. */
export const TABLE_COUNT = 255;
export const INTERNAL_TABLE = 254;

/** What OVS says of a table without a limit. */
const UNLIMITED_ENTRIES = 1_000_000;
/** The limit that OVS reckons with where there is none. */
const UINT_MAX = 0xffffffff;
/** OFPTMPEF14_OTHER | IMPORTANCE | LIFETIME: all that OVS goes by, and always. */
const EVICTION_FLAGS = 7;

/** Flow_Table of the database. */
export interface TableSettings {
  readonly name: string;
  /** null: as many as one likes. */
  readonly flowLimit: number | null;
  readonly evicts: boolean;
  readonly groups: readonly Subfield[];
}

const NO_SETTINGS: TableSettings = { name: '', flowLimit: null, evicts: false, groups: [] };

/** OFP_MAX_TABLE_NAME_LEN without the null byte (OpenFlow 1.3.5 §A.3.5.5). */
const MAX_NAME_SIZE = 31;

export class OpenFlowTable {
  readonly id: number;
  readonly classifier = new Classifier<Rule>();
  /** Lookups that found a rule, and that did not. */
  matchedCount = 0;
  missedCount = 0;
  private givenName = '';
  /** What becomes of packets that no rule matches; OpenFlow 1.1 and 1.2 can set it. */
  miss: TableMiss = 'default';
  settings: TableSettings = NO_SETTINGS;
  /** Did a controller ask for eviction? */
  private evictsByRequest = false;
  private prefixFields = DEFAULT_PREFIX_FIELDS;
  private vacancy = { down: 0, up: 0 };
  /** Which crossing of a threshold is told next; null: none is. */
  private vacancyEvent: 'vacancy-down' | 'vacancy-up' | null = null;

  constructor(id: number) {
    this.id = id;
  }

  get isFull(): boolean {
    return this.hasMoreThan(-1);
  }

  /** Does it hold more than its limit allows? */
  get isOverfull(): boolean {
    return this.hasMoreThan(0);
  }

  private hasMoreThan(excess: number): boolean {
    const { flowLimit } = this.settings;
    return flowLimit !== null && this.classifier.ruleCount - flowLimit > excess;
  }

  /** The rule to give up for another, or null where none may go. */
  ruleToEvict(): Rule | null {
    const { evicts, groups } = this.settings;
    return evicts || this.evictsByRequest ? chooseRuleToEvict(this.classifier.rules(), groups) : null;
  }

  setPrefixFields(fields: readonly string[]): void {
    if (fields.join() === this.prefixFields.join()) return;
    this.prefixFields = fields;
    this.classifier.setPrefixFields(fields);
  }

  configure(settings: TableSettings | null): void {
    this.settings = settings ?? NO_SETTINGS;
  }

  modify(mod: TableMod): void {
    if (mod.miss !== null && mod.miss !== 'default') this.miss = mod.miss;
    if (mod.eviction !== null) this.evictsByRequest = mod.eviction;
    if (mod.vacancy === null) return;
    const { isOn, down, up } = mod.vacancy;
    this.vacancy = { down, up };
    if (!isOn) this.vacancyEvent = null;
    else this.vacancyEvent ??= this.freePercentage() < up ? 'vacancy-up' : 'vacancy-down';
  }

  /** The event that the table's present size makes, if it has not been told; the other is told next. */
  takeVacancyEvent(): 'vacancy-down' | 'vacancy-up' | null {
    if (this.vacancyEvent === null) return null;
    const free = this.freePercentage();
    const { down, up } = this.vacancy;
    const event = free < down ? 'vacancy-down' : free > up ? 'vacancy-up' : null;
    if (event === null || event !== this.vacancyEvent) return null;
    this.vacancyEvent = event === 'vacancy-down' ? 'vacancy-up' : 'vacancy-down';
    return event;
  }

  /** The database's name for it, else a controller's, else ''. */
  get name(): string {
    return this.settings.name === '' ? this.givenName : this.settings.name;
  }

  /** A controller names the table; false where the database does. Empty: no name. */
  setName(name: string): boolean {
    if (this.settings.name !== '') return name === this.settings.name;
    this.givenName = name.slice(0, MAX_NAME_SIZE);
    return true;
  }

  stats(): TableStatsEntry {
    return {
      tableId: this.id,
      name: this.name,
      maxEntries: Math.min(this.settings.flowLimit ?? UNLIMITED_ENTRIES, UNLIMITED_ENTRIES),
      active: this.classifier.ruleCount,
      lookups: BigInt(this.matchedCount + this.missedCount),
      matched: BigInt(this.matchedCount),
      miss: this.miss,
    };
  }

  describe(): TableDescription {
    const { down, up } = this.vacancy;
    return {
      tableId: this.id,
      eviction: this.evictsByRequest,
      evictionFlags: EVICTION_FLAGS,
      vacancy: this.vacancyEvent !== null ? { down, up, vacancy: this.freePercentage() } : null,
    };
  }

  private freePercentage(): number {
    const limit = this.settings.flowLimit ?? UINT_MAX;
    if (limit === 0) return 100;
    return Math.max(0, Math.floor(((limit - this.classifier.ruleCount) * 100) / limit));
  }
}
