import { Type, type Static } from '@sinclair/typebox'
import { Bytes, Duration, FieldValue, MapOf, OneOrMore, Regex, Size, Words } from '../lib/kinds.ts'

export const HealthCheckOptions = Type.Object(
  {
    type: Type.Optional(
      Words(['http', 'tcp', 'udp'], {
        description:
          'An HTTP request, a TCP connect, or a datagram. Default: http for http servers, tcp for tcp ones, udp for udp ones.',
      }),
    ),
    send: Type.Optional(
      Bytes({
        description:
          'Of a tcp check: what is sent once it is connected, with escapes: \\r \\n \\t \\0 \\\\ and \\xHH. It goes with expect.data or expect.data_regex. Of a udp check, which needs it: the datagram; without one of these a server passes where nothing says that nobody is there.',
      }),
    ),
    path: Type.String({
      default: '/',
      pattern: '^/[!-~]*$',
      allowed: 'a path that begins with "/", without blanks',
      description: 'Target of the request.',
    }),
    method: Words(['GET', 'HEAD', 'OPTIONS', 'POST'], {
      default: 'GET',
      description: 'Method of the request.',
    }),
    headers: MapOf('field-name', FieldValue({ description: 'Value.' }), 'Fields of the request.'),
    interval: Duration({
      default: '10s',
      least: '10ms',
      description: 'Between checks of a server that is up, ±10 %.',
    }),
    interval_down: Duration({
      default: '5s',
      least: '10ms',
      description: 'Between checks of a server that is down, ±10 %.',
    }),
    timeout: Duration({ default: '2s', least: '1ms', description: 'A check must be over within this time.' }),
    rise: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 100,
      description: 'Passes in a row that bring a server up.',
    }),
    fall: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 100,
      description: 'Failures in a row that take a server down.',
    }),
    expect: Type.Object(
      {
        status: OneOrMore(
          Type.Unsafe<string>({
            type: ['string', 'integer'],
            format: 'status-range',
            description: 'A status or a range: 200, "200-399", "2xx".',
          }),
          'Statuses that pass.',
          ['200-399'],
        ),
        body: Type.Optional(Type.String({ minLength: 1, description: 'Text that the body must contain.' })),
        body_regex: Type.Optional(Regex({ description: 'A pattern that the body must match.' })),
        body_limit: Size({
          default: '64KiB',
          least: '1',
          most: '16MiB',
          description: 'How much of the body is read.',
        }),
        data: Type.Optional(
          Bytes({
            description: 'Of a tcp check: bytes that the answer must contain, with escapes as in send.',
          }),
        ),
        data_regex: Type.Optional(
          Regex({ description: 'Of a tcp check: a pattern that the answer, read as latin1, must match.' }),
        ),
        data_limit: Size({
          default: '4KiB',
          least: '1',
          most: '1MiB',
          description: 'Of a tcp check: how much of the answer is read.',
        }),
      },
      { default: {}, description: 'What passes.' },
    ),
  },
  {
    description: 'How the supervisor asks each server whether it is up.',
    also: {
      uri: 'path',
      url: 'path',
      endpoint: 'path',
      healthy: 'rise',
      healthy_threshold: 'rise',
      passes: 'rise',
      unhealthy: 'fall',
      unhealthy_threshold: 'fall',
      fails: 'fall',
      retries: 'fall',
    },
    lacks: {
      port: 'servers are checked at the port that they are used at',
      enabled: 'leave "health_check" out to check nothing',
    },
  },
)
export type HealthCheckConfig = Static<typeof HealthCheckOptions>
