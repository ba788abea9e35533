// The config as a whole: apply a text, confirm it, go back.
import { accountOf, calledOf } from '../../control/store/principal.ts'
import { Type } from '@sinclair/typebox'
import { isMoved } from '../../control/change/lock-out.ts'
import type { BackTo } from '../../control/change/roll-back.ts'
import type { Changed } from '../../control/change/changes.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { CHANGED, changedAnswer, waitFacts } from '../changed.ts'
import { TEXT_BYTES_MAX } from '../config-status.ts'
import { otherFormat } from '../config-views.ts'
import { hashIn, keepsAdmin, noteOf, notHash } from '../made-by.ts'
import { LINES } from '../plain-text.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { refusedText } from '../refused-text.ts'
import type { Asked, Route } from '../route.ts'

/** Whoever waits longer for a confirmation has forgotten it. */
export const CONFIRM_S_MAX = 24 * 60 * 60
/** As far back as each second is remembered. */
export const WATCH_S_MAX = 300
export const TEXT_TYPES = [
  'application/yaml',
  'application/toml',
  'application/json',
  'application/octet-stream',
  'text/plain',
  'text/yaml',
]

const QUERY = Type.Object(
  {
    dry_run: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
    confirm_within: Type.Optional(
      Type.String({ pattern: '^[0-9.]+$', allowed: `seconds, up to ${CONFIRM_S_MAX}` }),
    ),
    message: Type.Optional(Type.String({ maxLength: 1000, pattern: LINES })),
    watch: Type.Optional(Type.String({ pattern: '^[0-9.]+$', allowed: `seconds, up to ${WATCH_S_MAX}` })),
  },
  { additionalProperties: false },
)

const BACK_TO = Type.Optional(
  Type.Object(
    {
      revision: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Default: what was served before the present one.' }),
      ),
      message: Type.Optional(Type.String({ maxLength: 1000, pattern: LINES })),
    },
    { additionalProperties: false },
  ),
)

type ConfigFacts = Pick<
  ControlFacts,
  | 'apply'
  | 'gateway'
  | 'confirm'
  | 'confirmBy'
  | 'door'
  | 'isByOldDoor'
  | 'rollBack'
  | 'takenBack'
  | 'changes'
>

export function configRoutes(facts: ConfigFacts): readonly Route[] {
  const edit = { permission: 'edit', tag: 'Config' } as const
  return [
    ...(['PUT', 'POST'] as const).map((method): Route => ({
      ...edit,
      method,
      path: '/api/v1/config',
      summary: 'Make a text that of the config file, and serve it',
      query: QUERY,
      bodyTypes: TEXT_TYPES,
      bodyBytesMax: TEXT_BYTES_MAX,
      answers: {
        200: { description: 'It is served; or it could be, of a dry run.', schema: CHANGED },
        412: { description: 'The file is not the one of If-Match.' },
        422: { description: 'What stands against the text.' },
        428: { description: 'If-Match is missing.' },
      },
      answer: (asked) => applyAnswer(asked, facts),
    })),
    {
      ...edit,
      method: 'POST',
      path: '/api/v1/config/confirm',
      summary: 'Keep a change that waits to be confirmed',
      answers: {
        200: { description: 'It stays.' },
        409: { description: 'Nothing waits.' },
        412: { description: 'Another text is served than the one of If-Match.' },
      },
      answer: (asked) => confirmAnswer(asked, facts),
    },
    {
      ...edit,
      method: 'POST',
      path: '/api/v1/config/rollback',
      summary: 'Go back to what was served before, or to a revision that is kept',
      body: BACK_TO,
      answers: {
        200: { description: 'It is served.', schema: CHANGED },
        409: { description: 'There is nothing to go back to.' },
        412: { description: 'The file is not what is served, nor the one of If-Match.' },
      },
      answer: (asked) => rollBackAnswer(asked, facts),
    },
  ]
}

/** Where the file stood in the way of a text; null: nothing such. */
export function whyNoText(
  changed: Changed,
  { text, expected }: { readonly text: string; readonly expected: string | null },
  { gateway }: Pick<ControlFacts, 'gateway'>,
): Response | null {
  if (changed.is !== 'rejected') return null
  const served = gateway.served()?.edition
  const isServed = served?.hash.startsWith(expected ?? '') === true
  const base = isServed ? served : { text: null, hash: expected ?? '' }
  const errors = changed.problems.map(({ text: _, ...item }) => item)
  return refusedText({ file: gateway.file, base, text, errors })
}

async function applyAnswer(asked: Asked, facts: ConfigFacts): Promise<Response> {
  const { request, query, body, who } = asked
  const { apply, gateway } = facts
  const other = otherFormat(request.headers.get('content-type'), gateway.file)
  if (other !== null) return other
  const expected = hashIn(request.headers.get('if-match'))
  if (expected === undefined) return notHash()
  const isDryRun = query.get('dry_run') === 'true'
  if (expected === null && who.kind !== 'local' && !isDryRun)
    return problem(
      'precondition_required',
      'The hash of the text that this was made from goes into If-Match.',
    )
  const [confirmS, watchS] = [secondsIn(query, 'confirm_within'), secondsIn(query, 'watch')]
  if (confirmS === undefined || watchS === undefined) {
    const [name, most] = confirmS === undefined ? ['confirm_within', CONFIRM_S_MAX] : ['watch', WATCH_S_MAX]
    return problem('query_invalid', `${name} is no number of seconds up to ${most}.`)
  }
  const text = textOf(body)
  if (text === null) return problem('body_malformed', 'The text is no UTF-8.')
  const { changed, warnings, operation } = await apply({
    ...{ text, by: calledOf(asked.who), account: accountOf(asked.who), expected },
    isDryRun,
    confirmWithinMs: confirmS === null ? null : confirmS * 1000,
    watchMs: watchS === null ? null : watchS * 1000,
    note: noteOf(asked, query.get('message')),
  })
  const refused = whyNoText(changed, { text, expected }, facts)
  return refused ?? changedAnswer(changed, 'text', warnings, { operation, ...waitFacts(facts, changed) })
}

const SECONDS_MAX = { confirm_within: CONFIRM_S_MAX, watch: WATCH_S_MAX } as const

/** Null: it is not there; undefined: it is out of its bounds. */
function secondsIn(query: URLSearchParams, name: keyof typeof SECONDS_MAX): number | null | undefined {
  const text = query.get(name)
  if (text === null) return null
  const seconds = Number(text)
  return seconds > 0 && seconds <= SECONDS_MAX[name] ? seconds : undefined
}

/** Whoever goes far back by the admin listener may shut itself out. */
async function movesDoor({ revision = null }: BackTo, changes: ConfigFacts['changes']): Promise<boolean> {
  const to = revision === null ? null : ((await changes.named(String(revision)))?.edition ?? null)
  const from = changes.served?.edition ?? null
  return to !== null && from !== null && isMoved(from, to)
}

function confirmAnswer(asked: Asked, { confirm, door, isByOldDoor, gateway }: ConfigFacts): Response {
  const expected = hashIn(asked.request.headers.get('if-match'))
  if (expected === undefined) return notHash()
  const served = gateway.served()
  if (expected !== null && served?.edition.hash.startsWith(expected) !== true)
    return problem('etag_mismatch', `Revision ${served?.revision} is served, not the one of If-Match.`)
  // Whoever confirms over the old address does not know whether the new one can be reached.
  if (asked.who.kind !== 'local' && isByOldDoor(asked.server))
    return problem('conflict', `The admin listener moved to ${door() ?? 'nowhere'}: confirm over that one.`, {
      hint: 'or with "sluice confirm" on the machine of the gateway; else it comes back by itself',
    })
  return confirm(calledOf(asked.who))
    ? jsonAnswer({})
    : problem('conflict', 'Nothing waits to be confirmed, or it is being taken back already.')
}

/** Null: it is no UTF-8. */
export function textOf(body: unknown): string | null {
  try {
    const bytes = body instanceof Uint8Array ? body : new Uint8Array()
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

async function rollBackAnswer(asked: Asked, facts: ConfigFacts): Promise<Response> {
  const { rollBack, takenBack, changes } = facts
  const expected = hashIn(asked.request.headers.get('if-match'))
  if (expected === undefined) return notHash()
  const to = { ...(asked.body as BackTo | undefined), expected }
  const keeps = keepsAdmin(asked)
  if (asked.who.kind !== 'local' && !keeps && (await movesDoor(to, changes)))
    return problem('conflict', `Revision ${to.revision} has its admin listener elsewhere.`, {
      hint: 'POST /api/v1/changes with this revision waits to be confirmed over the new one; "sluice rollback" on the machine of the gateway does not',
    })
  const done = rollBack(calledOf(asked.who), { ...to, keepsAdmin: keeps })
  if (done !== null) return changedAnswer(await done, 'text')
  const revision = takenBack()
  const why =
    revision === null
      ? 'nothing was changed in this run'
      : `revision ${revision} was taken back already, and what was before it is served`
  return problem('conflict', `There is nothing to go back to: ${why}.`)
}
