// Credentials of TURN: such as an application that shares the secret of a listener would make, and for a
// short test of the relay from a browser.
import { type Static, Type } from '@sinclair/typebox'
import type { Config } from '../../config/schema.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { type AddressesByName } from '../../control/sockets/binds.ts'
import { parseBind, writeBind } from '../../lib/bind.ts'
import { httpsPortsOf, iceServersOf } from '../../lib/ice-servers.ts'
import { canonicalAddress } from '../../lib/ip-address.ts'
import { makeCredentials, parseRestName } from '../../turn/state/rest-names.ts'
import type { TurnListenerConfig } from '../../turn/turn.options.ts'
import { noteForAudit } from '../audit-notes.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { Asked, Route } from '../route.ts'

const TTL_S = { default: 86_400, most: 24 * 86_400 } as const

const BODY = Type.Object(
  {
    listener: Type.Optional(
      Type.String({ maxLength: 64, description: 'Needed where there is more than one.' }),
    ),
    name: Type.Optional(
      Type.String({
        maxLength: 400,
        pattern: '^[^\\x00-\\x1f\\x7f]*$',
        allowed: 'up to 400 characters without control characters',
        description: 'Whom quotas and lists count it for; none: nobody in particular.',
      }),
    ),
    ttl: Type.Optional(
      Type.Integer({
        ...{ minimum: 1, maximum: TTL_S.most },
        description: `Seconds; default ${TTL_S.default}, a day.`,
      }),
    ),
    host: Type.Optional(
      Type.String({
        maxLength: 255,
        description: 'Name or address by which clients reach the gateway; default what the config tells.',
      }),
    ),
    test: Type.Optional(
      Type.Boolean({
        description:
          'For a test of the relay: good for a minute, also where the listener has no secrets; name and ttl are not taken.',
      }),
    ),
  },
  { additionalProperties: false },
)

const ICE_SERVER = Type.Object({
  urls: Type.Array(Type.String()),
  username: Type.Optional(Type.String()),
  credential: Type.Optional(Type.String()),
})
const MADE = Type.Object(
  {
    listener: Type.String(),
    realm: Type.String(),
    username: Type.Union([Type.String(), Type.Null()], { description: 'Null: everybody is let in.' }),
    password: Type.Union([Type.String(), Type.Null()]),
    ttl_s: Type.Union([Type.Integer(), Type.Null()]),
    expires: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    uris: Type.Array(Type.String(), { description: 'Of TURN, as the REST API for TURN services has them.' }),
    iceServers: Type.Array(ICE_SERVER, { description: 'For new RTCPeerConnection({ iceServers }).' }),
    snippet: Type.String({ description: 'The same as JavaScript.' }),
    note: Type.Union([Type.String(), Type.Null()], { description: 'What the URLs may lack.' }),
  },
  { title: 'TurnCredentials' },
)

type Facts = Pick<ControlFacts, 'gateway' | 'turn'>

export const turnCredentialRoutes = (facts: Facts): readonly Route[] => [
  {
    method: 'POST',
    path: '/api/v1/turn/credentials',
    permission: 'operate',
    tag: 'TURN',
    summary: 'Make time-limited credentials of a turn listener, or some for a short test',
    body: BODY,
    answers: {
      200: { description: 'They are kept nowhere.', schema: MADE },
      404: { description: 'There is no such turn listener.' },
      409: { description: 'The listener has users of the config only, or there is no relay.' },
    },
    answer: (asked) => credentials(asked, facts),
  },
]

interface Named {
  readonly name: string
  readonly listener: TurnListenerConfig
}

function credentials(asked: Asked, { gateway, turn }: Facts): Response {
  const {
    listener,
    name = '',
    ttl = TTL_S.default,
    host = null,
    test = false,
  } = asked.body as Static<typeof BODY>
  const config = gateway.served()?.edition.config
  if (config === undefined) return problem('not_now', 'Nothing is served yet.')
  const wrong = host === null ? null : whyNoHost(host)
  if (wrong !== null)
    return problem('body_invalid', wrong, { errors: [{ pointer: '/host', code: 'invalid', message: wrong }] })
  const found = namedOf(config, listener)
  if (found instanceof Response) return found
  const made = test ? forTest(found, turn) : madeOf(found, name, ttl)
  if (made instanceof Response) return made
  noteForAudit(asked.request, {
    resource: `listeners/${found.name}`,
    after: { username: made?.username ?? null, ttl_s: made?.ttl_s ?? null, test },
  })
  return jsonAnswer(documentOf(found, made, { config, addresses: gateway.addresses(), host }))
}

function namedOf({ listeners }: Config, wanted: string | undefined): Named | Response {
  const all = Object.entries(listeners).flatMap(([name, one]) =>
    one.protocol === 'turn' ? [{ name, listener: one }] : [],
  )
  const names = all.map(({ name }) => name).join(', ')
  const [first, second] = all
  if (first === undefined) return problem('not_found', 'This gateway has no turn listener.')
  if (wanted === undefined)
    return second === undefined
      ? first
      : problem('body_invalid', `There is more than one turn listener: ${names}.`, {
          errors: [{ pointer: '/listener', code: 'missing', message: `name one of ${names}` }],
        })
  const found = all.find(({ name }) => name === wanted)
  return found ?? problem('not_found', `There is no turn listener ${wanted}; there are: ${names}.`)
}

interface MadeCredentials {
  readonly username: string
  readonly password: string
  readonly ttl_s: number
}

/** Null: everybody is let in. */
function madeOf(
  { name, listener: { auth } }: Named,
  user: string,
  ttlS: number,
): MadeCredentials | null | Response {
  if (auth === 'none') return null
  const [secret] = auth.secrets
  if (secret !== undefined) return { ...makeCredentials(secret, user, ttlS, Date.now() / 1000), ttl_s: ttlS }
  return problem(
    'conflict',
    `Listener ${name} has users of the config only: no credentials are made for it.`,
    {
      cause: 'auth.secrets is empty, and passwords of auth.users are never told.',
      hint: `add a secret to listeners.${name}.auth.secrets, or ask with "test": true for a test of a minute`,
    },
  )
}

function forTest({ listener: { auth } }: Named, turn: Facts['turn']): MadeCredentials | null | Response {
  if (auth === 'none') return null
  return turn.testCredentials() ?? problem('conflict', 'There is no TURN relay now.')
}

interface Around {
  readonly config: Config
  readonly addresses: AddressesByName
  readonly host: string | null
}

function documentOf(
  { name, listener }: Named,
  made: MadeCredentials | null,
  { config, addresses, host }: Around,
): object {
  const told = made === null ? {} : { username: made.username, credential: made.password }
  const open = openAt(name, listener, addresses)
  const { iceServers, note } = iceServersOf(
    { listener: open, httpsPorts: httpsPortsOf(name, config.listeners) },
    host,
    told,
  )
  return {
    ...{ listener: name, realm: listener.realm },
    username: made?.username ?? null,
    password: made?.password ?? null,
    ttl_s: made?.ttl_s ?? null,
    expires: made && new Date((parseRestName(made.username)?.expiryS ?? 0) * 1000).toISOString(),
    uris: iceServers.flatMap(({ urls }) => urls).filter((url) => url.startsWith('turn')),
    iceServers,
    snippet: `new RTCPeerConnection(${JSON.stringify({ iceServers }, null, 2)})`,
    note: note?.replace('; name it with --host', '; name it as host') ?? null,
  }
}

/** With the ports that were chosen where the config leaves them open. */
function openAt(name: string, listener: TurnListenerConfig, addresses: AddressesByName): TurnListenerConfig {
  const withPort = (bind: string, at: AddressesByName[string] | undefined): string => {
    const [address] = [at ?? []].flat()
    return address === undefined ? bind : writeBind(parseBind(bind).host, parseBind(address).port)
  }
  const { tls } = listener
  return {
    ...listener,
    bind: withPort(listener.bind, addresses[name]),
    ...(tls !== undefined && { tls: { ...tls, bind: withPort(tls.bind, addresses[`${name}.tls`]) } }),
  }
}

const whyNoHost = (host: string): string | null =>
  /^[A-Za-z0-9._-]+$/.test(host) || canonicalAddress(host.replace(/^\[(.*)\]$/, '$1')) !== null
    ? null
    : `${JSON.stringify(host)} is no name or address; its ports stand in the config.`
