// Metrics of the steps of rules. Data only.
import { type MetricRow, counter } from './metric-row.ts'

export const STEP_METRICS = {
  rate_limit_requests_total: counter(
    'Requests at a rate limit: allowed, refused, shadow (would have been refused), uncounted (passed, as their count was being changed).',
    'decision',
    'rule',
  ),
  cors_requests_total: counter(
    'Requests that name an origin, at cors: allowed, refused (answered here, or passed on without a word for it), shadow (would have been answered here).',
    'decision',
    'rule',
  ),
  csrf_requests_total: counter(
    'Requests at csrf that may change something: allowed, refused, shadow (would have been refused).',
    'decision',
    'rule',
  ),
  decompress_total: counter(
    'Bodies of requests with a Content-Encoding, at decompress: decoded, unsupported (415), malformed (400), too_much (413, beyond its ratio), no_memory (503, limits.compress), passed (unknown, in shadow mode).',
    'result',
    'rule',
  ),
  replacements_total: counter('What replace has replaced in bodies of answers.', 'rule'),
  error_pages_total: counter(
    'Answers at error_pages for whose status there is a page: replaced, or failed (no backend gave the page, and what came stayed).',
    'result',
    'rule',
  ),
  faults_injected_total: counter(
    'Requests that a rule’s faults let wait, reset or answered, by kind: delay, reset, abort.',
    'rule',
    'kind',
  ),
  bandwidth_bodies_total: counter(
    'Requests at a bandwidth_limit: allowed (nothing waited), delayed, shadow (something would have waited).',
    'decision',
    'rule',
  ),
  bandwidth_wait_seconds_total: counter('For how long bodies waited for their time, in all.', 'rule'),
  tarpit_requests_total: counter(
    'Requests at a tarpit: held, full (as many were held as may be: refused, or answered at once), shadow (would have been held).',
    'decision',
    'rule',
  ),
  concurrency_requests_total: counter(
    'Requests at a limit of those under way at once: allowed, refused, shadow (would have been refused), uncounted (passed, as there was no room to count them: limits.concurrency).',
    'decision',
    'rule',
  ),
  access_requests_total: counter(
    'Requests at a step that asks who somebody is (basic_auth, api_key, jwt, forward_auth, oidc): allowed, shadow (would have been refused), the fault that they were refused with, refused (by the answer of another server), or unasked (passed as that gave none).',
    'decision',
    'rule',
    'step',
  ),
  shadow_refusals_total: counter('Requests that a step in shadow mode would have refused.', 'rule', 'step'),
} as const satisfies Record<string, MetricRow>
