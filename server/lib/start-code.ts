// What a start leaves in memory of the executable: half of it ran once (reading the config, compiling a plan)
// and never again, but stays mapped and counts as ours. Given back, the little that is used comes again by
// itself from the system's cache of the file.
import { readFileSync, readlinkSync } from 'node:fs'
import { libc } from './native.ts'

const MADV_DONTNEED = 4

/** Looks in a row at which nothing had happened, after which a process is at rest. */
const RESTS_AFTER = 5

/**
 * Gives it back once, when a process has come to rest after its start: what is in use under traffic stays.
 */
export class StartCode {
  #left = RESTS_AFTER
  readonly #giveBack: () => void

  constructor(giveBack: () => void = giveBackStartCode) {
    this.#giveBack = giveBack
  }

  /** There is something to give back again: a new plan was compiled. */
  used(): void {
    this.#left = RESTS_AFTER
  }

  /** Whether something had happened since the last look. */
  look(isQuiet: boolean): void {
    if (this.#left === 0) return
    this.#left = isQuiet ? this.#left - 1 : RESTS_AFTER
    if (this.#left === 0) this.#giveBack()
  }
}

export interface Mapping {
  readonly start: number
  readonly bytes: number
}

/**
 * Takes code and constants of the executable out of this process's memory. Costs a millisecond, and some
 * hundred faults of a page later: for one at rest.
 */
export function giveBackStartCode(): void {
  if (process.platform !== 'linux') return
  try {
    const mappings = unwrittenMappings(
      readFileSync('/proc/self/smaps', 'utf8'),
      readlinkSync('/proc/self/exe'),
    )
    for (const { start, bytes } of mappings) libc().madvise(start, bytes, MADV_DONTNEED)
  } catch {
    // Without /proc it stays as it is.
  }
}

/**
 * Those parts of a file (as proc(5), smaps, tells them) that can be read again at any time: nobody can write
 * to them, and nobody has.
 */
export function unwrittenMappings(smaps: string, file: string): Mapping[] {
  const mappings: Mapping[] = []
  let open: Mapping | null = null
  for (const line of smaps.split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ +(.*)$/.exec(line)
    if (head) {
      const [, from = '', to = '', permissions = '', path] = head
      const start = Number.parseInt(from, 16)
      const isFixed = path === file && /^r-.p$/.test(permissions)
      open = isFixed ? { start, bytes: Number.parseInt(to, 16) - start } : null
    } else if (open && /^Anonymous: +0 kB$/.test(line)) {
      mappings.push(open)
    }
  }
  return mappings
}
