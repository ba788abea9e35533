// The config that a draft would make, for who asks what would become of a request by it. Nothing is changed.
import type { Static } from '@sinclair/typebox'
import { accountOf, calledOf } from '../../control/store/principal.ts'
import type { Config } from '../../config/schema.ts'
import type { ApplyProblem } from '../../control/problem.ts'
import { noteOf } from '../made-by.ts'
import { problem, type ProblemItem } from '../problem.ts'
import { notLookedAt } from '../refused-text.ts'
import { editedText } from '../resources/edited-text.ts'
import { operationsIn, type OPS } from '../resources/sent-operations.ts'
import { itemOf } from '../resources/sent-place.ts'
import { writerOf } from '../resources/writers.ts'
import type { WritingFacts } from '../resources/writing.ts'
import { may } from '../roles.ts'
import type { Asked } from '../route.ts'

interface SentDraft {
  readonly ops?: Static<typeof OPS>
  readonly text?: string
}

/** Why it is no config: a problem document. */
interface NoConfig {
  readonly code: string
}

/** A refusal where the body does not fit, or who asks may not. */
export async function draftOf(
  asked: Asked,
  { ops, text }: SentDraft,
  facts: WritingFacts,
): Promise<{ readonly config: Config } | NoConfig | Response> {
  if (!may(asked.who.role, 'edit') || asked.who.isScoped === true)
    return problem('forbidden', 'Drafts are explained to those who may change the config as a whole.', {
      members: { required_role: 'editor' },
    })
  if (ops !== undefined && text !== undefined)
    return problem('body_invalid', 'Either "ops" or "text" is the draft.')
  const made = text === undefined ? await byOperations(ops ?? [], facts) : { text, itemOf: ownItem }
  if (made instanceof Response) return (await made.json()) as NoConfig
  const { changed } = await facts.apply({
    ...{ text: made.text, by: calledOf(asked.who), account: accountOf(asked.who), note: noteOf(asked) },
    // Compared with what is served, whatever stands in the file.
    expected: '',
    ...{ isDryRun: true, confirmWithinMs: null, watchMs: null },
  })
  if (changed.is === 'sound') return { config: changed.edition.config }
  if (changed.is !== 'rejected') return { code: 'not_now' }
  const unseen = notLookedAt(changed.problems)
  if (unseen !== null) return unseen
  const errors = changed.problems.map(made.itemOf)
  const answer = problem(
    'config_invalid',
    `The draft would be refused: ${errors[0]?.message ?? 'it is no config'}.`,
    { errors },
  )
  return (await answer.json()) as NoConfig
}

/** A text, and what stands against it with its place in what was sent. */
interface MadeText {
  readonly text: string
  readonly itemOf: (one: ApplyProblem) => ProblemItem
}

const ownItem = ({ text: _, ...item }: ApplyProblem): ProblemItem => item

async function byOperations(ops: Static<typeof OPS>, facts: WritingFacts): Promise<MadeText | Response> {
  const wanted = operationsIn(ops)
  if (wanted instanceof Response) return wanted
  const known = await writerOf(facts).known()
  if (known === null) return problem('not_now', 'Nothing is served yet.')
  const made = editedText(known, wanted)
  if (made instanceof Response) return made
  const { plans, edited } = made
  return { text: edited.text, itemOf: (one) => itemOf(known, one, { wanted, plans }) }
}
