// One document with all that helps to find out what is wrong.
import { Type } from '@sinclair/typebox'
import { type DiagnosticFacts, diagnostics } from '../diagnostics.ts'
import { problem } from '../problem.ts'
import type { Route } from '../route.ts'

const any = (description: string) => Type.Unknown({ description })

const DIAGNOSTICS = Type.Object(
  {
    made: Type.String({ format: 'date-time' }),
    gateway: any('Version, build, executable, since when, files and addresses.'),
    machine: any('Kernel, distribution, processors, memory, load, settings of the kernel.'),
    processes: any('Supervisor and workers: CPU, memory, threads, descriptors.'),
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
