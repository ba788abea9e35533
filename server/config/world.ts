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
}

/** What can be asked of a machine. */
export interface Machine {
  /** Its addresses; null: it does not tell. */
  readonly addresses: () => ReadonlySet<string> | null
  /** What stands against writing there, in words; null: nothing. */
  readonly whyNoFolder: (path: string) => string | null
  readonly whyNoFile: (path: string) => string | null
  /** What stands against running it in this folder, in words; null: nothing. */
  readonly whyNoProgram: (program: string, folder: string) => string | null
}
