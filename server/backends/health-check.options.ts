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
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: 'Where the check asks, in place of the port that the server is used at.',
      }),
    ),
    host: Type.Optional(
      Type.String({
        maxLength: 255,
        pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?)(:[0-9]{1,5})?$',
        allowed: 'a name or an address, perhaps with a port: app.example.org, "[2001:db8::1]:8080"',
        description:
          'Host of the request, and what TLS asks for and its certificate must be for, in place of what the URL of the server says, and of server_name in tls.',
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
    follow_redirects: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 10,
      description:
        'Of an http check: so many redirects are followed, to the same server alone; one that leads elsewhere fails. 0: the redirect itself is the answer.',
    }),
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
    description: 'One question that the supervisor asks each server, to know whether it is up.',
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
      hostname: 'host',
      server_name: 'host',
      redirects: 'follow_redirects',
    },
    lacks: {
      cooldown: 'see "cooldown" of "passive_health"',
      grpc: 'gRPC is not spoken with servers: check it with type tcp, or an http check at another port',
      enabled: 'leave "health_check" out to check nothing',
    },
  },
)

/** One, or a list of them. */
export const HealthChecks = OneOrMore(
  HealthCheckOptions,
  'How the supervisor asks each server whether it is up: one check, or a list of them, all of which must pass.',
)
export type HealthCheckConfig = Static<typeof HealthCheckOptions>
