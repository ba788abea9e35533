// What became of a change of the config, as an answer.
import { Type } from '@sinclair/typebox'
import type { Changed } from '../control/change/changes.ts'
import type { ControlFacts } from '../control/facts.ts'
import { jsonAnswer, problem } from './problem.ts'
import { otherFileIn, refusedToAuthor, UNWRITTEN, unwritten } from './refused-text.ts'

/** Of an answer to a change. */
export const CHANGED = Type.Object(
  {
    revision: Type.Optional(Type.Integer({ description: 'That is served now.' })),
    hash: Type.String({ description: 'Of the text.' }),
    dry_run: Type.Optional(Type.Boolean({ description: 'Nothing was changed.' })),
    warnings: Type.Optional(Type.Array(Type.String())),
    not_writable: Type.Optional(UNWRITTEN),
    operation: Type.Optional(
      Type.String({ description: 'That which watches it: GET /api/v1/operations/ID.' }),
    ),
    confirm_by: Type.Optional(
      Type.String({ description: 'When it is taken back unless POST /api/v1/config/confirm came.' }),
    ),
    admin: Type.Optional(
      Type.String({
        description: 'Of a change that waits: where the admin listener is now, over which to confirm.',
      }),
    ),
  },
  { title: 'Changed' },
)

/** Of a change that waits: until when, and over which address it is to be confirmed. */
export function waitFacts(
  { confirmBy, door }: Pick<ControlFacts, 'confirmBy' | 'door'>,
  { is }: Changed,
): Readonly<Record<string, string | null>> {
  const until = is === 'applied' ? confirmBy() : null
  return until === null ? {} : { confirm_by: until, admin: door() }
}

export function changedAnswer(
  changed: Changed,
  what: 'file' | 'text',
  warnings: readonly string[] = [],
  further: Readonly<Record<string, string | null | undefined>> = {},
): Response {
  const told = Object.entries(further).filter(([, value]) => typeof value === 'string')
  const more = { ...(warnings.length > 0 && { warnings }), ...Object.fromEntries(told) }
  switch (changed.is) {
    case 'applied':
      return jsonAnswer({ revision: changed.revision, hash: changed.hash, ...more })
    case 'sound': {
      const { edition, notWritable } = changed
      // Whoever sent the text has it.
      const told = notWritable && {
        not_writable: unwritten({ file: '', text: '', seesFile: false }, notWritable),
      }
      return jsonAnswer({ hash: edition.hash, dry_run: true, ...more, ...told })
    }
    case 'not_now':
      return problem('not_now', 'The gateway starts or stops: nothing is changed now.')
    case 'rejected': {
      // `text` is the same as a line for people.
      const errors = changed.problems.map(({ text: _, ...item }) => item)
      const missing = errors.find((item) => item.code === 'revision_not_kept')
      if (missing !== undefined) return problem('not_found', `${missing.message}.`, { errors })
      const forAdmins = refusedToAuthor(errors)
      if (forAdmins !== null) return forAdmins
      const code = otherFileIn(changed.problems) ?? 'config_invalid'
      const refused = code === 'config_invalid' ? `The ${what} was refused` : 'Nothing was changed'
      return problem(code, `${refused}: revision ${changed.revision} goes on.`, { errors })
    }
  }
}
