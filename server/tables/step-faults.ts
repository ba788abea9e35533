// Failures that steps of rules decide on. Data only.
import { passing, row } from './fault-row.ts'

export const STEP_FAULTS = {
  content_coding_unsupported: row(
    415,
    'client',
    'http_request_error',
    'The Content-Encoding of the request body is none that is taken here.',
  ),
  content_malformed: row(
    400,
    'client',
    'http_request_error',
    'The request body is not what its Content-Encoding says.',
  ),
  rate_limited: passing(
    row(429, 'client', 'http_request_denied', 'Too many requests: more than the rate allowed here.'),
  ),
  concurrency_limited: passing(
    row(429, 'client', 'http_request_denied', 'Too many requests at once: as many as allowed are under way.'),
  ),
  not_cached: row(
    504,
    'client',
    'http_request_denied',
    'Only what is stored was asked for (only-if-cached), and nothing is.',
  ),
  cross_origin: row(
    403,
    'client',
    'http_request_denied',
    'A page of another site has sent this, which only pages of this one may.',
  ),
  origin_refused: row(403, 'client', 'http_request_denied', 'Pages of this origin may not ask here.'),
  denied: row(403, 'gateway', 'http_request_denied', 'Not allowed.'),
  fault_injected: passing(
    row(
      503,
      'gateway',
      'proxy_internal_response',
      'This failure is wanted: the rule has some of its requests fail.',
    ),
  ),
  credentials_busy: passing(
    row(503, 'gateway', 'connection_limit_reached', 'Too many credentials wait to be looked at.'),
  ),
  sign_in_failed: row(
    400,
    'client',
    'http_request_error',
    'This sign-in was not begun by this browser, took too long, or came to nothing: begin it anew.',
  ),
  auth_unavailable: passing(
    row(503, 'gateway', 'destination_unavailable', 'Who may pass could not be asked.'),
  ),
  token_invalid: row(401, 'client', 'http_request_denied', 'The token is not good here.'),
  token_insufficient: row(
    403,
    'client',
    'http_request_denied',
    'The token does not say what is asked for here.',
  ),
  keys_unavailable: passing(
    row(503, 'gateway', 'destination_unavailable', 'The keys that tokens are checked by have not come yet.'),
  ),
} as const
