// What changes are made with, and how each is told.
import type { Totals } from '../../telemetry/registry.ts'
import type { Rejected } from '../news.ts'
import type { ApplyProblem } from '../problem.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import type { Applier, Served } from './apply.ts'
import type { Waits } from './confirmation.ts'
import type { History } from './history.ts'
import type { RevisionBook } from './revision-book.ts'

export interface ChangesParts {
  /** The config file. */
  readonly file: string
  readonly source: Pick<WatchedConfig, 'read' | 'check' | 'locate'>
  readonly totals: Totals
  /** Null before the first config is known, and once it stops: then nothing changes. */
  readonly applier: () => Applier | null
  readonly history: () => Pick<History, 'hold'> | null
  readonly book: () => RevisionBook | null
  /** Settles when it has been told. */
  readonly onApplied: (served: Served) => Promise<void>
  /** Shows problems to who started it. */
  readonly tell: (problems: readonly ApplyProblem[]) => void
  /** What the file says is not served. */
  readonly onFileRefused: (problems: readonly ApplyProblem[]) => void
  /** A change begins. */
  readonly onBegin: () => void
  /** The last of those that had begun is over, whatever became of it. */
  readonly onSettled: () => void
}

/** How a change is told and what comes after it. */
export interface How {
  /** It is taken back unless it is confirmed; null: it stays. */
  readonly waits?: () => Waits | null
  /** What is taken back still stands in the file. */
  readonly isInFile?: boolean
  /** Who hears what stands against it beside who wished for it; only where it came from the file all do. */
  readonly tells?: 'all' | 'log' | 'caller'
  /** What is applied, where it is not what the file says. */
  readonly given?: Rejected
}
