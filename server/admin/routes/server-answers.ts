// What is answered about a server, as OpenAPI describes it.
import { Type } from '@sinclair/typebox'
import { Circuit } from './circuit-answer.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const Time = Type.String({ format: 'date-time' })

const Order = Type.Object(
  {
    kind: Type.String({ description: 'admin, weight, health or circuit.' }),
    value: Type.Union([Type.String(), Type.Integer()]),
    reason: Text,
    by: Type.String(),
    since: Time,
    until: Type.Union([Time, Type.Null()], { description: 'When it ends by itself.' }),
  },
  { title: 'Order' },
)

const Result = Type.Union([Type.Literal('pass'), Type.Literal('fail')])

const CheckState = Type.Object(
  {
    check: Type.String({ description: 'Which it is, in a few words: "http :8081/ready".' }),
    state: Type.String({ description: 'up, down or starting: what it says of the server.' }),
    reason: Text,
    last: Type.Union(
      [Type.Object({ time: Time, result: Result, reason: Text, ms: Type.Number() }), Type.Null()],
      { description: 'How the last of its askings ended.' },
    ),
  },
  { title: 'CheckState' },
)

const PassiveState = Type.Object(
  {
    state: Type.Union([Type.Literal('in'), Type.Literal('out')]),
    mode: Type.Union([Type.Literal('enforce'), Type.Literal('shadow')], {
      description: 'In shadow mode a server that is out gets work all the same.',
    }),
    reason: Text,
    until: Type.Union([Time, Type.Null()], { description: 'When it is in again by itself.' }),
    times: Type.Integer({ description: 'How often it was out since it was in use for long.' }),
    window: Type.String({ description: 'The time that the figures are of.' }),
    attempts: Type.Integer(),
    failures: Type.Integer(),
    last: Type.Union([Type.String(), Type.Null()], {
      description: 'What failed last: the code of a fault, or a status.',
    }),
  },
  { title: 'PassiveState', description: 'How it fares with passive health.' },
)

export const ServerAnswer = Type.Object(
  {
    url: Type.String(),
    healthy: Type.Boolean({ description: 'It gets new work.' }),
    weight: Type.Integer({ description: 'The one in force.' }),
    configured_weight: Type.Optional(
      Type.Integer({ description: 'That of the config, where another is in force.' }),
    ),
    slow_start: Type.Optional(
      Type.Number({
        description: 'What part of its weight it has, as it came up lately; left out: all of it.',
      }),
    ),
    dynamic_weight: Type.Optional(
      Type.Number({
        description:
          'Where weights follow what servers do (dynamic_weights): its weight by that, or what it would be in shadow mode.',
      }),
    ),
    dynamic_weight_shadow: Type.Optional(
      Type.Literal(true, { description: 'That is not in force: dynamic_weights are in shadow mode.' }),
    ),
    panic: Type.Optional(
      Type.Literal(true, {
        description: 'It gets requests although it is down, as fewer are up than panic_threshold asks.',
      }),
    ),
    active_connections: Type.Integer({ description: 'Exchanges, connections or flows that are with it.' }),
    backend: Type.String(),
    server: Type.String(),
    state: Type.String({ description: 'draining or maintenance, else as "operational".' }),
    reason: Text,
    admin: Type.String({ description: 'ready, drain or maintenance.' }),
    operational: Type.String({
      description:
        'up or down, as its checks or a person in their place say; starting: its first checks are not over; unchecked: it has none.',
    }),
    operational_reason: Type.Union([Type.String(), Type.Null()], {
      description:
        'Why it is that, how requests to it fail, or how far its slow start is; null: its checks pass, and that is all.',
    }),
    health_reason: Type.Union([Type.String(), Type.Null()], {
      description: 'Why its checks, or a person in their place, say that it is not up.',
    }),
    drained: Type.Boolean({
      description: 'It gets no new work, and nothing was left of it at some moment since.',
    }),
    checks: Type.Optional(
      Type.Array(CheckState, { description: 'Its checks, in the order of the config: all must pass.' }),
    ),
    circuit_state: Type.String({ description: 'Of its breaker: Closed, Open or HalfOpen.' }),
    circuit: Type.Union([Circuit, Type.Null()], { description: 'Its breaker; null: it has none.' }),
    passive: Type.Optional(PassiveState),
    orders: Type.Optional(Type.Array(Order)),
    warnings: Type.Optional(Type.Array(Type.String())),
  },
  { title: 'Server' },
)

export const HealthAnswer = Type.Composite([
  ServerAnswer,
  Type.Object({
    entries: Type.Array(
      Type.Object({
        time: Time,
        result: Type.Union([Type.String(), Type.Null()], { description: 'pass or fail; null: no check.' }),
        state: Type.String(),
        change: Type.Boolean({ description: 'The state was another one before.' }),
        reason: Text,
        ms: Type.Union([Type.Number(), Type.Null()], { description: 'How long the check took.' }),
        check: Type.Union([Type.String(), Type.Null()], { description: 'Which check it was.' }),
      }),
      { description: 'The last fifty results and the last fifty changes, the newest first.' },
    ),
  }),
])

const One = {
  check: Type.String({ description: 'Which it was, in a few words.' }),
  result: Type.String({ description: 'pass or fail.' }),
  reason: Text,
  ms: Type.Number(),
  status: Type.Union([Type.Integer(), Type.Null()], { description: 'Of an answer by HTTP.' }),
  answer: Type.Union([Type.String(), Type.Null()], { description: 'The first KiB of it.' }),
  answer_bytes: Type.Integer({ description: 'How much of it was read.' }),
}

export const CheckAnswer = Type.Object({
  ...One,
  checks: Type.Array(Type.Object(One), {
    description: 'Each of them. What is beside this list is of the first that failed, or else of the first.',
  }),
  server: ServerAnswer,
})
