// What monitoring reads: health and metrics; and where the rest is.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { PROMETHEUS_TYPE } from '../../telemetry/prometheus.ts'
import { wantsPage, wantsText } from '../accept.ts'
import { jsonAnswer } from '../problem.ts'
import type { Route } from '../route.ts'

const CONTENTS = `Sluice

/_health    which servers are up (JSON; 503 when a backend has none)
/_metrics   what was served so far (JSON; text with ?format=prometheus)
/metrics    all metrics, for Prometheus
/_overview  how the gateway is in one sentence, and what is wrong (JSON)
/api/v1     the admin API, with a credential
/_admin/    the dashboard, for browsers
`

const HEALTH = Type.Object(
  { healthy: Type.Boolean(), backends: Type.Array(Type.Unknown()) },
  { description: 'Servers with their state, and the gateway’s own.' },
)
const VARY = { Vary: 'Accept' }

export function documentRoutes(
  facts: Pick<ControlFacts, 'health' | 'metrics' | 'prometheus'>,
): readonly Route[] {
  const read = { method: 'GET', permission: 'view', isForTrusted: true, tag: 'Monitoring' } as const
  return [
    {
      ...read,
      path: '/',
      // A browser that comes for the first time has no credential. What it says is the same everywhere.
      permission: 'open',
      summary: 'What there is, as text; browsers are sent to the dashboard',
      answers: {
        200: { description: 'The paths.', type: TEXT },
        302: { description: 'The dashboard, where a page is preferred.' },
      },
      answer: ({ request }) =>
        wantsPage(request.headers.get('accept'))
          ? new Response(null, { status: 302, headers: { Location: '_admin/', ...VARY } })
          : textAnswer(CONTENTS, TEXT),
    },
    ...['/_health', '/health'].map((path): Route => ({
      ...read,
      path,
      summary: 'Which servers are up, and whether traffic should come here',
      answers: {
        200: { description: 'Every backend has a server.', schema: HEALTH },
        503: {
          description: 'Some backend has none, or nobody would answer.',
          schema: HEALTH,
          type: JSON_TYPE,
        },
      },
      answer: () => {
        const document = facts.health()
        return jsonAnswer(document, document.healthy ? 200 : 503, VARY)
      },
    })),
    {
      ...read,
      path: '/_metrics',
      summary: 'What was served so far, by server',
      answers: { 200: { description: 'Totals; text of Prometheus where that is preferred.' } },
      answer: ({ request, query }) =>
        wantsText(request.headers.get('accept'), query.get('format'))
          ? textAnswer(facts.prometheus(), PROMETHEUS_TYPE)
          : jsonAnswer(facts.metrics(), 200, VARY),
    },
    {
      ...read,
      path: '/metrics',
      summary: 'All metrics, for Prometheus',
      answers: { 200: { description: 'The text format of Prometheus.', type: PROMETHEUS_TYPE } },
      answer: () => textAnswer(facts.prometheus(), PROMETHEUS_TYPE),
    },
  ]
}

const TEXT = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json'

const textAnswer = (text: string, type: string): Response =>
  new Response(text, { headers: { 'Content-Type': type, ...VARY } })
