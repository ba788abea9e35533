// Changes of resources: from operations to the text of the config file, one change after the other, and what
// came of it.
import type { ApplyProblem, Edition } from '../../control/problem.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { reviewDocument } from '../review-document.ts'
import { waitFacts } from '../changed.ts'
import { problem } from '../problem.ts'
import { refusedText, refusedToAuthor, unwritten } from '../refused-text.ts'
import { conflictAnswer } from './conflict-answer.ts'
import { alreadyThere, conflictsOf, toldConflicts } from './conflicts.ts'
import { type EditedText, editedText } from './edited-text.ts'
import { type KnownConfig, KnownConfigs } from './known-config.ts'
import type { Planned } from './operations.ts'
import { foundOf } from './plans.ts'
import { itemOf, type Wanted } from './sent-place.ts'

export type WritingFacts = Pick<
  ControlFacts,
  'gateway' | 'apply' | 'changes' | 'confirmBy' | 'door' | 'traffic'
>

export interface Writing {
  readonly wanted: readonly Wanted[]
  readonly by: string
  readonly account: string
  /** Its author may read the whole file. */
  readonly seesFile: boolean
  readonly note: NonNullable<Parameters<ControlFacts['apply']>[0]['note']>
  readonly isDryRun: boolean
  /** Aborted once whoever asked has gone. */
  readonly signal: AbortSignal
  readonly confirmWithinMs: number | null
  /** It is taken back where those who are served fare worse in this time; null: nobody looks. */
  readonly watchMs: number | null
  /** That the whole was made from; null: whichever. */
  readonly baseRevision: number | null
  /** How the hash of the text begins that the whole was made from; null: any. */
  readonly baseHash: string | null
}

/** It is done. */
export interface Done {
  readonly is: 'done'
  /** What was served before. */
  readonly was: KnownConfig
  readonly known: KnownConfig
  readonly planned: readonly Planned[]
  readonly isChanged: boolean
  readonly isReformatted: boolean
  readonly warnings: readonly string[]
  /** Of one that waits or is watched. */
  readonly further: Readonly<Record<string, string | null>>
}

/** It could be done. */
export interface Tried {
  readonly is: 'tried'
  readonly document: object
}

export type Written = Done | Tried | { readonly is: 'refused'; readonly answer: Response }

/** How often a change is made anew where another came between. */
const TRIES = 3

export class ConfigWriter {
  readonly #facts: WritingFacts
  readonly #configs = new KnownConfigs()
  /** One at a time: each is made of what the one before has left. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(facts: WritingFacts) {
    this.#facts = facts
  }

  /** What is served; null: nothing yet. */
  async known(): Promise<KnownConfig | null> {
    const { gateway } = this.#facts
    const served = gateway.served()
    return served === null ? null : this.#configs.of(gateway.file, served)
  }

  write(writing: Writing): Promise<Written> {
    const written = this.#last.then(() => this.#tryAll(writing))
    this.#last = written.catch(() => null)
    return written
  }

  async #tryAll(writing: Writing): Promise<Written> {
    for (let left = TRIES; ; left--) {
      const known = await this.known()
      if (known === null) return refused(problem('not_now', 'Nothing is served yet.'))
      const written = await this.#once(known, writing)
      const served = this.#facts.gateway.served()
      const isOvertaken = written.is === 'refused' && served?.revision !== known.revision
      if (!isOvertaken || left === 1) return written
    }
  }

  async #once(known: KnownConfig, writing: Writing): Promise<Written> {
    const overtaken = await this.#overtaken(known, writing)
    if (overtaken !== null) return refused(overtaken)
    const made = editedText(known, writing.wanted)
    if (made instanceof Response) return refused(made)
    const { plans, edited } = made
    const { text } = edited
    if (text === known.text && !writing.isDryRun)
      return {
        is: 'done',
        was: known,
        known,
        planned: plans,
        isChanged: false,
        isReformatted: false,
        warnings: [],
        further: {},
      }
    return this.#apply(known, { plans, edited, writing })
  }

  /** What it was made from is not what is served; null: it is. */
  async #overtaken(known: KnownConfig, writing: Writing): Promise<Response | null> {
    const { wanted, baseRevision, baseHash } = writing
    const isOther =
      (baseRevision !== null && baseRevision !== known.revision) ||
      (baseHash !== null && !known.hash.startsWith(baseHash))
    const found = conflictsOf(known, wanted)
    if (!isOther && found.length === 0) return null
    if (isOther) found.push(...alreadyThere(known, wanted))
    return conflictAnswer(known, writing, {
      isOther,
      conflicts: await toldConflicts(known, found, this.#facts.changes),
    })
  }

  async #apply(known: KnownConfig, made: Made): Promise<Written> {
    const { edited, writing, plans } = made
    const { by, account, note, isDryRun, signal, confirmWithinMs, watchMs } = writing
    const { text, isReformatted } = edited
    const { file } = this.#facts.gateway
    let isUnderWay = true
    const readAhead = (): void => {
      if (isUnderWay) this.#configs.coming(file, text)
    }
    const {
      changed,
      warnings,
      operation = null,
    } = await this.#facts.apply({
      ...{ text, by, account, note, isDryRun, signal, confirmWithinMs, watchMs },
      expected: known.hash,
      found: isDryRun ? null : await foundOf(known, plans),
      ...(!isDryRun && { meanwhile: readAhead }),
    })
    isUnderWay = false
    const now = (await this.known()) ?? known
    this.#configs.noneComing()
    switch (changed.is) {
      case 'not_now':
        return refused(problem('not_now', 'The gateway starts or stops: nothing is changed now.'))
      case 'sound':
        return {
          is: 'tried',
          document: await this.#review(known, made, { ...changed, warnings }),
        }
      case 'rejected':
        return refused(this.#rejection(known, made, changed.problems))
      case 'applied': {
        const further = { ...(operation !== null && { operation }), ...waitFacts(this.#facts, changed) }
        const done = { was: known, known: now, planned: plans, isChanged: true, isReformatted, warnings }
        return { is: 'done', ...done, further }
      }
    }
  }

  async #review(known: KnownConfig, made: Made, { edition, notWritable, warnings }: Tested): Promise<object> {
    const { changes, gateway, traffic } = this.#facts
    const { text, isReformatted } = made.edited
    const { seesFile } = made.writing
    const named = { name: gateway.file }
    const review = await changes.review(
      { ...named, text: known.text, edition: known },
      { ...named, text, edition },
    )
    const replay = await traffic.differences(edition.config)
    return {
      ...{
        dry_run: true,
        changed: text !== known.text,
        hash: edition.hash,
        reformatted: isReformatted,
        warnings,
        ...(notWritable && { not_writable: unwritten({ file: gateway.file, text, seesFile }, notWritable) }),
      },
      base: { revision: known.revision, hash: known.hash },
      // Lines may hold what is of others, and lines around them do.
      ...(seesFile && { text }),
      ...(review !== null && reviewDocument(review, seesFile)),
      ...(replay !== null && { replay }),
    }
  }

  /** What stood against it: in the file, in what was sent, or in the way to the disk. */
  #rejection(
    known: KnownConfig,
    { edited: { text }, writing: { wanted, seesFile }, plans }: Made,
    problems: readonly ApplyProblem[],
  ): Response {
    const { file } = this.#facts.gateway
    const errors = problems.map((one) => itemOf(known, one, { wanted, plans }))
    const told = refusedToAuthor(errors) ?? refusedText({ file, base: known, text, errors, seesFile })
    if (told !== null) return told
    const [first] = errors
    return problem(
      'config_invalid',
      `The change was refused: ${first?.message ?? 'the config would not be valid'}.`,
      { errors },
    )
  }
}

interface Made extends EditedText {
  readonly writing: Writing
}

/** What a dry run has found. */
interface Tested {
  readonly edition: Edition
  readonly notWritable?: ApplyProblem | undefined
  readonly warnings: readonly string[]
}

const refused = (answer: Response): Written => ({ is: 'refused', answer })
