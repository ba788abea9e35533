// Changes of the config: what one would do, and to make it.
import { accountOf, calledOf } from '../../control/store/principal.ts'
import { type Static, Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { CHANGED, changedAnswer, waitFacts } from '../changed.ts'
import { hashIn, noteOf, notHash } from '../made-by.ts'
import { LINES } from '../plain-text.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { unwritten } from '../refused-text.ts'
import { reviewDocument, TRIED } from '../review-document.ts'
import type { Asked, Route } from '../route.ts'
import { CONFIRM_S_MAX, WATCH_S_MAX, whyNoText } from './config.ts'

/** A config file, and a little more. */
const BODY_BYTES_MAX = 34 * 1024 * 1024

const BODY = Type.Object(
  {
    text: Type.Optional(
      Type.String({ description: 'The whole text that is to be that of the config file.' }),
    ),
    revision: Type.Optional(
      Type.Integer({ minimum: 1, description: 'In place of a text: that of this revision.' }),
    ),
    message: Type.Optional(
      Type.String({
        maxLength: 1000,
        pattern: LINES,
        description: 'What it is for, kept with the revision.',
      }),
    ),
    confirm_within: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: CONFIRM_S_MAX,
        description: 'Seconds; it is taken back unless it is confirmed by then.',
      }),
    ),
    watch: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: WATCH_S_MAX,
        description:
          'Seconds; it is taken back by itself where the share of 5xx, latency or the share of usable servers worsens against the same time before. GET /api/v1/operations/ID tells.',
      }),
    ),
  },
  { additionalProperties: false },
)
type Body = Static<typeof BODY>

type Facts = Pick<ControlFacts, 'changes' | 'apply' | 'gateway' | 'confirmBy' | 'door' | 'traffic'>

export function changeRoutes(facts: Facts): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/changes',
      permission: 'edit',
      tag: 'Config',
      summary: 'Make a change of the config, or see what it would do',
      query: Type.Object(
        { dry_run: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])) },
        { additionalProperties: false },
      ),
      body: BODY,
      bodyBytesMax: BODY_BYTES_MAX,
      answers: {
        200: {
          description: 'It is served; or what it would do, of a dry run.',
          schema: Type.Union([CHANGED, TRIED]),
        },
        404: { description: 'There is no such revision.' },
        412: { description: 'The file is not the one of If-Match.' },
        422: { description: 'What stands against the text.' },
        428: { description: 'If-Match is missing.' },
      },
      answer: (asked) => changeAnswer(asked, facts),
    },
  ]
}

async function changeAnswer(asked: Asked, facts: Facts): Promise<Response> {
  const { request, query, who } = asked
  const { text, revision, message = null, confirm_within: confirmS, watch: watchS } = asked.body as Body
  if ((text === undefined) === (revision === undefined))
    return problem('body_invalid', 'Either "text" or "revision" says what is to be served.')
  const isDryRun = query.get('dry_run') === 'true'
  const expected = hashIn(request.headers.get('if-match'))
  if (expected === undefined) return notHash()
  if (expected === null && who.kind !== 'local' && !isDryRun)
    return problem(
      'precondition_required',
      'The hash of the text that this was made from goes into If-Match.',
    )
  const kept = revision === undefined ? null : await facts.changes.read(revision)
  if (revision !== undefined && kept === null)
    return problem('not_found', `Revision ${revision} is not kept.`)
  const wanted = text ?? kept?.text ?? ''
  const before = await facts.changes.named('running')
  const { changed, warnings, operation } = await facts.apply({
    text: wanted,
    ...{ by: calledOf(asked.who), account: accountOf(asked.who) },
    // Whoever only looks compares with what is served, whatever stands in the file.
    expected: expected ?? (isDryRun ? '' : null),
    ...{ isDryRun, signal: request.signal },
    confirmWithinMs: confirmS === undefined ? null : confirmS * 1000,
    watchMs: watchS === undefined ? null : watchS * 1000,
    note: { ...noteOf(asked, message), restores: revision ?? null },
  })
  const refused = whyNoText(changed, { text: wanted, expected }, facts)
  if (refused !== null) return refused
  if (changed.is !== 'sound' || before === null)
    return changedAnswer(changed, 'text', warnings, { operation, ...waitFacts(facts, changed) })
  const { edition, notWritable } = changed
  const review = await facts.changes.review(before, { name: 'the new text', text: wanted, edition })
  // What of the last requests would go elsewhere.
  const replay = await facts.traffic.differences(edition.config)
  return jsonAnswer({
    ...{ dry_run: true, hash: edition.hash, warnings },
    ...(notWritable && { not_writable: unwritten({ file: facts.gateway.file, text: wanted }, notWritable) }),
    base: { revision: facts.changes.served?.revision, hash: before.edition?.hash },
    text: wanted,
    ...(review !== null && reviewDocument(review, true)),
    ...(replay !== null && { replay }),
  })
}
