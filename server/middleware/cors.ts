// Cross-origin resource sharing, as browsers ask for it (Fetch §3.3): what pages of other origins may read.
import { type Answer, faultAnswer } from '../head/answer.ts'
import { namesFrom } from '../head/named-alike.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { Exchange } from '../http/exchange.ts'
import { METHOD_OPTIONS } from '../tables/methods.ts'
import type { CorsConfig } from './cors.options.ts'
import { Decisions } from './decisions.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { Origins } from './origins.ts'
import { varyBy } from './vary.ts'

/** What is known of one exchange once its request has passed. */
interface Note {
  /** The value of Access-Control-Allow-Origin; '': its answer gets none. */
  allow: string
  /** It was answered here, with all that is to be said. */
  isAnswered: boolean
}

const ALLOW_ORIGIN = 'Access-Control-Allow-Origin'

/** Answers preflights, and says on all other answers who may read them. */
export function cors(options: CorsConfig, world: StepWorld): Middleware<Note> {
  const origins = new Origins(options.origins)
  const { isAll } = origins
  const said = new Said(options)
  const decided = new Decisions('cors_requests_total', world)
  const refuse = (x: Exchange, answer: Answer): Answer | undefined => {
    const refused = world.refuse(x, answer)
    decided.count(refused === undefined ? 'shadow' : 'refused')
    if (refused !== undefined) x.detail = `rules.${world.rule}.cors: origin ${shown(x.request)}`
    return refused
  }
  return {
    name: 'cors',
    isPure: true,
    // All may read the same answer: whoever keeps it need not know who has asked (Fetch §3.3.5).
    note: () => ({ allow: isAll ? '*' : '', isAnswered: false }),
    request(x, note) {
      const { request } = x
      const origin = request.get('origin')
      if (origin === null) return undefined
      const isPreflight = isPreflightOf(request)
      if (origins.has(origin)) {
        decided.count('allowed')
        if (!isAll) note.allow = origin
        note.isAnswered = isPreflight
        return isPreflight ? said.preflight(request, note.allow) : undefined
      }
      if (options.refused === 'pass' && !isPreflight) return void decided.count('refused')
      const answer = refuse(x, options.refused === 'deny' ? DENIAL : said.nothing)
      note.isAnswered = answer !== undefined && isPreflight
      return answer
    },
    response(_, head, note) {
      if (note.isAnswered) return
      if (options.server_fields === 'keep' && head.get('access-control-allow-origin') !== null) return
      removeCors(head)
      if (!isAll) varyBy(head, 'Origin')
      if (note.allow !== '') said.onAnswer(head, note.allow)
    },
  }
}

const DENIAL = faultAnswer('origin_refused')

/** Fetch §3.3.2: a request by which a browser asks whether it may send another one. */
const isPreflightOf = (request: RequestHead): boolean =>
  request.methodId === METHOD_OPTIONS && request.get('access-control-request-method') !== null

/** For the log: who has sent it decides what it says. */
const shown = (request: RequestHead): string => JSON.stringify((request.get('origin') ?? '').slice(0, 128))

type Field = readonly [name: string, value: string]

/** What answers say, made once. */
class Said {
  /** To the preflight of an origin that may nothing. */
  readonly nothing: Answer
  readonly #options: CorsConfig
  readonly #always: readonly Field[]
  readonly #vary: Field
  readonly #expose: string

  constructor(options: CorsConfig) {
    const { methods, headers, credentials, max_age: maxAge, private_network: isPrivate } = options
    this.#options = options
    this.#expose = options.expose.join(', ')
    this.#always = [
      ...(credentials ? [CREDENTIALS] : []),
      // With credentials "*" would be a method of that name (Fetch §3.3.5).
      ...(methods.includes('*')
        ? credentials
          ? []
          : [allowMethods('*')]
        : [allowMethods(methods.join(', '))]),
      ...(headers.includes('*') || headers.length === 0 ? [] : [allowHeaders(headers.join(', '))]),
      ['Access-Control-Max-Age', String(Math.floor(maxAge / 1000))],
    ]
    const asked = ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers']
    if (isPrivate) asked.push('Access-Control-Request-Private-Network')
    this.#vary = ['Vary', asked.join(', ')]
    this.nothing = { status: 204, headers: [this.#vary], body: '', fault: null }
  }

  /** The answer to a preflight of an origin that may; what is not allowed its browser finds out by this. */
  preflight(request: RequestHead, origin: string): Answer {
    const { methods, headers, credentials, private_network: isPrivate } = this.#options
    const fields: Field[] = [[ALLOW_ORIGIN, origin], ...this.#always]
    const method = request.get('access-control-request-method') ?? ''
    if (credentials && methods.includes('*') && LIST.test(method)) fields.push(allowMethods(method))
    const names = request.get('access-control-request-headers') ?? ''
    // "*" would not mean Authorization, and nothing with credentials: those that are asked for are said.
    if (headers.includes('*') && LIST.test(names)) fields.push(allowHeaders(names))
    if (isPrivate && request.get('access-control-request-private-network') === 'true')
      fields.push(['Access-Control-Allow-Private-Network', 'true'])
    fields.push(this.#vary)
    return { status: 204, headers: fields, body: '', fault: null }
  }

  onAnswer(head: ResponseHead, origin: string): void {
    head.set(ALLOW_ORIGIN, origin)
    if (this.#options.credentials) head.set(...CREDENTIALS)
    if (this.#expose !== '') head.set('Access-Control-Expose-Headers', this.#expose)
  }
}

const CREDENTIALS: Field = ['Access-Control-Allow-Credentials', 'true']
const allowMethods = (value: string): Field => ['Access-Control-Allow-Methods', value]
const allowHeaders = (value: string): Field => ['Access-Control-Allow-Headers', value]

/** Tokens between commas (RFC 9110 §5.6.1), of a length that nothing else has to be refused for. */
const LIST = /^(?=.{1,2048}$)[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:, ?[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/

const PREFIX = Buffer.from('access-control-')

/** Takes all that a server says of CORS out of its answer. */
function removeCors(head: ResponseHead): void {
  const names = namesFrom(head.fields, PREFIX)
  if (names !== null) for (const name of names) head.remove(name)
}
