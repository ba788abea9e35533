// The short form of a config written in the long one, which can say more.
import { calledOf } from '../../control/store/principal.ts'
import { Type } from '@sinclair/typebox'
import { toLongText } from '../../config/edit/to-long-text.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { unifiedDiff } from '../../lib/unified-diff.ts'
import { changedAnswer } from '../changed.ts'
import { noteOf } from '../made-by.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { writerOf } from '../resources/writers.ts'
import type { Asked, Route } from '../route.ts'

export function longFormRoutes(facts: ControlFacts): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/config/long-form',
      permission: 'edit',
      tag: 'Config',
      summary:
        'Write the config file, which is in the short form, in the long one: the same config, with its comments',
      query: Type.Object(
        { dry_run: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])) },
        { additionalProperties: false },
      ),
      answers: {
        200: {
          description: 'It is; or how it would be, of a dry run.',
          schema: Type.Object({}, { additionalProperties: true }),
        },
        409: { description: 'It cannot be written so by itself.' },
        412: { description: 'The file is not what is served.' },
      },
      answer: (asked) => toLong(asked, facts),
    },
  ]
}

async function toLong(asked: Asked, facts: ControlFacts): Promise<Response> {
  const known = await writerOf(facts).known()
  if (known === null) return problem('not_now', 'Nothing is served yet.')
  const long = toLongText(known.file, known.text)
  if ('refused' in long) return problem('not_spliced', `${long.refused}.`)
  if (long.text === known.text)
    return jsonAnswer({ changed: false, revision: known.revision, hash: known.hash })
  if (asked.query.get('dry_run') === 'true') {
    const names = [known.file, known.file] as const
    return jsonAnswer({ dry_run: true, changed: true, diff: unifiedDiff(known.text, long.text, { names }) })
  }
  const { changed, warnings } = await facts.apply({
    ...{ text: long.text, by: calledOf(asked.who), note: noteOf(asked, 'the long form') },
    ...{ expected: known.hash, isDryRun: false, confirmWithinMs: null },
  })
  return changedAnswer(changed, 'text', warnings)
}
