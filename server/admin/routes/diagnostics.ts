// One document with all that helps to find out what is wrong.
import { type TSchema, Type } from '@sinclair/typebox'
import { type DiagnosticFacts, diagnostics } from '../diagnostics.ts'
import { problem } from '../problem.ts'
import type { Route } from '../route.ts'

const any = (description: string) => Type.Unknown({ description })

const OPEN = { additionalProperties: true }
const OrNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
const GATEWAY = Type.Object(
  {
    ...{ version: Type.String(), commit: Type.String(), bun: Type.String(), executable: Type.String() },
    ...{ pid: Type.Integer(), started: Type.String({ format: 'date-time' }), uptime_s: Type.Integer() },
    ...{ file: Type.String(), admin: OrNull(Type.String()), folder: Type.String() },
    user: OrNull(Type.Integer()),
  },
  { ...OPEN, description: 'Version, build, executable, since when, files and addresses.' },
)
const MACHINE = Type.Object(
  {
    ...{ arch: Type.String(), release: Type.String(), distribution: OrNull(Type.String()) },
    ...{ cpus: Type.Integer(), usable_cpus: Type.Integer(), cpu: OrNull(Type.String()) },
    ...{ memory_bytes: Type.Number(), memory_free_bytes: Type.Number(), load: Type.Array(Type.Number()) },
  },
  { ...OPEN, description: 'Kernel, distribution, processors, memory, load, settings of the kernel.' },
)
const PROCESS = Type.Object(
  {
    role: Type.String({ description: 'supervisor or worker.' }),
    slot: Type.Optional(Type.Integer({ description: 'Of a worker.' })),
    pid: Type.Integer(),
    cpu_s: OrNull(Type.Number({ description: 'Used since it began.' })),
    ...{ resident_bytes: OrNull(Type.Number()), threads: OrNull(Type.Integer()) },
    ...{ descriptors: OrNull(Type.Integer()), descriptors_max: OrNull(Type.Integer()) },
  },
  OPEN,
)

const DIAGNOSTICS = Type.Object(
  {
    made: Type.String({ format: 'date-time' }),
    gateway: GATEWAY,
    machine: MACHINE,
    processes: Type.Array(PROCESS),
    limits: any('Of the supervisor, soft and hard.'),
    config: any('As it takes effect, secrets hidden; whether the file agrees; the data folder.'),
    revisions: any('The last that were served, without their texts.'),
    health: any('As /_health.'),
    metrics: any('As /_metrics.'),
    acme: any('Certificates that come by ACME.'),
    turn: any('What turn listeners have relayed and refused.'),
    operations: any('What goes on, or ended of late.'),
    events: any('The last thousand.'),
    prometheus: Type.String({ description: 'As /metrics.' }),
    prometheus_cut: Type.Boolean(),
  },
  { title: 'Diagnostics' },
)

export const diagnosticRoutes = (facts: DiagnosticFacts): readonly Route[] => {
  let isMaking = false
  return [
    {
      method: 'GET',
      path: '/api/v1/diagnostics',
      permission: 'administer',
      tag: 'Gateway',
      summary: 'All that helps to find out what is wrong, in one document; secrets are hidden',
      answers: {
        200: { description: 'To be handed on; look through it first all the same.', schema: DIAGNOSTICS },
        429: { description: 'It is being made for somebody else.' },
      },
      answer: async () => {
        if (isMaking)
          return problem('too_many', 'It is being made for somebody else.', {
            headers: { 'Retry-After': '1' },
          })
        isMaking = true
        try {
          const document = await diagnostics(facts)
          const day = new Date().toISOString().slice(0, 10)
          return new Response(`${JSON.stringify(document, null, 2)}\n`, {
            headers: {
              'Content-Type': 'application/json',
              'Content-Disposition': `attachment; filename="sluice-diagnostics-${day}.json"`,
              'Cache-Control': 'no-store',
            },
          })
        } finally {
          isMaking = false
        }
      },
    },
  ]
}
