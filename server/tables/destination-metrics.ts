// Metrics of where rules lead, beside one backend; metrics.ts has all. Data only.
import { counter, histogram, type MetricRow } from './metric-row.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export const DESTINATION_METRICS = {
  split_requests_total: counter(
    'Requests by the part of a split that they went to: their own, or another one instead, as their own had no server in use.',
    'rule',
    'part',
    'choice',
  ),
  mirror_requests_total: counter(
    'Requests that were to be copied to another backend, by outcome: same, differs, answered (nothing was compared), failed (the copy had no answer), cut (its request did not come to its end), body_too_long, full (max_in_flight or limits.subrequests), upgrade (not copied).',
    'rule',
    'backend',
    'outcome',
  ),
  mirror_differences_total: counter(
    'What differed between the answers to a request and to its copy: status, size, body or latency.',
    'rule',
    'what',
  ),
  subrequests_total: counter(
    'Requests that the gateway itself sent to a backend, by what for (mirror, forward_auth, cache, error_page) and outcome: answered, failed (by any fault), timed_out, too_large, cancelled, or refused (limits.subrequests was reached). They are none of requests_total, but count at their servers as attempts.',
    'purpose',
    'backend',
    'outcome',
  ),
  subrequest_duration_seconds: histogram(
    'From the begin of such a request to the end of its answer; of those that were answered.',
    SECONDS,
    'purpose',
    'backend',
  ),
} as const satisfies Record<string, MetricRow>
