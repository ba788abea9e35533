// Another server decides who may pass: it is asked about each request, with the fields that are named and
// what X-Forwarded-* say, as Traefik, Caddy and nginx ask. What it says of the client goes to servers in
// fields that no client can send itself.
import type { Answer } from '../head/answer.ts'
import { madeHead } from '../head/copy-head.ts'
import type { RequestHead } from '../head/request-head.ts'
import { giveHead, type ResponseHead } from '../head/response-head.ts'
import { takeOutNamed } from '../head/same-named.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Awaited, SubrequestAnswer, SubrequestFailure } from '../http/subrequest-words.ts'
import { METHOD_HEAD } from '../tables/methods.ts'
import { Access, identityOf } from './access.ts'
import { type Decision, DecisionCache } from './decision-cache.ts'
import type { ForwardAuthConfig } from './forward-auth.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { valuesOf } from './vary.ts'

type Field = readonly [name: string, value: string]

interface Note {
  /** While it is asked. */
  asking: Awaited | null
  /** What the client gets beside the server's answer. */
  toClient: readonly Field[]
}

/** Most bytes of the body of an answer that goes to the client. */
const ANSWER_BYTES_MAX = 256 * 1024

export function forwardAuth(options: ForwardAuthConfig, world: StepWorld): Middleware<Note> {
  const step = new Step(options, world)
  return {
    name: 'forward_auth',
    note: () => ({ asking: null, toClient: [] }),
    request: (x, note) => step.request(x, note),
    ...(options.body !== undefined && { seesBody: true }),
    cancelled: (_, note) => note.asking?.cancel(),
    explain: () => ({ why: `asks backend "${options.backend}"`, depends: true }),
    ...(options.answer_headers_to_client.length > 0 && {
      response: (_, head, { toClient }) => {
        for (const [name, value] of toClient) {
          if (name.toLowerCase() === 'set-cookie') head.add(name, value)
          else head.set(name, value)
        }
      },
    }),
  }
}

type Given = Answer | undefined | Promise<Answer | undefined>

/** What a question goes with. */
interface Asked {
  /** By which its answer is remembered; null: it is not. */
  readonly key: string | null
  /** Of the request that it is about. */
  readonly fields: readonly Field[]
  /** The same; null: it is not sent along. */
  readonly body: Buffer | null
}

/** What says how a body is to be read. */
const OF_BODY = ['Content-Type', 'Content-Encoding', 'Content-Language']

const CANNOT = { code: 'it cannot be asked', detail: null }

class Step {
  readonly #options: ForwardAuthConfig
  readonly #access: Access
  /** In lower case, those that clients cannot send. */
  readonly #ours: ReadonlySet<string>
  readonly #cache: DecisionCache | null

  constructor(options: ForwardAuthConfig, world: StepWorld) {
    this.#options = options
    this.#access = new Access('forward_auth', world)
    this.#ours = new Set(options.answer_headers.map((name) => name.toLowerCase()))
    this.#cache = options.cache === undefined ? null : new DecisionCache(options.cache, world.now)
  }

  request(x: Exchange, note: Note): Given {
    const key = this.#cache === null ? null : this.#cache.keyOf(x.request)
    const known = key === null ? null : (this.#cache?.get(key) ?? null)
    const fields = known === null ? this.#copied(x.request) : []
    if (this.#ours.size > 0) takeOutNamed(x.request, this.#ours)
    if (known !== null) return this.#pass(x, known)
    const { body } = this.#options
    if (body === undefined) return this.#ask(x, note, { key, fields, body: null })
    return x.bodyWithin(body).then((sent) => {
      if (sent !== null) return this.#ask(x, note, { key, fields, body: sent })
      return this.#access.refused(x, { code: 'body_too_large', why: `more than ${body} bytes` })
    })
  }

  #ask(x: Exchange, note: Note, { key, fields, body }: Asked): Given {
    const backend = x.snapshot.backends.get(this.#options.backend)
    const question = this.#question(x, fields, body)
    if (backend === undefined || question === null) return this.#failed(x, CANNOT)
    const asking = x.subrequests.answerOf({
      purpose: 'forward_auth',
      backend,
      request: question,
      ...(body !== null && body.length > 0 && { body: { form: 'length' as const, bytes: body } }),
      totalMs: this.#options.timeout,
      answerBytes: ANSWER_BYTES_MAX,
      priority: x.rule?.priority ?? 0,
    })
    note.asking = asking
    return asking.answer.then((answer) => {
      note.asking = null
      if (answer.is === 'failure') return this.#failed(x, answer)
      try {
        return this.#answered(x, note, answer, key)
      } finally {
        giveHead(answer.head)
      }
    })
  }

  /** The fields that it is sent, as they are now: some are taken out of what servers get. */
  #copied(request: RequestHead): Field[] {
    const { request_headers: names, body } = this.#options
    return [...names, ...(body === undefined ? [] : OF_BODY)].flatMap((name) =>
      valuesOf(request, name.toLowerCase()).map((value): Field => [name, value]),
    )
  }

  /** What it is sent; null: nothing of this client's can be. */
  #question(
    { request, client, listener }: Exchange,
    fields: readonly Field[],
    body: Buffer | null,
  ): RequestHead | null {
    const { path, method, host } = this.#options
    const authority = request.authority.raw.latin1Slice()
    const made = madeHead({
      method: method === 'same' ? request.method : method,
      target: path,
      host: host ?? (authority === '' ? 'localhost' : authority),
      fields,
      ...(body !== null && body.length > 0 && { bodyBytes: body.length }),
    })
    if (typeof made === 'string') return null
    made.set('X-Forwarded-Method', request.method)
    made.set('X-Forwarded-Uri', request.target)
    // Of the others those are written that servers of this listener get.
    if (listener.options.forwarded !== 'forwarded') return made
    made.set('X-Forwarded-Proto', client.scheme)
    made.set('X-Forwarded-Host', authority)
    if (client.address !== null) made.set('X-Forwarded-For', client.address)
    return made
  }

  #answered(x: Exchange, note: Note, answer: SubrequestAnswer, key: string | null): Answer | undefined {
    const { status, head } = answer
    if (status >= 500) return this.#failed(x, { code: `it answered ${status}`, detail: null })
    if (status < 200 || status > 299) {
      const why = `it answered ${status}`
      return this.#access.answered(x, asAnswer(answer, x.request.methodId === METHOD_HEAD), 'refused', why)
    }
    const { answer_headers, answer_headers_to_client, user } = this.#options
    note.toClient = fieldsOf(head, answer_headers_to_client)
    const name = user === undefined ? null : head.get(user.toLowerCase())
    const decision = { fields: fieldsOf(head, answer_headers), user: name }
    // What is meant for this client once is not said to the next one.
    if (key !== null && note.toClient.length === 0) this.#cache?.keep(key, decision)
    return this.#pass(x, decision)
  }

  #pass(x: Exchange, { fields, user }: Decision): undefined {
    for (const [name, value] of fields) x.request.add(name, value)
    // Known to somebody, though nobody tells us by which name: what servers answer is for them.
    x.identity = identityOf('forward_auth', user ?? '')
    return this.#access.passed()
  }

  #failed(
    x: Exchange,
    { code, detail }: Pick<SubrequestFailure, 'detail'> & { code: string },
  ): Answer | undefined {
    const { on_failure: then, backend } = this.#options
    const why = `backend "${backend}": ${code}${detail === null ? '' : `, ${detail}`}`
    if (then === 'pass') return this.#access.passedUnasked()
    return this.#access.refused(x, { code: then === 'deny' ? 'denied' : 'auth_unavailable', why })
  }
}

/** Of these names, in the order in which they are named. */
function fieldsOf(head: ResponseHead, names: readonly string[]): Field[] {
  return names.flatMap((name) => head.values(name.toLowerCase()).map((value): Field => [name, value]))
}

/** RFC 9110 §7.6.1, and what our own answers say themselves. */
const NOT_PASSED: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'content-length', 'x-request-id', 'via', 'alt-svc'],
])

/** What the client gets in place of an answer to its request. */
function asAnswer({ status, head, body }: SubrequestAnswer, isHead: boolean): Answer {
  const listed = new Set(
    head.values('connection').flatMap((value) => value.split(',').map((one) => one.trim().toLowerCase())),
  )
  const headers: Field[] = []
  for (let f = 0; f < head.fields.count; f++) {
    const name = head.fields.name(f)
    const lower = name.toLowerCase()
    if (!NOT_PASSED.has(lower) && !listed.has(lower)) headers.push([name, head.fields.value(f)])
  }
  return { status, headers, body: isHead ? '' : body, fault: null }
}
