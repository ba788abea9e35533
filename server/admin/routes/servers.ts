// States of servers: what persons order of them, and what checks found. None of it is in the config.
import { type TSchema, Type } from '@sinclair/typebox'
import type { ControlFacts, ServerDesk } from '../../control/facts.ts'
import type { ServerDocument } from '../../control/order-desk.ts'
import type { HealthEntry } from '../../control/health/history.ts'
import type { NamedOnce } from '../../control/health/schedule.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { type Asked, param, type Route } from '../route.ts'
import { calledOf } from '../../control/store/principal.ts'
import { noteForAudit } from '../audit-notes.ts'
import { CHANGED } from '../changed.ts'
import { CircuitBody, orderCircuit } from './server-circuit.ts'
import { CheckAnswer, HealthAnswer, ServerAnswer } from './server-answers.ts'
import { persist, PersistBody, type PersistFacts } from './server-persist.ts'
import { HealthBody, StateBody, wantedOf } from './server-words.ts'

/** So much of the answer to a check is shown. */
const SHOWN_BYTES = 1024

const SERVER = '/api/v1/backends/{backend}/servers/{server}'
const NONE = { 404: { description: 'The config has no such server.' } }
const now = (schema: TSchema) => ({ 200: { description: 'How the server is now.', schema }, ...NONE })
const STATE = now(ServerAnswer)

const view = { method: 'GET', permission: 'view', tag: 'Servers' } as const
const operate = { permission: 'operate', tag: 'Servers' } as const

export const serverRoutes = (facts: PersistFacts): readonly Route[] => [
  ...stateRoutes(facts),
  ...healthRoutes(facts),
]

function stateRoutes(facts: PersistFacts): readonly Route[] {
  const state = `${SERVER}/state`
  return [
    {
      ...view,
      path: state,
      summary: 'How a server is: administrative and operational',
      answers: STATE,
      answer: (asked) => withServer(facts, asked, (desk, at) => shown(desk.document(...at))),
    },
    {
      ...operate,
      method: 'PUT',
      path: state,
      summary: 'Drain a server, put it in maintenance or make it ready; give it another weight',
      body: StateBody,
      answers: STATE,
      answer: (asked) => order(facts, asked),
    },
    {
      ...operate,
      method: 'DELETE',
      path: state,
      summary: 'Make a server ready, with the weight of the config',
      answers: STATE,
      answer: (asked) => order(facts, { ...asked, body: { admin: 'ready', weight: null } }),
    },
    {
      ...operate,
      method: 'POST',
      path: `${state}/persist`,
      permission: 'edit',
      summary:
        'Write the weight that is ordered to the config file, or take a server out of it that is out of use',
      body: Type.Optional(PersistBody),
      answers: {
        200: { description: 'It is served, and stands in the file.', schema: CHANGED },
        ...NONE,
        409: { description: 'There is nothing to write, or the file cannot be changed so.' },
        412: { description: 'The file is not what is served.' },
      },
      answer: (asked) => withServer(facts, asked, (desk, at) => persist(facts, desk, at, asked)),
    },
  ]
}

function healthRoutes(facts: Pick<ControlFacts, 'desk'>): readonly Route[] {
  return [
    {
      ...view,
      path: `${SERVER}/health`,
      summary: 'What was found of a server lately: the last results of checks, and changes of its state',
      answers: now(HealthAnswer),
      answer: (asked) => withServer(facts, asked, historyOf),
    },
    {
      ...operate,
      method: 'PUT',
      path: `${SERVER}/health`,
      summary: 'Say that a server is up or down, whatever its checks say',
      body: HealthBody,
      answers: STATE,
      answer: (asked) => order(facts, asked),
    },
    {
      ...operate,
      method: 'POST',
      path: `${SERVER}/circuit`,
      summary: 'Open or close the breaker of a server by hand, or leave it to how attempts fare',
      body: CircuitBody,
      answers: { ...STATE, 409: { description: 'Its backend has no "circuit_breaker".' } },
      answer: (asked) => withServer(facts, asked, (desk, at) => circuit(desk, at, asked)),
    },
    {
      ...operate,
      method: 'POST',
      path: `${SERVER}/checks/run`,
      summary: 'Check a server now, once',
      answers: {
        200: { description: 'What came of it.', schema: CheckAnswer },
        ...NONE,
        409: { description: 'There is nothing to ask it.' },
      },
      answer: (asked) => withServer(facts, asked, check),
    },
    {
      ...operate,
      method: 'POST',
      path: `${SERVER}/passive/reset`,
      summary: 'Bring a server back at once that passive health has taken out',
      answers: { ...STATE, 409: { description: 'Passive health has not taken it out.' } },
      answer: (asked) => withServer(facts, asked, (desk, at) => bringBack(desk, at, asked)),
    },
  ]
}

type At = readonly [backend: string, server: string]

/** The answer about a server that there is. */
function withServer(
  { desk }: Pick<ControlFacts, 'desk'>,
  asked: Asked,
  answer: (desk: ServerDesk, at: At) => Response | Promise<Response>,
): Response | Promise<Response> {
  const [backend, word] = [param(asked, 'backend'), param(asked, 'server')]
  const own = desk()
  if (own === null) return problem('not_now', 'The gateway has no config yet.')
  const server = own.named(backend, word)
  return server === null ? notThere(own, [backend, word]) : answer(own, [backend, server])
}

function notThere(desk: ServerDesk, [backend, server]: At): Response {
  const known = desk.names(backend)
  if (known === null) return problem('not_found', `The config has no backend "${backend}".`)
  const shownNames = known.slice(0, 10).join(', ')
  const more = known.length > 10 ? ` and ${known.length - 10} more` : ''
  const detail = `Backend "${backend}" has no server "${server}"; it has: ${shownNames}${more}.`
  return problem('not_found', detail, { hint: 'a URL as a name is written with %2F for each "/"' })
}

/** For the audit. */
const orderedOf = (document: ServerDocument | null): unknown => document?.orders ?? []

const shown = (document: object | null): Response =>
  document === null ? problem('not_found', 'The config names this server no more.') : jsonAnswer(document)

function order(facts: Pick<ControlFacts, 'desk'>, asked: Asked): Response | Promise<Response> {
  return withServer(facts, asked, async (desk, at) => {
    const wanted = wantedOf(asked, Date.now())
    if (wanted instanceof Response) return wanted
    const before = desk.document(...at)
    const after = await desk.order(...at, wanted)
    noteForAudit(asked.request, { before: orderedOf(before), after: orderedOf(after) })
    return shown(after)
  })
}

async function circuit(desk: ServerDesk, at: At, asked: Asked): Promise<Response> {
  const after = await orderCircuit(desk, at, asked)
  return after instanceof Response ? after : shown(after)
}

function historyOf(desk: ServerDesk, at: At): Response {
  const document = desk.document(...at)
  return shown(document && { ...document, entries: (desk.history(...at) ?? []).map(entryOf) })
}

const entryOf = ({ atMs, isChange, ms, ...entry }: HealthEntry): object => ({
  time: new Date(atMs).toISOString(),
  ...entry,
  change: isChange,
  ms: ms === null ? null : rounded(ms),
})

function bringBack(desk: ServerDesk, at: At, asked: Asked): Response {
  const before = desk.document(...at)?.passive ?? null
  if (!desk.bringBack(...at, calledOf(asked.who)))
    return problem('conflict', 'Passive health has not taken this server out.', {
      hint: before === null ? 'its backend has no "passive_health"' : 'its "state" says how it is',
    })
  const document = desk.document(...at)
  noteForAudit(asked.request, { before, after: document?.passive ?? null })
  return shown(document)
}

async function check(desk: ServerDesk, at: At): Promise<Response> {
  const all = await desk.check(...at)
  const first = all.find(({ reason }) => reason !== null) ?? all[0]
  return first === undefined
    ? problem('conflict', 'A server that is spoken to by UDP needs a "health_check" that says what to send.')
    : shown({ ...checkOf(first), checks: all.map(checkOf), server: desk.document(...at) })
}

const checkOf = ({ check: called, reason, ms, seen }: NamedOnce): object => ({
  check: called,
  result: reason === null ? 'pass' : 'fail',
  reason,
  ms: rounded(ms),
  status: seen?.status ?? null,
  answer: seen === null ? null : new TextDecoder().decode(seen.bytes.subarray(0, SHOWN_BYTES)),
  answer_bytes: seen?.bytes.length ?? 0,
})

/** To a tenth. */
const rounded = (ms: number): number => Math.round(ms * 10) / 10
