// What checks may know beside the config itself.
import type { ReadFile } from './substitute.ts'

/** What checks may know of the world: files that the config names, and what time it is. */
export interface World {
  readonly readFile: ReadFile
  readonly nowMs: number
  /** Where relative paths start: the folder of the file. */
  readonly folder: string
  /** The machine that it is to run on; null: not asked. */
  readonly machine: Machine | null
  /** Pairs that were found good before, as this data folder has them; null: none is remembered. */
  readonly goodPairs: ((data: string) => GoodPairs) | null
}

/** A chain with its key fit together, and can be served. */
export interface GoodPairs {
  /** By their texts; undefined: nothing is known of them. */
  find(cert: string, key: string): PairFacts | undefined
  readonly isEmpty: boolean
}

export interface PairFacts {
  /** Those that its certificate is served for. */
  readonly names: readonly string[]
  readonly fromMs: number
  readonly endsMs: number
}

/** What can be asked of a machine. */
export interface Machine {
  /** Its addresses; null: it does not tell. */
  readonly addresses: () => ReadonlySet<string> | null
  /** Whether it knows the addresses of a name without DNS. */
  readonly knowsName: (name: string) => boolean
  /** What stands against writing there, in words; null: nothing. */
  readonly whyNoFolder: (path: string) => string | null
  readonly whyNoFile: (path: string) => string | null
  /** Why a file is no database of addresses, in words; null: it is one. */
  readonly whyNoDatabase: (path: string) => string | null
  /** What stands against running it in this folder, in words; null: nothing. */
  readonly whyNoProgram: (program: string, folder: string) => string | null
}
