// What became of a change of the config, as an answer.
import { Type } from '@sinclair/typebox'
import type { Changed } from '../control/change/changes.ts'
import { jsonAnswer, problem } from './problem.ts'

/** Of an answer to a change. */
export const CHANGED = Type.Object({
  revision: Type.Optional(Type.Integer({ description: 'That is served now.' })),
  hash: Type.String({ description: 'Of the text.' }),
  dry_run: Type.Optional(Type.Boolean({ description: 'Nothing was changed.' })),
  warnings: Type.Optional(Type.Array(Type.String())),
  operation: Type.Optional(Type.String({ description: 'That which watches it: GET /api/v1/operations/ID.' })),
})

export function changedAnswer(
  changed: Changed,
  what: 'file' | 'text',
  warnings: readonly string[] = [],
  operation: string | null = null,
): Response {
  const more = { ...(warnings.length > 0 && { warnings }), ...(operation !== null && { operation }) }
  switch (changed.is) {
    case 'applied':
      return jsonAnswer({ revision: changed.revision, hash: changed.hash, ...more })
    case 'sound':
      return jsonAnswer({ hash: changed.hash, dry_run: true, ...more })
    case 'not_now':
      return problem('not_now', 'The gateway starts or stops: nothing is changed now.')
    case 'rejected': {
      // `text` is the same as a line for people.
      const errors = changed.problems.map(({ text: _, ...item }) => item)
      const missing = errors.find((item) => item.code === 'revision_not_kept')
      if (missing !== undefined) return problem('not_found', `${missing.message}.`, { errors })
      const code = errors.some((item) => item.code === 'file_changed') ? 'file_changed' : 'config_invalid'
      return problem(code, `The ${what} was refused: revision ${changed.revision} goes on.`, { errors })
    }
  }
}
