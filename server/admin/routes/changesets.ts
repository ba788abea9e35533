// Several changes of resources at once: all of them, or none.
import { type Static, Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { TRIED } from '../review-document.ts'
import { noteWritten } from '../resources/audited.ts'
import { CHANGE, CHANGE_QUERY, writingOf } from '../resources/asking.ts'
import { hashIn, notHash } from '../made-by.ts'
import { LINES } from '../plain-text.ts'
import { tagAt, type KnownConfig } from '../resources/known-config.ts'
import type { Planned } from '../resources/operations.ts'
import { operationsIn, OPS } from '../resources/sent-operations.ts'
import type { Wanted } from '../resources/sent-place.ts'
import { type Uploaded, withUploads } from '../resources/uploads.ts'
import { writerOf } from '../resources/writers.ts'
import type { WritingFacts } from '../resources/writing.ts'
import type { Asked, Route } from '../route.ts'

const SET = Type.Object(
  {
    ops: OPS,
    base_revision: Type.Optional(Type.Integer({ minimum: 1, description: 'That this was made from.' })),
    message: Type.Optional(
      Type.String({
        maxLength: 1000,
        pattern: LINES,
        description: 'What it is for, kept with the revision.',
      }),
    ),
  },
  { additionalProperties: false },
)

const SET_DONE = Type.Object(
  {
    change: CHANGE,
    ops: Type.Array(
      Type.Object({
        id: Type.String(),
        etag: Type.Optional(Type.String()),
        removed: Type.Optional(Type.Boolean()),
      }),
      { description: 'What became of each, in their order.' },
    ),
  },
  { title: 'ChangesetDone' },
)

export function changesetRoutes(facts: ControlFacts): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/changesets',
      permission: 'edit',
      tag: 'Config',
      summary: 'Change several resources at once: all of it, or nothing',
      query: CHANGE_QUERY,
      body: SET,
      bodyBytesMax: 16 * 1024 * 1024,
      answers: {
        200: {
          description: 'All is served; or what it would do, of a dry run.',
          schema: Type.Union([SET_DONE, TRIED]),
        },
        404: { description: 'One of them is not there.' },
        409: { description: 'One is there already or is named by others, or the file cannot be changed so.' },
        412: {
          description: 'Something is not as it was: `conflicts` has all of it, with who changed it and what.',
        },
        422: { description: 'What stands against it, by places in `ops`.' },
        428: { description: 'Neither base_revision nor If-Match was sent.' },
      },
      answer: (asked) => changeset(asked, facts),
    },
  ]
}

async function changeset(asked: Asked, facts: WritingFacts): Promise<Response> {
  const { ops, base_revision: base, message } = asked.body as Static<typeof SET>
  const ifMatch = asked.request.headers.get('if-match')
  const writer = writerOf(facts)
  const known = await writer.known()
  if (known === null) return problem('not_now', 'Nothing is served yet.')
  if (base === undefined && ifMatch === null && asked.who.kind !== 'local')
    return problem(
      'precondition_required',
      'base_revision, or the hash of the text in If-Match, says what this was made from.',
    )
  const expected = hashIn(ifMatch)
  if (expected === undefined) return notHash()
  const uploads: Uploaded[] = []
  let isServed = false
  try {
    const operations = withFiles(ops, known, uploads)
    if (operations instanceof Response) return operations
    const writing = writingOf(asked, operations)
    if (writing instanceof Response) return writing
    const note = { ...writing.note, ...(message !== undefined && { message }) }
    const written = await writer.write({ ...writing, note, baseRevision: base ?? null, baseHash: expected })
    isServed = written.is !== 'refused' && written.is !== 'tried'
    noteWritten(asked.request, writing.wanted, written)
    return writtenAnswer(written)
  } finally {
    for (const { settle } of uploads) settle(isServed)
  }
}

type Written = Awaited<ReturnType<ReturnType<typeof writerOf>['write']>>

function writtenAnswer(written: Written): Response {
  if (written.is === 'refused') return written.answer
  if (written.is === 'tried') return jsonAnswer(written.document)
  const { known: now, planned, isChanged, isReformatted, warnings, further } = written
  return jsonAnswer({
    change: {
      changed: isChanged,
      revision: now.revision,
      hash: now.hash,
      reformatted: isReformatted,
      warnings,
      ...further,
    },
    ops: planned.map((plan) => outcome(now, plan)),
  })
}

/** Those of a set, with the files of certificates that come in them written: `uploads` has what to settle. */
function withFiles(
  ops: Static<typeof SET>['ops'],
  known: KnownConfig,
  uploads: Uploaded[],
): Wanted[] | Response {
  const operations = operationsIn(ops)
  if (operations instanceof Response) return operations
  const placed: Wanted[] = []
  for (const one of operations) {
    const uploaded = withUploads(known, one.operation, one.pointer)
    if (uploaded instanceof Response) return uploaded
    uploads.push(uploaded)
    placed.push({ ...one, operation: uploaded.operation, sentAs: uploaded.sentAs })
  }
  return placed
}

const outcome = (known: KnownConfig, { path, id }: Planned): object =>
  path === null ? { id, removed: true } : { id, etag: tagAt(known, path) }
