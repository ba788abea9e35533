import { Type } from '@sinclair/typebox'
import { Duration, Size } from '../lib/kinds.ts'

/** Of listeners, backends and rules: each goes before the ones named before it. */
export const TotalTimeout = (of: string) =>
  Type.Optional(
    Duration({
      description: `The whole exchange, from the request's head to the end of its answer, retries and waits included: 504 exchange_timeout, or a cut answer once that has begun. Not for tunnels. 0s: no limit. ${of} Left out everywhere: no limit.`,
    }),
  )

export const BackendTimeouts = Type.Object(
  {
    connect: Duration({ default: '5s', least: '1ms', description: 'Until a connection stands.' }),
    response: Duration({
      default: '60s',
      least: '1ms',
      description:
        'From the end of the request, or the last interim answer (1xx), to the head of the answer.',
    }),
    idle: Duration({
      default: '30s',
      least: '1ms',
      description: "A pause within the server's answer or its reading of our request.",
    }),
    stream: Duration({
      default: '10m',
      least: '1ms',
      description:
        'A pause between the pieces of an answer of no known length: event streams, and what is flushed piece by piece. Counts where it is longer than idle.',
    }),
    rate_min: Size({
      default: '240',
      most: '1GiB',
      description:
        'Bytes a second that a server must take of the body of a request beyond its first 5s, judged once that waits for longer than idle; beneath it 504. 0: any rate.',
    }),
    total: TotalTimeout('Goes before that of the listener.'),
  },
  {
    default: {},
    description: 'How long servers may take. A rule may have its own.',
    also: { read: 'response', first_byte: 'response', request: 'total' },
    lacks: { attempt: 'it belongs to "retry", as "timeout"' },
  },
)

const own = (description: string) => Type.Optional(Duration({ least: '1ms', description }))

/** What is written goes before what the backend says. */
export const RuleTimeouts = Type.Object(
  {
    connect: own('Until a connection to a server stands.'),
    response: own(
      'From the end of the request, or the last interim answer (1xx), to the head of the answer.',
    ),
    idle: own("A pause within the server's answer or its reading of our request."),
    stream: own('A pause between the pieces of an answer of no known length.'),
    attempt: Type.Optional(
      Duration({
        description:
          'One attempt, to the head of its answer: in place of retry.timeout of the backend. 0s: no limit.',
      }),
    ),
    total: TotalTimeout('Goes before those of the backend and the listener.'),
    client_idle: own(
      'A pause of the client in sending its body or in taking the answer: in place of timeouts.idle of the listener.',
    ),
    tunnel: own(
      'How long an upgraded connection (WebSocket) may be silent: in place of that of the listener.',
    ),
    rate_min: Type.Optional(
      Size({
        most: '1GiB',
        description:
          'Bytes a second that a body must average, in either direction: in place of limits.rate_min of the listener. 0: any rate.',
      }),
    ),
  },
  {
    description:
      'How long its servers and exchanges may take: what is written here is in place of what the backend says, tighter or looser.',
    also: { read: 'response', first_byte: 'response', request: 'total', per_try: 'attempt' },
    lacks: {
      head: 'it belongs to the listener: no rule is known before the head is there',
      keep_alive: 'it belongs to the listener',
      step: 'it belongs to the listener',
    },
  },
)
