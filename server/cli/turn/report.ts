// What an examination finds, step by step. People paste it: each step says what was found and what to do
// about it.

export const STEPS = [
  'resolve',
  'reach',
  'certificate',
  'redirect',
  'challenge',
  'authenticate',
  'allocate',
  'second',
  'permissions',
  'indications',
  'channels',
  'channel_data',
  'private_peers',
  'refresh',
  'delete',
] as const
export type StepName = (typeof STEPS)[number]

/** A step's document, as `--json` shows it. */
export interface Step {
  readonly step: StepName
  readonly outcome: 'ok' | 'warning' | 'failed'
  /** What was found: a sentence without its full stop. */
  readonly found: string
  /** What to do about it; null: nothing. */
  readonly advice: string | null
  /** The same for programs. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly took_ms: number
}

/** What is wrong, in words. */
export interface Finding {
  readonly found: string
  readonly advice: string | null
  readonly facts?: Readonly<Record<string, unknown>>
}

export class Report {
  readonly #tell: (step: Step) => void
  #since = performance.now()
  #failures = 0

  constructor(tell: (step: Step) => void) {
    this.#tell = tell
  }

  get hasFailed(): boolean {
    return this.#failures > 0
  }

  ok(step: StepName, found: string, facts: Step['facts'] = {}): void {
    this.#add(step, 'ok', { found, advice: null, facts })
  }

  warn(step: StepName, finding: Finding): void {
    this.#add(step, 'warning', finding)
  }

  /** Returns null, which callers mean by "it ends here". */
  fail(step: StepName, finding: Finding): null {
    this.#failures++
    this.#add(step, 'failed', finding)
    return null
  }

  #add(step: StepName, outcome: Step['outcome'], { found, advice, facts = {} }: Finding): void {
    const now = performance.now()
    const took_ms = Math.round((now - this.#since) * 100) / 100
    this.#since = now
    const words = { found: printable(found, 1024), advice: advice === null ? null : printable(advice, 1024) }
    this.#tell({ step, outcome, ...words, facts, took_ms })
  }
}

/** A server's words without what a terminal would obey. */
export const printable = (text: string, most = 128): string => text.replace(/\p{C}/gu, '').slice(0, most)
