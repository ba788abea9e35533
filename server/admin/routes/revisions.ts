// Texts that were served: list them, look at one, compare two. Texts may hold secrets, and are for editors.
import { Type } from '@sinclair/typebox'
import type { NamedText } from '../../control/change/change-facts.ts'
import type { ControlFacts } from '../../control/facts.ts'
import type { Revision } from '../../control/store/revisions.ts'
import { hashFor } from '../../control/store/tag-key.ts'
import { isAtLeast } from '../../control/store/principal.ts'
import { inSlices } from '../../lib/slices.ts'
import { type Diff, diffSteps } from '../../lib/unified-diff.ts'
import { LineCounts } from '../line-counts.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { REVIEW, reviewDocument } from '../review-document.ts'
import { type Asked, param, type Route } from '../route.ts'

const LIMIT_MAX = 200

const REVISION = Type.Object(
  {
    revision: Type.Integer(),
    last: Type.Integer({ description: 'The number of the last reading of the same text in a row.' }),
    time: Type.String(),
    hash: Type.Union([Type.String(), Type.Null()], {
      description:
        'SHA-256 of its bytes, for editors; for others one that says as much only of which are the same.',
    }),
    bytes: Type.Integer(),
    source: Type.String({ description: 'ui, api, file, cli, rollback or start.' }),
    author: Type.Union([Type.String(), Type.Null()]),
    message: Type.Union([Type.String(), Type.Null()]),
    restores: Type.Union([Type.Integer(), Type.Null()], { description: 'The revision whose text it is.' }),
    state: Type.String({ description: 'served, unconfirmed, confirmed or reverted.' }),
    why: Type.Union([Type.String(), Type.Null()]),
    running: Type.Boolean(),
    lines: Type.Optional(
      Type.Union([Type.Object({ removed: Type.Integer(), added: Type.Integer() }), Type.Null()], {
        description: 'That it changed of the text before it; null: that is not kept.',
      }),
    ),
  },
  { title: 'Revision' },
)

type Facts = Pick<ControlFacts, 'changes'>

export function revisionRoutes({ changes }: Facts): readonly Route[] {
  const view = { method: 'GET', permission: 'view', tag: 'Config' } as const
  const path = '/api/v1/config/revisions'
  const counts = new LineCounts()
  return [
    {
      ...view,
      path,
      summary: 'Texts that were served, the newest first',
      query: Type.Object(
        {
          below: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,14}$' })),
          limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,2}$' })),
          lines: Type.Optional(
            Type.Literal('true', { description: 'Counts the lines that each has changed.' }),
          ),
        },
        { additionalProperties: false },
      ),
      answers: {
        200: {
          description: 'Those that are kept: the last fifty.',
          schema: Type.Object({
            revisions: Type.Array(REVISION),
            next: Type.Union([Type.Integer(), Type.Null()], { description: 'For `below` of the next page.' }),
          }),
        },
        503: { description: 'The database cannot be opened.' },
      },
      answer: (asked) => listAnswer(asked, changes, counts),
    },
    {
      ...view,
      path: `${path}/{revision}`,
      summary: 'One of them; its text by Accept: application/yaml, and for editors in JSON',
      answers: {
        200: { description: 'What is known of it.', schema: REVISION },
        403: { description: 'The text is for editors.' },
        404: { description: 'It is not kept.' },
      },
      answer: (asked) => oneAnswer(asked, changes),
    },
    {
      ...view,
      path: `${path}/{revision}/diff/{other}`,
      summary: 'What differs between two; `running` and `disk` are names as well',
      answers: {
        200: { description: 'In words; for editors as a diff, too.', schema: REVIEW },
        403: { description: 'The diff alone (Accept: text/x-diff) is for editors.' },
        404: { description: 'One of them is not kept.' },
      },
      answer: (asked) => diffAnswer(asked, changes),
    },
  ]
}

async function listAnswer(
  { query, who }: Asked,
  changes: Facts['changes'],
  counts: LineCounts,
): Promise<Response> {
  const below = Number(query.get('below') ?? Number.MAX_SAFE_INTEGER)
  const limit = Math.min(Number(query.get('limit') ?? 50), LIMIT_MAX)
  const found = await changes.list(below, limit + 1)
  if (found === null)
    return problem('store_unavailable', 'Revisions are kept in data/state.db, which cannot be opened.')
  const page = found.slice(0, limit)
  const next = found.length > limit ? (page.at(-1)?.number ?? null) : null
  const lines =
    query.get('lines') === 'true' ? await counts.of(found, (number) => changes.read(number)) : null
  const revisions = page.map((one, place) => ({
    ...documentOf(one, changes, who),
    ...(lines !== null && { lines: lines[place] ?? null }),
  }))
  return jsonAnswer({ revisions, next })
}

async function oneAnswer(asked: Asked, changes: Facts['changes']): Promise<Response> {
  const name = param(asked, 'revision')
  const kept = /^[1-9][0-9]{0,14}$/.test(name) ? await changes.read(Number(name)) : null
  if (kept === null) return problem('not_found', `Revision ${name} is not kept.`)
  const { revision, text } = kept
  const isEditor = isAtLeast(asked.who.role, 'editor')
  const accept = asked.request.headers.get('accept') ?? ''
  if (/^(application\/(yaml|toml|octet-stream)|text\/)/.test(accept)) {
    if (!isEditor) return notForViewers()
    return new Response(text, {
      headers: { 'Content-Type': 'text/plain; charset=utf-8', ETag: `"${revision.hash}"` },
    })
  }
  const told = documentOf(revision, changes, asked.who)
  const headers = told.hash === null ? {} : { ETag: `"${told.hash}"` }
  return jsonAnswer({ ...told, ...(isEditor && { text }) }, 200, headers)
}

async function diffAnswer(asked: Asked, changes: Facts['changes']): Promise<Response> {
  const names = [param(asked, 'revision'), param(asked, 'other')] as const
  const [before, after] = await Promise.all(names.map((name) => changes.named(name)))
  if (!before || !after) {
    const missing = names.filter((_, index) => ![before, after][index]).join(' and ')
    return problem('not_found', `There is no text of revision ${missing}.`, {
      hint: 'GET /api/v1/config/revisions lists those that are kept',
    })
  }
  const isEditor = isAtLeast(asked.who.role, 'editor')
  if (asked.request.headers.get('accept')?.startsWith('text/') === true) {
    if (!isEditor) return notForViewers()
    const { diff } = await diffOf(before, after)
    return new Response(diff, { headers: { 'Content-Type': 'text/x-diff; charset=utf-8' } })
  }
  const review = await changes.review(before, after)
  if (review !== null) return jsonAnswer(reviewDocument(review, isEditor))
  // One of them is no valid config any more: its lines can be compared all the same.
  const { diff, went, came } = await diffOf(before, after)
  const problems = [before, after].flatMap(({ name, problems: list }) =>
    list.map(({ path, message }) => ({ of: name, path, message })),
  )
  return jsonAnswer({
    ...(isEditor && { diff }),
    ...{ diff_cut: false, lines: { removed: went, added: came }, changes: [], changes_left_out: 0 },
    ...{ impact: null, problems },
  })
}

const diffOf = (before: NamedText, after: NamedText): Promise<Diff> =>
  inSlices(diffSteps(before.text, after.text, { names: [before.name, after.name] }))

const notForViewers = (): Response =>
  problem('forbidden', 'Texts of the config may hold secrets: they are for the role editor.', {
    members: { required_role: 'editor' },
  })

/** Null: nothing is served yet that would say where the key is. */
function hashOf({ hash }: Revision, served: Facts['changes']['served'], who: Asked['who']): string | null {
  if (served !== null) return hashFor(who, { hash, config: served.edition.config })
  return isAtLeast(who.role, 'editor') ? hash : null
}

const documentOf = (one: Revision, { served }: Facts['changes'], who: Asked['who']) => ({
  revision: one.number,
  last: one.last,
  time: new Date(one.atMs).toISOString(),
  hash: hashOf(one, served, who),
  bytes: one.size,
  source: one.source,
  author: one.author,
  message: one.message,
  restores: one.restores,
  state: one.state,
  why: one.why,
  running: served !== null && one.number <= served.revision && served.revision <= one.last,
})
