// What a backend is made of.
import type { Chance } from '../lib/random.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { BackendSlots } from '../scoreboard/slot.ts'
import type { BackendConfig } from './backend.options.ts'
import type { PluginAlgorithm } from './by-plugin.ts'
import { type FileTexts, tlsFilesOf } from './tls.ts'

/** What makes it what it is. */
export interface MadeOf {
  readonly options: BackendConfig
  readonly slots: BackendSlots
  readonly board: Scoreboard
  /** What cookies are signed with where config names no secret. */
  readonly stickySecret?: string | undefined
  /** The algorithm of a plugin; left out: it has none, or nobody is served. */
  readonly plugin?: PluginAlgorithm | undefined
}

/**
 * Whether both make the same, but for places of servers. One whose words name files says no: they may have
 * changed.
 */
export const isAlike = (one: MadeOf, other: MadeOf, hasSticky: boolean): boolean =>
  one.board === other.board &&
  one.slots.slot.index === other.slots.slot.index &&
  one.slots.slot.generation === other.slots.slot.generation &&
  (one.stickySecret === other.stickySecret || !hasSticky) &&
  one.plugin?.code === other.plugin?.code &&
  tlsFilesOf(one.options.tls).length === 0 &&
  Bun.deepEquals(one.options, other.options, true)

export interface BackendParts<Previous> extends MadeOf {
  readonly name: string
  /** The backend of this name in the snapshot before: its servers' state is carried over. */
  readonly previous: Previous | null
  /** What stands in the files that its words name; left out: they name none. */
  readonly files?: FileTexts | undefined
  readonly chance?: Chance
  /** The clock of the queue, and of what was measured; of the latter else that of the event under way. */
  readonly now?: () => number
  /** The clock that all processes share, in ms: that of the machine. */
  readonly shared?: () => number
}
