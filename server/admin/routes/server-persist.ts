// Writes what is ordered of a server into the config file: its weight; or the server leaves it.
import { calledOf } from '../../control/store/principal.ts'
import { Type, type Static } from '@sinclair/typebox'
import { editConfig } from '../../config/edit/config-edit.ts'
import type { Edit } from '../../config/edit/values.ts'
import type { Served } from '../../control/change/apply.ts'
import type { ControlFacts, ServerDesk } from '../../control/facts.ts'
import { changedAnswer } from '../changed.ts'
import { noteOf } from '../made-by.ts'
import { problem } from '../problem.ts'
import type { Asked } from '../route.ts'

export type PersistFacts = Pick<ControlFacts, 'desk' | 'apply' | 'gateway'>
type At = readonly [backend: string, server: string]

export const PersistBody = Type.Object(
  {
    remove: Type.Optional(
      Type.Boolean({ description: 'Take the server out of the file; it must be in drain or maintenance.' }),
    ),
  },
  { additionalProperties: false },
)

/** The answer to a change of the config; the weight in the file needs no order any more. */
export async function persist(
  facts: PersistFacts,
  desk: ServerDesk,
  at: At,
  asked: Asked,
): Promise<Response> {
  const { remove = false } = (asked.body ?? {}) as Static<typeof PersistBody>
  const served = facts.gateway.served()
  const path = served && pathOf(served, at)
  const document = desk.document(...at)
  if (served === null || path === null || document === null)
    return problem('not_now', 'The config has just changed.')
  if (remove && document.admin === 'ready')
    return problem(
      'conflict',
      `Server "${at[1]}" is in use: order drain or maintenance before it is removed.`,
    )
  const weight = document.orders?.find(({ kind }) => kind === 'weight')?.value
  if (!remove && typeof weight !== 'number')
    return problem('conflict', `No weight is ordered of server "${at[1]}": there is nothing to write.`)
  const edit: Edit = remove
    ? { do: 'remove', path }
    : { do: 'set', path: [...path, 'weight'], to: Number(weight) }
  const { text, hash } = served.edition
  const edited = editConfig(facts.gateway.file, text, [edit])
  if ('refused' in edited)
    return problem('conflict', `The file cannot be changed so: ${edited.refused}.`, {
      hint: '`sluice edit` shows what it can do, with --long also out of the short form',
    })
  const { changed, warnings } = await facts.apply({
    ...{ text: edited.text, by: calledOf(asked.who), expected: hash, isDryRun: false, confirmWithinMs: null },
    note: noteOf(asked, remove ? `server ${at[1]} removed` : `weight of server ${at[1]}: ${weight}`),
  })
  if (changed.is === 'applied' && !remove) await takeBack(desk, at, asked)
  return changedAnswer(changed, 'text', warnings)
}

/** Where a server stands in the long form. */
function pathOf({ edition }: Served, [backend, server]: At): (string | number)[] | null {
  const index = edition.config.backends[backend]?.servers.findIndex(
    ({ name, url }) => (name ?? url) === server,
  )
  return index === undefined || index < 0 ? null : ['backends', backend, 'servers', index]
}

const takeBack = (desk: ServerDesk, at: At, { who }: Asked): Promise<unknown> =>
  desk.order(...at, {
    ...{ weight: null, reason: 'it stands in the config', by: calledOf(who), sinceMs: Date.now() },
    ...{ untilMs: null, endsConnections: false },
  })
