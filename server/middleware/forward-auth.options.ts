import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Duration, FieldName, FieldValue, Name, Size, Words } from '../lib/kinds.ts'
import { isOwnOnAnswer, isOwnOnRequest, OWN_FIELD } from '../lib/own-fields.ts'
import { ModeOption } from './mode.options.ts'

const Names = (description: string, defaults: readonly string[] = []) =>
  Type.Array(FieldName({ description: 'A name.' }), { default: [...defaults], maxItems: 64, description })

export const ForwardAuthOptions = Type.Object(
  {
    mode: ModeOption,
    backend: Name({
      description:
        'Whose servers are asked, with its checks, limits and breakers. Rules need not lead to it.',
    }),
    path: Type.String({
      default: '/',
      pattern: '^/[!-~]{0,2047}$',
      allowed: 'a path, perhaps with a query',
      description: 'Path that is asked for. What the client has asked for is told in X-Forwarded-Uri.',
    }),
    method: Words(['GET', 'HEAD', 'POST', 'same'], {
      default: 'GET',
      description: 'Method of the request to it; same: that of the client.',
    }),
    body: Type.Optional(
      Size({
        least: '1',
        most: '64KiB',
        description:
          'Bodies are sent along, up to this size; longer ones get 413. By method POST or same. Left out: they are not, the head decides.',
      }),
    ),
    host: Type.Optional(
      FieldValue({
        description: 'Host of the request to it. Left out: that of the client, as servers get it.',
      }),
    ),
    request_headers: Names('Header fields of the request that it is sent, and no others.', [
      'Accept',
      'Authorization',
      'Cookie',
      'X-Requested-With',
    ]),
    answer_headers: Names(
      'Header fields of its answer that servers get. Whatever the client has sent under these names is taken out first.',
    ),
    answer_headers_to_client: Names(
      'Header fields of its answer that the client gets with that of the server, such as Set-Cookie, where it let the request pass.',
    ),
    user: Type.Optional(
      FieldName({ description: 'Field of its answer that says who it is, for the access log.' }),
    ),
    timeout: Duration({
      default: '5s',
      least: '10ms',
      most: '10m',
      description: 'Until its whole answer is there.',
    }),
    on_failure: Words(['unavailable', 'deny', 'pass'], {
      default: 'unavailable',
      description:
        'What becomes of requests where it gives no answer, or one of 500 and more. unavailable: 503. deny: 403. pass: they pass, whoever sends them.',
      said: { open: 'write pass', closed: 'write unavailable, or deny' },
    }),
    cache: Type.Optional(
      Type.Object(
        {
          ttl: Duration({
            default: '10s',
            least: '1s',
            most: '1h',
            description: 'So long it is not asked again. Who is locked out meanwhile still passes.',
          }),
          by: Type.Array(FieldName({ description: 'A name.' }), {
            default: ['Authorization', 'Cookie'],
            minItems: 1,
            maxItems: 16,
            description:
              'Fields that tell who it is. Requests without any of them are not remembered, nor is who is refused.',
          }),
          per: Words(['request', 'credentials'], {
            default: 'request',
            description:
              'What its answer holds for. request: the same method, host and path. credentials: all that the same client may ask of this rule.',
          }),
        },
        { description: 'Whom it has let pass, by a digest, in each worker.' },
      ),
    ),
  },
  {
    description:
      'Asks a server of your own whether a request may pass: 2xx lets it, any other answer goes to the client in its place.',
    usual: { backend: 'NAME' },
    also: {
      service: 'backend',
      uri: 'path',
      auth_request_headers: 'request_headers',
      auth_response_headers: 'answer_headers',
      response_headers: 'answer_headers',
      copy_headers: 'answer_headers',
      add_auth_cookies_to_response: 'answer_headers_to_client',
      failure_mode: 'on_failure',
      forward_body: 'body',
      max_body_size: 'body',
    },
    lacks: {
      address: 'name it as a server of a backend, and that backend here',
      url: 'name it as a server of a backend, and that backend here',
      trust_forward_header: 'whom to trust is said by trusted_proxies of the listener',
    },
  },
)
export type ForwardAuthConfig = Static<typeof ForwardAuthOptions>

export function checkForwardAuth(options: ForwardAuthConfig, where: Where): void {
  const { host, answer_headers, answer_headers_to_client, on_failure, cache } = options
  if (host !== undefined && !/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(host))
    where.report(['host'], {
      code: 'wrong-value',
      found: 'a value that is no host',
      allowed: 'host or host:port',
    })
  if (options.body !== undefined && (options.method === 'GET' || options.method === 'HEAD'))
    where.report(['body'], {
      code: 'conflict',
      found: `bodies with method ${options.method}`,
      allowed: 'bodies with method POST or same',
      hint: 'few servers read the body of a GET',
    })
  for (const [place, name] of answer_headers.entries())
    if (isOwnOnRequest(name, 'add')) ownField(['answer_headers', place], name, where)
  for (const [place, name] of answer_headers_to_client.entries())
    if (isOwnOnAnswer(name)) ownField(['answer_headers_to_client', place], name, where)
  if (on_failure === 'pass')
    where.warn(['on_failure'], {
      code: 'conflict',
      found: 'on_failure: pass, which lets everybody in while nobody can be asked',
      allowed: 'unavailable or deny, unless that is meant',
    })
  if (cache?.per === 'credentials' && options.method === 'same')
    where.warn(['cache', 'per'], {
      code: 'conflict',
      found: 'per: credentials, by which who may GET may DELETE as well until the ttl is over',
      allowed: 'per: request where the answer goes by the method or the path',
    })
}

function ownField(path: (string | number)[], name: string, where: Where): void {
  where.report(path, { code: 'conflict', found: `the field ${where.quoted(path, name)}`, ...OWN_FIELD })
}
