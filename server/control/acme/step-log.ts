// What was done for a certificate lately, and what the CA said: bounded, kept beside it, a line of JSON each.
import { appendFileSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readBounded } from '../../lib/read-bounded.ts'
import { writeWhole } from '../../lib/write-whole.ts'
import { oneLine } from './acme-problem.ts'

export interface Step {
  readonly time: string
  readonly step: string
}

/** Lines that are kept at least, once it is cut; twice as many at most. */
const STEPS_KEPT = 200
const FILE_BYTES_MAX = 4 * 1_048_576
const CUT_AT_BYTES = 131_072
const STEP_LENGTH_MAX = 2000

export class StepLog {
  readonly #file: string
  readonly #nowMs: () => number

  /** `folder`: of the certificate. */
  constructor(folder: string, nowMs: () => number) {
    this.#file = join(folder, 'steps.log')
    this.#nowMs = nowMs
  }

  /** Never throws: what cannot be kept is no reason not to go on. */
  add(step: string): void {
    const line: Step = {
      time: new Date(this.#nowMs()).toISOString(),
      step: oneLine(step.slice(0, STEP_LENGTH_MAX)),
    }
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 })
      appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 })
      if (statSync(this.#file).size > CUT_AT_BYTES) this.#cut()
    } catch {
      // Its disk is full, say: the certificate itself will tell.
    }
  }

  /** The oldest first. */
  read(): Step[] {
    let text: string
    try {
      text = Buffer.from(readBounded(this.#file, FILE_BYTES_MAX)).toString('utf8')
    } catch {
      return []
    }
    return text.split('\n').flatMap((line) => {
      try {
        const { time, step } = JSON.parse(line) as Partial<Step>
        return typeof time === 'string' && typeof step === 'string' ? [{ time, step }] : []
      } catch {
        return []
      }
    })
  }

  #cut(): void {
    const kept = this.read().slice(-STEPS_KEPT)
    writeWhole(this.#file, kept.map((step) => `${JSON.stringify(step)}\n`).join(''))
  }
}
